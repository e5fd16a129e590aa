"""Unpack the wheel of the CUDA plugin, or of one of NVIDIA's libraries: cuda.py WHEEL TARGET.

TARGET gets nvidia/..., as the wheels have it (without headers and static libraries), and plugins/pjrt_c_api_cuda_plugin.so. The plugin looks for the
libraries in ../nvidia. Only members with plain paths below these two are written; a wheel that has anything else under nvidia/ is refused.
"""
import os
import pathlib
import shutil
import stat
import sys
import zipfile

PLUGIN = "xla_cuda_plugin.so"


def target_of(member):
    """Where a member goes, below TARGET, or None if it is not wanted."""
    path = pathlib.PurePosixPath(member.filename)
    if path.name == PLUGIN and path.parts[0] == "jax_plugins":
        path = pathlib.PurePosixPath("plugins/pjrt_c_api_cuda_plugin.so")
    elif path.parts[0] != "nvidia" or "include" in path.parts or path.suffix in (".a", ".py"):
        return None
    if member.is_dir():
        return None
    if path.is_absolute() or ".." in path.parts or "\\" in member.filename or stat.S_ISLNK(member.external_attr >> 16):
        sys.exit(f"{sys.argv[1]}: {member.filename!r} does not stay inside: this is not the wheel it should be")
    return path


def main():
    wheel, target = sys.argv[1:]
    written = 0
    with zipfile.ZipFile(wheel) as z:
        for member in z.infolist():
            path = target_of(member)
            if path is None:
                continue
            out = pathlib.Path(target, path)
            out.parent.mkdir(parents=True, exist_ok=True)
            with z.open(member) as src, open(out, "wb") as dst:  # the size and the checksum in the archive are checked while it is read
                shutil.copyfileobj(src, dst, 1 << 20)
            out.chmod(0o755 if out.parent.name == "bin" else 0o644)
            written += 1
    if written == 0:
        sys.exit(f"{wheel}: nothing under nvidia/ and no {PLUGIN} in it")
    # cuDNN looks for cuBLAS and NVRTC in folders of their own, which the wheels of CUDA 13 no longer have.
    nvidia = pathlib.Path(target, "nvidia")
    if (nvidia / "cu13").is_dir():
        for name in ("cublas", "cuda_nvrtc"):
            if not os.path.lexists(nvidia / name):
                (nvidia / name).symlink_to("cu13", target_is_directory=True)


main()
