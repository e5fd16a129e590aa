#!/usr/bin/env bash
# check.sh [TARGET]: proves the steps of docker/Dockerfile without a container engine. It carries out the instructions that lead to TARGET (cpu, or cuda: 7 GB) in a bare Debian 12, made by
# debootstrap in a temporary folder and entered by chroot: from an empty home, as the users that they name, with the environment that they set. Then, without a network, it runs the entry point twice: with `make run` on the
# quickstart in fast mode, and alone, when JupyterLab must become healthy, listen on every address, and let in who has the token and nobody else. The folder goes at the end; KEEP=1 keeps it.
#
# In place of the base images: debootstrap's Debian and this machine's Go. Needs root, debootstrap, unshare and Go; processes and mounts end with it, since they are in namespaces of their own.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
FILE=docker/Dockerfile
PORT=18888

say() { echo "docker-check: $*" >&2; }
die() { say "$*"; exit 1; }

outside() { # outside TARGET: makes the bare root, and carries out the rest in namespaces of its own
  local tool root mirror rc=0
  [ "$(id -u)" = 0 ] || die "this needs root: chroot and debootstrap do"
  for tool in debootstrap unshare nsenter ip go git python3; do command -v "$tool" >/dev/null || die "$tool is not on PATH (Debian: apt install debootstrap util-linux iproute2 git python3)"; done
  grep -q "^FROM .* AS $1\$" "$FILE" || die "$FILE has no target $1"
  root=$(mktemp -d "${TMPDIR:-/var/tmp}/docker-check.XXXXXX")
  chmod 755 "$root"
  say "a bare Debian 12 in $root"
  mirror=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/*.{list,sources} 2>/dev/null | grep -v '^#' | grep -oE 'https?://[^ ]+' | head -n 1) || true # this machine's own
  debootstrap --variant=minbase bookworm "$root" ${mirror:+"$mirror"} >"$root.log" 2>&1 || die "debootstrap failed: $(tail -n 1 "$root.log") (log: $root.log)"
  cp /etc/resolv.conf "$root/etc/resolv.conf"
  unshare --mount --pid --fork --kill-child bash "$PWD/docker/check.sh" --inside "$root" "$1" || rc=$?
  if [ -n "${KEEP:-}" ]; then say "$root stays"; else rm -rf --one-file-system "$root" "$root.log"; fi
  [ "$rc" != 0 ] || say "all well"
  return "$rc"
}

# What the Dockerfile has set so far.
ROOT='' USER_IS=0 DIR=/ NET=
ENVIRONMENT=(PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin)
for v in http_proxy https_proxy no_proxy HTTP_PROXY HTTPS_PROXY NO_PROXY GOPROXY GOSUMDB PIP_INDEX_URL PIP_CERT; do # how this machine reaches package servers
  if [ -n "${!v:-}" ]; then ENVIRONMENT+=("$v=${!v}"); fi
done

# shellcheck disable=SC2016 # for the inner shell
enter() { # enter COMMAND...: runs it in the root, as the Dockerfile's user, in its folder
  ${NET:+nsenter --net="$NET"} env -i "${ENVIRONMENT[@]}" "$(command -v chroot || echo /usr/sbin/chroot)" --userspec="$USER_IS" "$ROOT" sh -c 'cd "$0" && exec "$@"' "$DIR" "$@"
}

json() { python3 -c 'import json, sys; print(*json.loads(sys.argv[1]), sep="\n")' "$1"; } # a list of strings, one a line

# instruction NAME REST: carries out one instruction.
instruction() {
  local from='' owner='' words v
  case "$1" in
    RUN)
      say "$2"
      enter bash -euo pipefail -c "$2" </dev/null
      if [ -d "$ROOT/etc/ssl/certs" ]; then cp -L /etc/ssl/certs/ca-certificates.crt "$ROOT/etc/ssl/certs/"; fi ;; # of package servers that this machine trusts
    ENV) read -ra words <<<"$2"; ENVIRONMENT+=("${words[@]}") ;;
    USER) USER_IS=$2 ;;
    WORKDIR) DIR=$2; mkdir -p "$ROOT$DIR"; chown "$USER_IS" "$ROOT$DIR" ;;
    ARG) [[ $2 != *=* ]] || ENVIRONMENT+=("$2") ;;
    COPY)
      read -ra words <<<"$2"
      while [[ ${words[0]} == --* ]]; do
        case "${words[0]}" in
          --from=*) from=${words[0]#*=} ;;
          --chown=*) owner=${words[0]#*=} ;;
          *) die "COPY ${words[0]}: unknown here" ;;
        esac
        words=("${words[@]:1}")
      done
      case "$from" in
        go) cp -a "$(go env GOROOT)" "$ROOT${words[1]}" ;;
        build*) [ -d "$ROOT${words[1]}" ] || die "COPY: ${words[1]} is not there" ;; # all stages are one root here
        '') # what git does not ignore, as .dockerignore leaves it
          if [ "${words[0]}" = . ]; then git ls-files -coz --exclude-standard | tar --null -cf - -T - | tar -C "$ROOT$DIR/${words[1]}" --no-same-owner -xf -
          else cp "${words[0]}" "$ROOT${words[1]}"
          fi
          [ -z "$owner" ] || chown -R "$owner" "$ROOT$DIR" ;;
        *) die "COPY --from=$from: unknown here" ;;
      esac ;;
    VOLUME) for v in $(json "$2"); do enter test -w "$v" || die "VOLUME $v: user $USER_IS cannot write there"; done ;;
    EXPOSE) ;;
    HEALTHCHECK) mapfile -t HEALTH < <(json "${2#*CMD }") ;;
    ENTRYPOINT) mapfile -t START < <(json "$2") ;;
    *) die "$1: unknown here" ;;
  esac
}

inside() { # inside ROOT TARGET
  local token=docker-check-token-0123456789 stages stage='' line try code lab
  ROOT=$1
  mount -t proc proc "$ROOT/proc"
  mount --rbind /dev "$ROOT/dev"
  case "$2" in # stages that do not lead to the target are left out; the others follow each other in one root
    cuda) stages=" base build build-cuda cuda " ;;
    *) stages=" base build $2 " ;;
  esac
  while IFS= read -r line <&3; do
    [[ $line != *\\ ]] || die "a line that goes on is unknown here: $line"
    case "$line" in
      '#'* | '') ;;
      "FROM "*) stage=${line##* AS } ;;
      *) if [[ $stages == *" $stage "* ]]; then instruction "${line%% *}" "${line#* }"; fi ;;
    esac
  done 3<"$FILE"
  [ -n "${START[*]:-}" ] || die "$FILE has no ENTRYPOINT"
  [ -n "${HEALTH[*]:-}" ] || die "$FILE has no HEALTHCHECK"

  # From here on without a network but loopback: what an image needs is in it.
  unshare --net sleep infinity &
  NET=$ROOT/proc/$!/ns/net
  sleep 1
  nsenter --net="$NET" ip link set lo up

  say "the entry point with make run, quickstart in fast mode, without a network"
  ENVIRONMENT+=(IDFF_FAST=1)
  enter "${START[@]}" make run
  [ -s "$ROOT$DIR/out/01_quickstart/01_quickstart.html" ] || die "the quickstart left no page"
  [ -n "$(ls "$ROOT/home/idff/runs")" ] || die "the quickstart left no run in the volume"

  say "the entry point alone: JupyterLab on port $PORT"
  ENVIRONMENT+=("PORT=$PORT")
  if enter env JUPYTER_TOKEN=short "${START[@]}" 2>/dev/null; then die "a short token was taken"; fi
  enter env JUPYTER_TOKEN=$token "${START[@]}" >"$ROOT/tmp/lab.log" 2>&1 &
  lab=$!
  for try in $(seq 120); do
    if enter "${HEALTH[@]}" 2>/dev/null; then break; fi
    kill -0 $lab 2>/dev/null || die "JupyterLab ended: $(tail -n 3 "$ROOT/tmp/lab.log")"
    [ "$try" -lt 120 ] || die "JupyterLab was not healthy in time: $(tail -n 3 "$ROOT/tmp/lab.log")"
    sleep 1
  done
  say "healthy after about $try s"
  for code in "403 " "403 ?token=wrong" "200 ?token=$token"; do
    [ "$(answer "/api/contents${code#* }")" = "${code% *}" ] || die "/api/contents${code#* } gave $(answer "/api/contents${code#* }"), want ${code% *}"
  done
  # /proc/net/tcp: local address 00000000 is every one, state 0A listens
  awk -v port="$(printf '%04X' $PORT)" '$2 == "00000000:" port && $4 == "0A" {found = 1} END {exit !found}' "${NET%/ns/net}/net/tcp" || die "JupyterLab does not listen on every address"
  say "JupyterLab lets in who has the token, and nobody else"
  kill $lab
  wait $lab 2>/dev/null || true
}

answer() { # the status of a request to JupyterLab on loopback
  nsenter --net="$NET" python3 - "http://127.0.0.1:$PORT$1" <<'P'
import sys, urllib.error, urllib.request
opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
try:
    print(opener.open(sys.argv[1], timeout=20).status)
except urllib.error.HTTPError as e:
    print(e.code)
P
}

case "${1:-cpu}" in
  --inside) inside "$2" "$3" ;;
  *) outside "${1:-cpu}" ;;
esac
