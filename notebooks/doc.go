// Package notebooks holds the notebooks of the workbench, numbered in the order in which they teach; its test executes each of them.
//
//	make run NOTEBOOK=01_quickstart      # headless, results in out/01_quickstart/
//	make lab                             # all of them in JupyterLab
//	make execute NOTEBOOK=01_quickstart  # headless, outputs into the notebook itself, for committing
//
// kernel/ starts the Go kernel (GoNB), tools/ has what runs notebooks without a browser. A notebook runs top to bottom
// unattended, in under a minute with IDFF_FAST=1, and is committed executed in full, in the form that the test checks.
package notebooks
