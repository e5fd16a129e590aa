#!/usr/bin/env bash
# Healthy: the JupyterLab of this container answers. The address that it asks needs no token.
set -euo pipefail
exec python3 -c 'import sys, urllib.request; urllib.request.urlopen("http://127.0.0.1:" + sys.argv[1] + "/api", timeout=4)' "${PORT:-8888}"
