"""How long a warm cell takes that opens a run, samples and draws a figure: prints the seconds of five in a row as JSON.

    python cell.py       (Jupyter's Python, with the kernel idff registered: `make setup`)

Each cell is another program than the one before, so that it is compiled and linked, as when a reader changes a line.
"""
import json
import sys
import time

from jupyter_client.manager import start_new_kernel

SETUP = """import (
	"github.com/idff-go/workbench/datasets"
	"github.com/idff-go/workbench/figures"
	"github.com/idff-go/workbench/idffnb"
	"github.com/idff-go/workbench/idffnb/flow"
	"github.com/idff-go/workbench/idffnb/solver"
)

func board() idffnb.Experiment { return idffnb.Experiment{Name: "cell", Data: datasets.Checkerboard(), Steps: 50} }

%%
idffnb.MustOpen(board()).MustTrain()
"""

CELL = """%%
out := idffnb.MustOpen(board()).MustSample(2048, flow.CFM(), solver.Euler(10), idffnb.WithSeed(SEED))
figures.MustShow(figures.Samples{Clouds: []figures.Cloud{{Title: out.Title(), Points: out.At(1)[0]}}})
"""


def seconds(client, code):
    began = time.perf_counter()
    reply = client.execute_interactive(code, timeout=300, output_hook=keep)
    took = time.perf_counter() - began
    if reply["content"]["status"] != "ok":
        sys.exit(f"the cell failed: {reply['content'].get('evalue')}")
    if not any("image/png" in m["content"].get("data", {}) for m in OUTPUTS) and "MustShow" in code:
        sys.exit(f"the cell drew no figure: {[m['content'] for m in OUTPUTS][-1:]}")
    OUTPUTS.clear()
    return took


OUTPUTS = []


def keep(message):
    OUTPUTS.append(message)


manager, client = start_new_kernel(kernel_name="idff", startup_timeout=120)
try:
    seconds(client, SETUP)
    seconds(client, CELL.replace("SEED", "0"))
    print(json.dumps([seconds(client, CELL.replace("SEED", str(k))) for k in range(1, 6)]))
finally:
    client.stop_channels()
    manager.shutdown_kernel(now=True)
