#!/usr/bin/env bash
# As the user, in the checkout: the set-up of a bare machine, JupyterLab's part with it, without what only downloading needed.
set -euo pipefail
make setup-lab
rm -rf .nb/cache/pip
find .nb/go/pkg/mod/cache/download -name '*.zip' -delete # of modules that are unpacked beside them
