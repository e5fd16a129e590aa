"""Molecular dynamics of polyalanine with OpenMM, and its backbone angles.

    python gen_polyala.py vac --out polyala25_vac.npy --replicas 16 --seed 1
    python gen_polyala.py gb  --out ace_ala5_gb.npy  --replicas 4 --seed 2 --ps 1000 --every 1
    python gen_polyala.py check       # short runs of both, twice: geometry, and that both are equal bit for bit

vac: the collapse of a stretched peptide. Ala_n (n = 25: 253 atoms) with charged ends, phi -139 and psi 135 degrees,
     amber10.xml in vacuum, cutoff 1 nm with OpenMM's reaction field, no constraints, Langevin dynamics at 300 K, 1/ps,
     2 fs; energy minimised, velocities 0; 400 ps, a frame every 2 ps.
gb:  equilibrium. ACE-Ala_n-NME (n = 5: 62 atoms), amber14-all.xml (ff14SB) with GBn2 implicit water, no cutoff, bonds
     to hydrogen constrained, hydrogens of 1.5 amu, Langevin dynamics (middle scheme) at 300 K, 1/ps, 4 fs; energy
     minimised, velocities of 300 K, 20 ps thrown away.

Replica r (from 0) has the integrator's seed 1000 seed + r + 1. Each runs on one thread with deterministic forces, so that a
rerun on the same machine with the same versions is equal bit for bit.

Writes OUT (float32, degrees in [-180, 180], shape [replica, frame, angle]; phi and psi in turns of each residue with both
neighbours) and the settings beside it as .json; with --dcd FILE.dcd, replica 0 as a trajectory with its FILE.pdb.
requirements.txt beside this file has the versions; `make polyala` installs and runs all of this.
"""
import argparse
import io
import json
import os
import random
import sys
import tempfile
import time

import Bio.PDB
import numpy as np
import openmm as mm
import openmm.app as app
import PeptideBuilder
from openmm import unit

PHI, PSI = -139.0, 135.0  # of the stretched start
BURN_IN = 20.0  # ps, gb
GAS = 0.00831446  # kJ/(mol K)
DEFAULTS = {  # length, ps, ps between frames, ps of a step
    "vac": dict(n=25, ps=400.0, every=2.0, step=0.002),
    "gb": dict(n=5, ps=2000.0, every=2.0, step=0.004),
}


def stretched(n):
    """The lines of a PDB file with the heavy atoms of stretched Ala_n."""
    structure = PeptideBuilder.initialize_res(PeptideBuilder.Geometry.geometry("A"))
    for _ in range(n - 1):
        residue = PeptideBuilder.Geometry.geometry("A")
        residue.phi, residue.psi_im1 = PHI, PSI
        structure = PeptideBuilder.add_residue(structure, residue)
    PeptideBuilder.add_terminal_OXT(structure)
    writer, text = Bio.PDB.PDBIO(), io.StringIO()
    writer.set_structure(structure)
    writer.save(text)
    return text.getvalue().splitlines(keepends=True)


def capped(n):
    """The same for ACE-Ala_n-NME: the ends of Ala_(n+2), less some atoms, become the caps."""
    lines = []
    for line in stretched(n + 2):
        if not line.startswith("ATOM"):
            continue
        residue, atom = int(line[22:26]), line[12:16].strip()
        if residue == 1:
            if atom in ("N", "CB"):  # CA C O become CH3 C O
                continue
            line = line[:17] + "ACE" + line[20:]
            if atom == "CA":
                line = line[:12] + " CH3" + line[16:]
        elif residue == n + 2:
            if atom not in ("N", "CA"):  # N CA become N C
                continue
            line = line[:17] + "NME" + line[20:]
            if atom == "CA":
                line = line[:12] + " C  " + line[16:]
        lines.append(line)
    return lines + ["END\n"]


def dihedrals(x):
    """x: positions [..., 4, 3] -> degrees in [-180, 180], by IUPAC's sign."""
    b0, b1, b2 = x[..., 1, :] - x[..., 0, :], x[..., 2, :] - x[..., 1, :], x[..., 3, :] - x[..., 2, :]
    n0, n1 = np.cross(b0, b1), np.cross(b1, b2)
    length = np.linalg.norm(b1, axis=-1)
    return np.degrees(np.arctan2(length * (b0 * n1).sum(-1), (n0 * n1).sum(-1)))


def backbone(topology):
    """The atoms of phi and psi, in turns, of each residue with both neighbours: shape [angles, 4]."""
    residues = list(topology.residues())
    atoms = [{a.name: a.index for a in r.atoms()} for r in residues]
    index = []
    for i in range(1, len(residues) - 1):
        before, here, after = atoms[i - 1 : i + 2]
        index.append([before["C"], here["N"], here["CA"], here["C"]])
        index.append([here["N"], here["CA"], here["C"], after["N"]])
    return np.array(index)


def system(mode, n):
    """Atoms with their hydrogens, start positions and forces."""
    if mode == "vac":
        lines, files, settings = stretched(n), ["amber10.xml"], dict(nonbondedMethod=app.CutoffNonPeriodic)
    else:
        lines, files = capped(n), ["amber14-all.xml", "implicit/gbn2.xml"]
        settings = dict(nonbondedMethod=app.NoCutoff, constraints=app.HBonds, hydrogenMass=1.5 * unit.amu)
    pdb, field = app.PDBFile(io.StringIO("".join(lines))), app.ForceField(*files)
    model = app.Modeller(pdb.topology, pdb.positions)
    model.addHydrogens(field, platform=mm.Platform.getPlatformByName("Reference"))
    return model, field.createSystem(model.topology, **settings), files


def run(mode, replicas, seed, n=None, ps=None, every=None, dcd=None, say=print):
    """-> angles [replica, frame, angle], settings."""
    default = DEFAULTS[mode]
    n, ps, every, step = n or default["n"], ps or default["ps"], every or default["every"], default["step"]
    random.seed(seed)  # addHydrogens draws where it puts them at first
    np.random.seed(seed)
    model, forces, files = system(mode, n)
    index = backbone(model.topology)
    stride, frames = round(every / step), round(ps / every)
    if stride < 1 or frames < 1:
        sys.exit(f"gen_polyala: {ps} ps with a frame every {every} ps and steps of {step} ps give no frame")
    angles = np.zeros((replicas, frames, len(index)), "f4")
    settings = dict(
        mode=mode, n_ala=n, atoms=model.topology.getNumAtoms(), angles=len(index), ps=ps, every_ps=every, dt_ps=step, seed=seed, openmm=mm.__version__,
        force_field=files, temperature_K=300, friction_per_ps=1, order="phi, psi of each residue with both neighbours, in degrees", replicas=[],
    )
    for r in range(replicas):
        kind = mm.LangevinIntegrator if mode == "vac" else mm.LangevinMiddleIntegrator
        integrator = kind(300 * unit.kelvin, 1 / unit.picosecond, step * unit.picoseconds)
        integrator.setRandomNumberSeed(1000 * seed + r + 1)
        sim = app.Simulation(
            model.topology, forces, integrator, mm.Platform.getPlatformByName("CPU"), {"Threads": "1", "DeterministicForces": "true"}
        )
        sim.context.setPositions(model.positions)
        sim.minimizeEnergy()
        if mode == "gb":
            sim.context.setVelocitiesToTemperature(300 * unit.kelvin, 1000 * seed + r + 1)
            sim.step(round(BURN_IN / step))
        if dcd and r == 0:
            positions = sim.context.getState(getPositions=True).getPositions()
            with open(os.path.splitext(dcd)[0] + ".pdb", "w") as f:
                app.PDBFile.writeFile(model.topology, positions, f)
            sim.reporters.append(app.DCDReporter(dcd, stride))
        started, energies = time.time(), []
        for f in range(frames):
            sim.step(stride)
            state = sim.context.getState(getPositions=True, getEnergy=True)
            angles[r, f] = dihedrals(state.getPositions(asNumpy=True)._value[index])
            energies.append((state.getPotentialEnergy()._value, state.getKineticEnergy()._value))
        energies = np.array(energies)
        if not (np.isfinite(angles[r]).all() and np.isfinite(energies).all()):
            sys.exit(f"gen_polyala: replica {r} blew up: its positions or energies are not finite")
        freedom = 3 * forces.getNumParticles() - forces.getNumConstraints()
        temperature = 2 * energies[:, 1] / (freedom * GAS)
        settings["replicas"].append(dict(
            mean_T_second_half=round(float(temperature[frames // 2 :].mean()), 1),
            Epot_first=round(float(energies[0, 0]), 1), Epot_last10=round(float(energies[-10:, 0].mean()), 1),
        ))
        say(f"{mode}: replica {r + 1} of {replicas} in {time.time() - started:.0f} s, {settings['replicas'][-1]}", flush=True)
    return angles, settings


def save(path, angles, settings):
    """Both files, whole or not at all."""
    def array(f):
        np.save(f, angles)

    def text(f):
        f.write((json.dumps(settings, indent=1) + "\n").encode())

    for name, write in ((path, array), (os.path.splitext(path)[0] + ".json", text)):
        with open(name + ".part", "wb") as f:
            write(f)
        os.replace(name + ".part", name)


def bonds_are_sound(pdb, dcd):
    """Bond lengths of N-CA, CA-C and C-N in every frame of a trajectory, by OpenMM's own reading of the PDB file."""
    topology = app.PDBFile(pdb).topology
    pairs = [(a.index, b.index) for a, b in topology.bonds() if {a.name, b.name} <= {"N", "CA", "C"}]
    atoms = topology.getNumAtoms()
    data = open(dcd, "rb").read()
    record = 4 * atoms + 8
    frames = np.frombuffer(data[len(data) % (3 * record) :], "i4").reshape(-1, 3, atoms + 2)
    assert (frames[..., 0] == 4 * atoms).all() and (frames[..., -1] == 4 * atoms).all(), "the records of the DCD"
    x = frames[..., 1:-1].copy().view("f4").transpose(0, 2, 1)
    lengths = np.linalg.norm(x[:, [a for a, _ in pairs]] - x[:, [b for _, b in pairs]], axis=-1)
    assert lengths.min() > 1.1 and lengths.max() < 1.8, f"bonds of {lengths.min():.2f} to {lengths.max():.2f} A"
    return len(frames)


def check():
    """Short runs: are they molecules, do they start where they should, does a rerun give the same?"""
    quiet = lambda *_, **__: None
    with tempfile.TemporaryDirectory() as folder:
        for mode, n, ps, every, residues in (("vac", 5, 2.0, 0.1, 3), ("gb", 2, 2.0, 0.2, 2)):
            trajectory = os.path.join(folder, mode + ".dcd")
            angles, settings = run(mode, 2, 7, n, ps, every, dcd=trajectory, say=quiet)
            again, settings_again = run(mode, 2, 7, n, ps, every, say=quiet)
            assert angles.shape == (2, round(ps / every), 2 * residues) and angles.dtype == np.float32, angles.shape
            assert np.isfinite(angles).all() and (np.abs(angles) <= 180).all(), "angles outside [-180, 180]"
            assert angles.tobytes() == again.tobytes() and settings == settings_again, f"{mode}: a rerun gives another trajectory"
            assert angles[0].tobytes() != angles[1].tobytes(), f"{mode}: replicas are equal"
            assert (np.abs(angles).max(axis=(0, 1)) > 10).all(), f"{mode}: an angle near 0 in all frames"
            if mode == "vac":  # the first frame is still stretched
                start = angles[:, 0].reshape(2, -1, 2)
                away = np.abs((start - (PHI, PSI) + 180) % 360 - 180)
                assert away.max() < 60, f"the start is {away.max():.0f} degrees from the stretched chain"
            frames = bonds_are_sound(trajectory[:-4] + ".pdb", trajectory)
            assert frames == angles.shape[1], f"{frames} frames in the DCD"
            save(os.path.join(folder, mode + ".npy"), angles, settings)
            assert np.array_equal(np.load(os.path.join(folder, mode + ".npy")), angles)
        # The formula: seen along +x, the last atom turns clockwise from +y by +90 degrees to +z.
        for last, want in (([1, 0, 1], 90), ([1, 0, -1], -90), ([1, 1, 0], 0), ([2, 1, 1], 45)):
            got = dihedrals(np.array([[0, 1, 0], [0, 0, 0], [1, 0, 0], last], float))
            assert np.isclose(got, want), (last, got, want)
    print("gen_polyala: check passed")


def main():
    p = argparse.ArgumentParser(prog="gen_polyala", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("mode", choices=["vac", "gb", "check"])
    p.add_argument("--out", help="the .npy file to write")
    p.add_argument("--replicas", type=int, default=4)
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--n", type=int, help="alanines (vac 25, gb 5)")
    p.add_argument("--ps", type=float, help="length (vac 400, gb 2000)")
    p.add_argument("--every", type=float, help="ps between frames (2)")
    p.add_argument("--dcd", help="also write replica 0 as a trajectory here, and its .pdb")
    a = p.parse_args()
    if a.mode == "check":
        return check()
    if not a.out or not a.out.endswith(".npy"):
        p.error("--out FILE.npy is needed")
    if a.replicas < 1 or a.seed < 0 or a.n is not None and a.n < (3 if a.mode == "vac" else 1) or any(v is not None and v <= 0 for v in (a.ps, a.every)):
        p.error("--replicas is 1 or more, --seed 0 or more, --n at least 3 (gb: 1), --ps and --every above 0")
    if a.dcd and not a.dcd.endswith(".dcd"):
        p.error("--dcd FILE.dcd")
    folder = os.path.dirname(a.out)
    if folder:
        os.makedirs(folder, exist_ok=True)
    angles, settings = run(a.mode, a.replicas, a.seed, a.n, a.ps, a.every, a.dcd)
    save(a.out, angles, settings)


if __name__ == "__main__":
    main()
