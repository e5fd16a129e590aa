"""Pickles of one array of NumPy by all protocols, and of other things. Written with Python 3.11 and numpy 2.4.6."""
import pickle

import numpy as np

a = np.arange(12, dtype="f8").reshape(3, 4) * 31.5 - 170
for protocol in range(2, 6):
    pickle.dump(a, open(f"protocol{protocol}.pkl", "wb"), protocol=protocol)
pickle.dump(np.asfortranarray(a.astype(">f4")), open("fortran.pkl", "wb"), protocol=4)
pickle.dump(np.asfortranarray(a), open("fortran5.pkl", "wb"), protocol=5)
pickle.dump({"angles": a}, open("dict.pkl", "wb"))
pickle.dump([a, -a], open("list.pkl", "wb"))
pickle.dump(np.array([a, "x"], object), open("objects.pkl", "wb"))
# numpy 1 called its inner package numpy.core.
open("numpy1.pkl", "wb").write(pickle.dumps(a.astype("f4"), protocol=2).replace(b"numpy._core", b"numpy.core"))
# What Python 2 wrote, with its str for bytes; pickle.load(file, encoding="latin1") reads it.
data = a.astype("<f4").tobytes()
open("python2.pkl", "wb").write(
    b"\x80\x02cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R(K\x01K\x03K\x04\x86cnumpy\ndtype\nU\x02f4K\x00K\x01\x87R"
    b"(K\x03U\x01<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89T" + len(data).to_bytes(4, "little") + data + b"tb."
)
assert np.array_equal(pickle.load(open("python2.pkl", "rb"), encoding="latin1"), a.astype("f4"))


class Evil:
    def __reduce__(self):
        return eval, ("1",)


pickle.dump(Evil(), open("eval.pkl", "wb"))
