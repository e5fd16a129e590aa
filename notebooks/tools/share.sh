# shellcheck shell=bash
# One set-up for many: read by notebooks/tools/nb, whose functions and variables it uses. docs/remote.md says how it is used, notebooks/kernel/mine what differs in the environment of who borrows it.

# share sets up for others too. Go's caches are then in .nb, whatever else there is: those of a home are for its owner.
share() {
  case "$ROOT" in *\'*) die "a set-up whose path has a ' in it cannot be shared: move the checkout" ;; esac
  [ -d "$NB/go/pkg/mod" ] || rm -f "$NB"/stamps/{modules,packages} # of what is in another cache
  mkdir -p "$NB"/go/{pkg/mod,build} || die "cannot make $NB/go: a set-up is shared by the owner of the checkout"
  SHARED=1
  setup lab
  lab_settings
  logged buildcache "building buildcache" go build -ldflags=-w -o "$NB/bin/buildcache" ./cmd/buildcache
  : >"$NB/shared"
  # Others may read what they need, and nobody's tokens, logs, compiled programs and runs.
  find . \( -path ./.git -o -path ./.nb -o -path ./runs -o -path ./out \) -prune -o ! -type l -exec chmod go+rX {} +
  chmod go+rx "$NB"
  for f in bin lsp plugins go venv nvidia env shared; do [ ! -e "$NB/$f" ] || chmod -R go+rX "$NB/$f"; done
  "$NB/venv/bin/python" - "$ROOT" "$(command -v go)" "$(go env GOROOT)" <<'P' || exit 1
import os, stat, sys
for path in [*sys.argv[1:], os.path.realpath(sys.executable), os.path.dirname(os.__file__)]:
    at = os.path.realpath(path)
    while True:
        if not os.stat(at).st_mode & stat.S_IXOTH:
            sys.exit(f"nb: others cannot use {path}: {at} lets nobody else in; put another Go or Python first on PATH, or the checkout elsewhere, or: chmod o+x {at}")
        if at == os.path.dirname(at):
            break
        at = os.path.dirname(at)
P
  say "who may not write here has the same workbench with a folder of their own, ~/idff: make -C $(quoted "$ROOT") lab"
}

# borrowed: whether this set-up is someone else's, and shared.
borrowed() { [ -f "$ROOT/.nb/shared" ] && [ ! -w "$ROOT/.nb" ]; }

# borrow takes the environment of the shared set-up, with what is one's own in NB, and goes to the folder that NB is in, where notebooks are copied that are not there yet.
borrow() {
  local problem f own=${IDFF_HOME:-${HOME:?no HOME and no IDFF_HOME: set one to a folder of your own}/idff}
  case "$own" in /*) ;; *) die "IDFF_HOME=$own must begin with /: name a folder of your own" ;; esac
  problem=$({ mkdir -p "$own/notebooks" "$own/.nb" && [ -w "$own" ] && [ -w "$own/.nb" ]; } 2>&1) || die "$own may not be written${problem:+ (${problem##*: })}: set IDFF_HOME to a folder of your own"
  # shellcheck source=/dev/null
  source "$ROOT/.nb/env"
  # shellcheck source-path=SCRIPTDIR
  source "$ROOT/notebooks/kernel/tmpdir"
  [ -z "$tmpdir_why" ] || say "$tmpdir_is, for temporary files, $tmpdir_why: taking $TMPDIR in its place"
  unset GOCACHEPROG GOENV GOPROXY GOSUMDB NB_SHARED # of cells, whose kernel reads them again; terminals of JupyterLab are for anything
  ln -sfn "$ROOT/.nb/venv" "$NB/venv"
  jupyter_folders
  for f in notebooks/*.ipynb notebooks/weights/*; do # not cp: a copy may be written, also where the original may not
    [ ! -f "$f" ] || [ -e "$own/$f" ] || { mkdir -p "$own/${f%/*}" && cat "$f" >"$own/$f.part" && mv "$own/$f.part" "$own/$f"; }
  done
  cd "$own"
  BORROWED=1
  say "the set-up of $ROOT; your notebooks, runs/ and out/ are in $own"
}
