"""Small files of the same angles in the formats that are read: shape [3 frames, 4 angles], degrees. Written with Python 3.11 and numpy 2.4.6."""
import numpy as np

a = np.arange(12, dtype="f8").reshape(3, 4) * 31.5 - 170
np.save("c.npy", a)
np.save("fortran.npy", np.asfortranarray(a))
np.save("big_endian.npy", a.astype(">f4"))
np.save("replicas.npy", np.stack([a, -a]).astype("f4"))
np.savez("one.npz", a=a)
np.savez_compressed("two.npz", angles=a, energy=a[:, 0])
