#!/usr/bin/env bash
# Starts JupyterLab in a container: on every address of it, since what the engine forwards does not come from the container's loopback, and therefore with a token always: the one in
# JUPYTER_TOKEN, or a new one, which the log shows. Anything given as arguments is run in its place, in the checkout: docker run ... make run
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
if [ $# -gt 0 ]; then exec "$@"; fi
if [ -n "${JUPYTER_TOKEN:-}" ] && [ "${#JUPYTER_TOKEN}" -lt 16 ]; then
  echo "start: JUPYTER_TOKEN has ${#JUPYTER_TOKEN} characters: take 16 or more (openssl rand -hex 24), or leave it unset for a random one" >&2
  exit 1
fi
if [ -n "${JUPYTER_TOKEN:-}" ]; then echo "start: the token of JupyterLab is the one in JUPYTER_TOKEN: http://127.0.0.1:${PORT:-8888}/lab asks for it" >&2
else unset JUPYTER_TOKEN # empty: a random one
fi
exec env LAB_IP=0.0.0.0 make lab PORT="${PORT:-8888}"
