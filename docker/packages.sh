#!/usr/bin/env bash
# As root, in a bare Debian 12: what the README asks of a machine beside Go, and the user idff, with the folders that become volumes.
set -euo pipefail
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -qq -y --no-install-recommends ca-certificates gcc git libc6-dev make python3 python3-venv
rm -rf /var/lib/apt/lists/*
groupadd --gid 1000 idff
useradd --uid 1000 --gid 1000 --create-home --shell /bin/bash idff
install -d -o idff -g idff /home/idff/workbench /home/idff/runs /home/idff/data
