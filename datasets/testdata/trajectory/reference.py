"""Backbone angles of the trajectories beside this script by mdtraj, into reference.json: {trajectory: {names, degrees [frame][angle]}}."""
import json

import mdtraj
import numpy as np

out = {}
for name in ("ala5", "ace_ala5"):
    t = mdtraj.load_dcd(name + ".dcd", top=name + ".pdb")
    phi_atoms, phi = mdtraj.compute_phi(t)
    psi_atoms, psi = mdtraj.compute_psi(t)
    residue = lambda atom: t.topology.atom(atom).residue.resSeq
    phis = {residue(a[1]): phi[:, i] for i, a in enumerate(phi_atoms)}
    psis = {residue(a[1]): psi[:, i] for i, a in enumerate(psi_atoms)}
    both = sorted(set(phis) & set(psis))
    angles = np.degrees(np.stack([v[r].astype("f8") for r in both for v in (phis, psis)], 1))
    out[name] = dict(names=[f"{kind}{r}" for r in both for kind in ("phi", "psi")], degrees=angles.round(3).tolist())
    assert np.abs(angles).max() <= 180
with open("reference.json", "w") as f:
    json.dump(out, f)
    f.write("\n")
