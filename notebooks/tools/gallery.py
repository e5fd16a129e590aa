"""Writes the figures that the README shows, out of the executed notebooks, into figures/gallery."""
import base64, json
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# name in the gallery: notebook, number of the PNG among its outputs (from 1)
GALLERY = {
    "learned": ("05_learned_schedules", 2),
    "true_cost": ("04_true_cost", 1),
}

out = ROOT / "figures" / "gallery"
out.mkdir(exist_ok=True)
for name, (notebook, number) in GALLERY.items():
    cells = json.loads((ROOT / "notebooks" / f"{notebook}.ipynb").read_text(encoding="utf-8"))["cells"]
    pngs = [o["data"]["image/png"] for c in cells for o in c.get("outputs", []) if "image/png" in o.get("data", {})]
    (out / f"{name}.png").write_bytes(base64.b64decode("".join(pngs[number - 1])))
    print(f"figures/gallery/{name}.png from notebooks/{notebook}.ipynb")
