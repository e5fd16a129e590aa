# The commands of the workbench; what they do is in notebooks/tools/nb. `make help` lists them.
NB := bash notebooks/tools/nb
NOTEBOOK ?= 01_quickstart
PORT ?= 8888

.PHONY: help setup setup-lab share run reproduce execute lab test cuda cuda-check cuda-rehearse docker docker-cuda docker-check numbers bench gallery polyala lint kernel kernel-remove clean distclean
.DEFAULT_GOAL := help

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo "  Options: NOTEBOOK=$(NOTEBOOK) (run, execute), PORT=$(PORT) (lab), IDFF_FAST=1 (short training), GOMLX_BACKEND=go|xla:cpu|xla:cuda, IDFF_PRECISION=float32|tf32|bf16"

setup: ## install what is missing into .nb/, build the packages, say which backend cells will use
	@$(NB) setup

setup-lab: ## the same with what JupyterLab needs, which make lab installs otherwise
	@$(NB) setup-lab

share: ## the same for others too, who may not write here (docs/remote.md): each then has notebooks, runs and out in ~/idff
	@$(NB) share

run: ## run one notebook headless: make run NOTEBOOK=03_idff_2d
	@$(NB) run "$(NOTEBOOK)"

reproduce: ## run all notebooks in order
	@$(NB) reproduce

execute: ## run one notebook and, if all went well, put its outputs into the notebook itself (for committing)
	@$(NB) execute "$(NOTEBOOK)"

lab: ## open the notebooks in JupyterLab
	@$(NB) lab "$(PORT)"

test: ## gofmt, go vet and all tests, every notebook in fast mode among them
	@$(NB) test

cuda: ## install the CUDA plugin and its libraries into .nb/ (2 to 3 GB), for NVIDIA's driver on this machine; CUDA=12 or 13 for another
	@$(NB) cuda

cuda-check: ## on a machine with a GPU: make cuda, the test that compares it with references and CPU, speed and precision; under ten minutes
	@$(NB) cuda-check

cuda-rehearse: ## without a GPU: make cuda, and the programs of cuda-check and notebook 10 compiled for an H100, with the memory they want there; a quarter of an hour
	@$(NB) cuda-rehearse

docker: ## build the image idff-workbench:cpu (docs/containers.md)
	@$(NB) docker cpu

docker-cuda: ## build the image idff-workbench:cuda; CUDA=12 for drivers before 580
	@$(NB) docker cuda

docker-check: ## prove the image's steps without a container engine, in a bare Debian 12 (as root, with debootstrap)
	@bash docker/check.sh

numbers: ## measure the figures of the README's table: quality, exact OT, training speed
	@$(NB) numbers

bench: ## measure speed beside PyTorch, JAX and POT (3 GB the first time) and write docs/bench.md, or as BENCH='-only train -rounds 3' says
	@$(NB) bench $(BENCH)

gallery: ## take the README's figures out of the executed notebooks
	@$(NB) gallery

polyala: ## simulate the polyalanine data anew with OpenMM, into out/polyala (an hour), or as POLYALA='vac --replicas 2 --ps 20 --out out/x.npy' says
	@$(NB) polyala $(POLYALA)

lint: ## gofmt, go vet, staticcheck; golangci-lint and shellcheck where they are installed
	@$(NB) lint

kernel: ## register the notebooks' kernel with your own Jupyter
	@$(NB) kernel

kernel-remove: ## take that kernel away again
	@$(NB) kernel-remove

clean: ## remove what running notebooks left: out/, logs (never runs/)
	@$(NB) clean

distclean: ## remove the whole set-up, .nb/ (never runs/)
	@$(NB) distclean
