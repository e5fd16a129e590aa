# shellcheck shell=bash
# CUDA: read by notebooks/tools/nb, whose functions and variables it uses. The plugin goes to .nb/plugins, NVIDIA's libraries to .nb/nvidia, where the plugin looks.

# driver_version prints the version of NVIDIA's driver, or nothing.
driver_version() {
  local v
  v=$(sed -nE 's/^NVRM version:.* ([0-9]+\.[0-9.]+) .*/\1/p' /proc/driver/nvidia/version 2>/dev/null) || true
  [ -n "$v" ] || v=$(nvidia-smi --query-gpu=driver_version --format=csv,noheader 2>/dev/null | head -n 1 | grep -E '^[0-9]+\.[0-9.]+$') || true
  echo "$v"
}

# choose_cuda sets CUDA_MAJOR, which setup() installs, to 12 or 13: what the driver takes, or what the user says in CUDA. It ends, before anything was changed, where there is no driver or
# one that is too old.
choose_cuda() {
  [ "$(uname -s)-$(uname -m)" = Linux-x86_64 ] || die "the CUDA plugin is for Linux on amd64; nothing was changed"
  local v
  case "${CUDA:-}" in
    12 | 13) CUDA_MAJOR=$CUDA; return ;;
    "") ;;
    *) die "CUDA=$CUDA is no version the workbench has; valid: 12 (driver 525 or later), 13 (driver 580 or later); nothing was changed" ;;
  esac
  v=$(driver_version)
  [ -n "$v" ] || die "no NVIDIA driver here (no /proc/driver/nvidia/version, and nvidia-smi names none); nothing was changed. To install for another machine: make cuda CUDA=13"
  if [ "${v%%.*}" -ge 580 ]; then CUDA_MAJOR=13
  elif [ "${v%%.*}" -ge 525 ]; then CUDA_MAJOR=12
  else die "NVIDIA's driver $v is too old: CUDA 12 needs 525 or later, CUDA 13 needs 580; update it. Nothing was changed"
  fi
  say "NVIDIA's driver $v: taking CUDA $CUDA_MAJOR"
}

# cuda_libraries installs plugin and libraries of CUDA $CUDA_MAJOR, pinned by SHA-256 in requirements-cuda$CUDA_MAJOR.txt, wheel by wheel; what was unpacked stays when it is stopped, and it goes on
# there. What was installed before is replaced at the end.
cuda_libraries() {
  local req=$TOOLS/requirements-cuda$CUDA_MAJOR.txt stage=$NB/cache/cuda$CUDA_MAJOR line name bytes tmp
  fresh cuda "$req" "$TOOLS/cuda.py" && [ -s "$NB/plugins/pjrt_c_api_cuda_plugin.so" ] && [ -d "$NB/nvidia" ] && return
  say "fetching the CUDA $CUDA_MAJOR plugin and NVIDIA's libraries ($(awk -F'# ' '/--hash/{gsub(/,/, "", $2); s += $2} END{printf "%.1f GB", s/1e9}' "$req"))"
  mkdir -p "$stage/done"
  tmp=$(mktemp -d "$NB/cache/plugin.XXXXXX")
  while IFS= read -r line; do
    name=${line%% *}
    [ ! -e "$stage/done/$name" ] || continue
    bytes=${line##*# }
    say "  $name, $bytes"
    echo "${line%% #*}" >"$tmp/one.txt"
    logged cuda "fetching $name" pip download -q --retries 2 --no-deps --no-cache-dir --only-binary :all: --require-hashes -r "$tmp/one.txt" -d "$tmp"
    logged cuda "unpacking $name" "$NB/venv/bin/python" "$TOOLS/cuda.py" "$tmp"/*.whl "$stage"
    rm -f "$tmp"/*.whl
    : >"$stage/done/$name"
  done < <(grep -e --hash "$req")
  rm -rf "$tmp" "$NB/stamps/cuda" "$NB/plugins/pjrt_c_api_cuda_plugin.so" "$NB/nvidia" # the plugin first: without it the libraries are not looked at
  mv "$stage/nvidia" "$NB/nvidia"
  mv "$stage/plugins/pjrt_c_api_cuda_plugin.so" "$NB/plugins/"
  rm -rf "$stage"
  done_with cuda "$req" "$TOOLS/cuda.py"
}

# cuda_check proves the installation on a machine with a GPU: the test against references and CPU, then speed and quality in each precision. A test that was skipped is a failure here.
cuda_check() {
  local p
  export GOMLX_BACKEND=xla:cuda
  go test -count=1 -v -run '^TestCUDA$' ./idffnb 2>&1 | tee "$NB/log/cuda-check" || true
  grep -q '^--- PASS: TestCUDA' "$NB/log/cuda-check" || die "TestCUDA has not passed (log: .nb/log/cuda-check)"
  go build -o "$NB/bin/device" ./cmd/device
  for p in float32 tf32 bf16; do
    IDFF_PRECISION=$p "$NB/bin/device"
  done
}

# cuda_rehearse has the programs of cuda_check and the training steps of notebook 10 compiled for an H100, and all but these steps computed by the CPU.
cuda_rehearse() {
  IDFF_REHEARSAL=full go test -count=1 -timeout 60m -v -run '^TestCUDARehearsal$' ./idffnb 2>&1 | tee "$NB/log/cuda-rehearse" || true
  grep -q '^--- PASS: TestCUDARehearsal' "$NB/log/cuda-rehearse" || die "TestCUDARehearsal has not passed (log: .nb/log/cuda-rehearse)"
}
