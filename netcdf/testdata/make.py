"""Writes the test files of package netcdf. Each has a variable "sst" whose value number i, row by row, is i % 30000 - 100,
and coordinate variables. Made with Python 3.11.7, numpy 2.4.6,
netCDF4 1.7.5.1.post1 (netCDF-C 4.10.1, HDF5 2.2.0) and h5py 3.16.0 (HDF5 2.0.0):

    python -m venv v && v/bin/pip install numpy netCDF4 h5py && v/bin/python make.py
"""
import os

import h5py
import netCDF4
import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
SHAPE = (5, 12, 20)


def values(shape, dtype):
    n = int(np.prod(shape))
    return (np.arange(n) % 30000 - 100).reshape(shape).astype(dtype)


def make(name, shape=SHAPE, chunks=None, dtype="i2", fmt="NETCDF4", unlimited=True, attributes=0, endian="native", write=True, zlib=False, shuffle=False, fletcher=False, fill=True):
    with netCDF4.Dataset(os.path.join(HERE, name + ".nc"), "w", format=fmt) as d:
        names = ["time", "lat", "lon"] if len(shape) == 3 else ["time", "zlev", "lat", "lon"]
        for n, s in zip(names, shape):
            d.createDimension(n, None if n == "time" and unlimited else s)
        kw = {}
        if fmt.startswith("NETCDF4"):
            kw = dict(chunksizes=chunks, endian=endian, zlib=zlib, shuffle=shuffle, fletcher32=fletcher)
            if chunks is None and not unlimited:
                kw = dict(contiguous=True, endian=endian)
        t = d.createVariable("time", "f8", ("time",))
        t.units = "days since 1800-01-01 00:00:0.0"
        lat = d.createVariable("lat", "f4", ("lat",))
        lat.units = "degrees_north"
        v = d.createVariable("sst", dtype, names, fill_value=np.array(-99 if dtype == "i1" else -999).astype(dtype) if fill else None, **kw)
        v.set_auto_maskandscale(False)
        v.long_name = "Daily sea surface temperature"
        v.scale_factor = np.float32(0.01)
        v.units = "degree_C"
        for i in range(attributes):
            v.setncattr("note%02d" % i, "text number %d" % i)
        t[:] = np.arange(shape[0]) + 80000.5
        lat[:] = np.linspace(-9, 9, shape[-2])
        if write:
            v[:] = values(shape, dtype)
        else:
            v[3, 4, 5] = 7


make("contiguous", unlimited=False)
make("chunk_day", chunks=(1, 12, 20), zlib=True, shuffle=True)
make("chunk_days", chunks=(2, 12, 20), zlib=True)
make("chunk_odd", chunks=(3, 5, 7), zlib=True, shuffle=True, dtype="f4")
make("chunk_part", chunks=(1, 6, 10), shuffle=True, dtype="f8")
make("chunk_plain", chunks=(1, 5, 20), dtype="i4")
make("fletcher", chunks=(2, 5, 7), zlib=True, shuffle=True, fletcher=True)
make("fletcher_only", chunks=(1, 12, 20), fletcher=True)
make("big_endian", chunks=(1, 12, 20), endian="big", zlib=True, shuffle=True, dtype="f4")
make("bytes", chunks=(1, 10, 5), dtype="i1", zlib=True, shuffle=True, shape=(1, 10, 12))
make("zlev", shape=(2, 1, 12, 20), chunks=(1, 1, 12, 20), zlib=True, shuffle=True)
make("attributes", chunks=(1, 12, 20), attributes=18, zlib=True)
make("many_attributes", shape=(5, 3, 7), chunks=(1, 3, 7), attributes=60)
make("unwritten", chunks=(1, 12, 20), write=False)
for dtype in ("i1", "i2", "u2", "f4"):
    make("unwritten_" + dtype, chunks=(1, 12, 20), dtype=dtype, write=False, fill=False, endian="big" if dtype == "f4" else "native")  # NetCDF's default fill value
make("classic", fmt="NETCDF3_CLASSIC", unlimited=False)
make("records", fmt="NETCDF3_CLASSIC", dtype="i2", shape=(5, 3, 7))
make("offset64", fmt="NETCDF3_64BIT_OFFSET", dtype="f4")
make("data64", fmt="NETCDF3_64BIT_DATA", dtype="f8")

for name, libver in (("h5py", "earliest"), ("latest", "latest")):  # groups of the older kind; chunks that are not read
    with h5py.File(os.path.join(HERE, name + ".nc"), "w", libver=libver) as f:
        for i in range(12):
            f.create_dataset("other%d" % i, data=np.float32(i))
        v = f.create_dataset("sst", data=values(SHAPE, "f4"), chunks=(1, 12, 20), compression="gzip", shuffle=True)
        v.attrs["units"] = "kelvin"
        v.attrs["scale_factor"] = 0.5

with netCDF4.Dataset(os.path.join(HERE, "many.nc"), "w") as d:  # an index of variables of two levels
    d.createDimension("x", 4)
    for i in range(60):
        d.createVariable("v%02d" % i, "i1", ("x",), contiguous=True)[:] = i
