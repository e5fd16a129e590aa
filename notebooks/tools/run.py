"""Run notebooks headless: run.py [--in-place | --out DIR] [--fast] NOTEBOOK...

For each: executes it in its own folder, shows the progress of every cell, and writes the executed notebook, a page
(HTML, everything in it) and the figures (PNG) to out/NAME/, or DIR/NAME/. With --in-place, if all went well, the
outputs also go into the notebook itself, in the form that is committed: see committed().
Exit status: 0 all ran; 1 a cell failed (what there was until then is written all the same); 130 interrupted.
"""
import argparse
import asyncio
import atexit
import base64
import os
import re
import signal
import sys
import tempfile
import time
from pathlib import Path

import nbformat
from jupyter_client.kernelspec import NoSuchKernel
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, DeadKernelError
from nbclient.util import ensure_async

import page
import progress

ROOT = Path(__file__).resolve().parents[2]
KERNEL = {"name": "idff", "display_name": "Go (IDFF workbench)", "language": "go"}
LARGEST = 1_000_000  # bytes of a committed notebook


class Interrupted(Exception):
    pass


class Runner(NotebookClient):
    """A NotebookClient that shows what its cells do while they do it, and lets Ctrl-C end a cell in order."""

    def __init__(self, nb, folder, screen):
        super().__init__(nb, kernel_name=KERNEL["name"], timeout=None, startup_timeout=120, coalesce_streams=True, record_timing=False,
                         resources={"metadata": {"path": str(folder)}}, on_cell_execute=self.begin, on_cell_executed=self.end)
        self.screen, self.stop, self.at = screen, False, 0
        self.number = {i: k for k, i in enumerate((i for i, c in enumerate(nb.cells) if is_code(c)), 1)}

    async def begin(self, cell, cell_index):
        if self.stop:
            raise Interrupted
        loop = asyncio.get_running_loop()
        for s in signal.SIGINT, signal.SIGTERM:
            loop.add_signal_handler(s, self.interrupt)
        self.at = self.number[cell_index]
        self.screen.begin(self.number[cell_index], len(self.number), cell.source)
        self.ticker = asyncio.ensure_future(self.tick())

    async def tick(self):
        while True:
            await asyncio.sleep(1)
            self.screen.tick()

    async def end(self, cell, cell_index, **_):
        self.ticker.cancel()
        self.screen.end(cell.outputs)

    def interrupt(self):
        """Ask the cell to stop, as JupyterLab's button does: training saves and ends. Asked again: stop at once."""
        if self.stop:
            asyncio.ensure_future(ensure_async(self.km.shutdown_kernel(now=True)))
        else:
            self.screen.note("stopping the cell (again to stop at once)")
            asyncio.ensure_future(ensure_async(self.km.interrupt_kernel()))
        self.stop = True

    def process_message(self, msg, cell, cell_index):
        self.screen.message(msg["msg_type"], msg["content"])
        return super().process_message(msg, cell, cell_index)


def is_code(cell):
    return cell.cell_type == "code" and cell.source.strip()


def committed(nb):
    """Bring nb into the form that is committed: nothing that differs from one run to the next but the results.

    No execution counts, no timings, no version of the machine's Go; displays that were updated stand in their last state.
    """
    nb.metadata = nbformat.from_dict({"kernelspec": KERNEL, "language_info": {
        "name": "go", "file_extension": ".go", "mimetype": "text/x-go", "codemirror_mode": "go", "pygments_lexer": "go"}})
    for cell in nb.cells:
        cell.metadata = nbformat.from_dict({k: v for k, v in cell.metadata.items() if k == "tags"})
        if cell.cell_type != "code":
            continue
        cell.execution_count = None
        outputs = []
        for o in cell.outputs:
            if o.output_type == "execute_result":
                o = nbformat.v4.new_output("display_data", o.data)
            if o.output_type == "display_data":
                o.metadata = nbformat.from_dict({})
                if not any("".join(v).strip() for v in o.data.values() if isinstance(v, (str, list))):
                    continue  # an erased display
            outputs.append(o)
        cell.outputs = outputs
    return nb


def write_atomic(path, data):
    part = path.with_name(path.name + ".part")
    part.write_bytes(data.encode() if isinstance(data, str) else data)
    os.replace(part, path)


def figures(nb, folder):
    """Write the PNG outputs to folder, numbered in order, and return their paths."""
    for old in folder.glob("figure-*.png"):
        old.unlink()
    pngs = [o.data["image/png"] for c in nb.cells if c.cell_type == "code" for o in c.outputs if "image/png" in o.get("data", {})]
    paths = []
    for k, png in enumerate(pngs, 1):
        paths.append(folder / f"figure-{k:02d}.png")
        write_atomic(paths[-1], base64.b64decode("".join(png)))
    return paths


def shown(path):
    try:
        return str(Path(path).resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def run(source, out, in_place):
    """Run one notebook; returns the exit status."""
    try:
        nb = nbformat.read(source, 4)
    except Exception as e:  # nbformat raises many kinds
        print(f"{shown(source)} is no notebook that can be read: {str(e).splitlines()[0][:200]}", file=sys.stderr)
        return 1
    for cell in nb.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    folder = out / source.stem
    try:  # before hours of training, not after
        folder.mkdir(parents=True, exist_ok=True)
        part = tempfile.TemporaryFile(dir=folder)
        part.close()
    except OSError as e:
        print(f"{shown(folder)}, where the results go, cannot be written: {e.strerror}; give it to your user or move it away", file=sys.stderr)
        return 1
    screen = progress.Screen()
    print(f"{shown(source)}: {sum(1 for c in nb.cells if is_code(c))} cells", flush=True)
    start, status = time.monotonic(), 0
    runner = Runner(nb, source.parent, screen)
    try:
        runner.execute()
    except CellExecutionError:
        status = 1
    except (Interrupted, DeadKernelError) as e:
        status = 130 if runner.stop else 1
        screen.note("interrupted: runs keep what they saved; run again to go on" if runner.stop else f"the kernel ended: {e}; its log is in .nb/log")
    except (NoSuchKernel, RuntimeError) as e:
        atexit.unregister(runner._cleanup_kernel)  # nbclient's, which asserts that a kernel is there
        print(f"the notebook kernel does not start ({e}); what it said stands above, and in .nb/log; `make setup` sets up what is missing", file=sys.stderr)
        return 1
    if runner.stop:
        status = 130
    seconds = time.monotonic() - start

    text = nbformat.writes(committed(nb)) + "\n"
    try:
        write_atomic(folder / source.name, text)
        pngs = figures(nb, folder)
        write_atomic(folder / f"{source.stem}.html", page.html(nb, source))
    except OSError as e:
        print(f"the results could not be written to {shown(folder)}: {e.strerror}; runs keep what was trained: run again to go on", file=sys.stderr)
        return 1
    names = f"{len(pngs)} figures: {shown(pngs[0])}" + (f" ... {pngs[-1].name}" if len(pngs) > 1 else "") if pngs else "no figures"
    verdict = "ok" if status == 0 else f"{'FAILED' if status == 1 else 'INTERRUPTED'} in cell {runner.at} of {len(runner.number)}"
    print(f"{verdict}, {seconds:.0f} s\n"
          f"  notebook: {shown(folder / source.name)}\n  page:     {shown(folder / (source.stem + '.html'))}\n  {names}", flush=True)
    if in_place and status == 0:
        if len(text) > LARGEST:
            print(f"{shown(source)} is left as it was: with outputs it has {len(text):,} bytes, more than {LARGEST:,}; make figures smaller or fewer", file=sys.stderr)
            return 1
        write_atomic(source, text)
        print(f"  outputs written into {shown(source)} ({len(text) // 1000} kB)")
    return status


def main():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("--in-place", action="store_true", help="write the outputs into the notebook itself, for committing")
    p.add_argument("--out", type=Path, default=ROOT / "out", help="folder of the results (default: out/)")
    p.add_argument("--fast", action="store_true", help="short training: sets IDFF_FAST=1")
    p.add_argument("notebooks", nargs="+", type=Path)
    args = p.parse_args()
    os.environ["NB_HEADLESS"] = "1"
    if args.fast:
        os.environ["IDFF_FAST"] = "1"
    state = Path(os.environ.get("NB") or ROOT / ".nb") / "jupyter"  # NB: of who borrows a shared set-up; nothing goes elsewhere into the home
    for name in "config", "data", "runtime":
        os.environ[f"JUPYTER_{name.upper()}_DIR"] = str(state / name)
    for source in args.notebooks:
        status = run(source.resolve(), args.out, args.in_place)
        if status:
            return status
    return 0


if __name__ == "__main__":
    sys.exit(main())
