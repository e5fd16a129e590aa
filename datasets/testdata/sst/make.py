"""Writes small files of sea-surface temperature in the forms in which they are downloaded, and broken ones. On day d after
1 January 2019, at latitude y and longitude x, the temperature is round(25 - |y|/5 + x/50 + d/100, 2) degrees C; rows y < -1 of the
columns x < 200.5 are land. Made with Python 3.11.7, numpy 2.4.6, netCDF4 1.7.5.1.post1, xarray 2026.9.0:

    python -m venv v && v/bin/pip install numpy netCDF4 xarray && v/bin/python make.py
"""
import datetime
import os

import netCDF4
import numpy as np
import xarray as xr

HERE = os.path.dirname(os.path.abspath(__file__))
LAT, LON = np.arange(-1.875, 1, .25), np.arange(200.125, 205, .25)  # 12 x 20
DAY0 = datetime.date(2019, 1, 1)


def temperature(days, lat=LAT, lon=LON):
    d, y, x = np.meshgrid(days, lat, lon, indexing="ij")
    t = np.round(25 - abs(y) / 5 + x / 50 + d / 100, 2)
    return np.where((y < -1) & (x % 360 < 200.5), np.nan, t)


def make(name, dates, fmt="NETCDF4", lat=LAT, lon=LON, dtype="f4", fill=-9.96921e36, scale=None, offset=0., unit="degC", variable="sst", zlev=False, since="1800-01-01 00:00:0.0", unit_time="days", noon=False, change=None, extra=(), chunks=None, calendar=None, packed_axes=None):
    path = os.path.join(HERE, name + ".nc")
    os.makedirs(os.path.dirname(path), exist_ok=True)
    values = temperature([(d - DAY0).days for d in dates], lat, lon)
    if change:
        change(values)
    with netCDF4.Dataset(path, "w", format=fmt) as f:
        dims = ["time"] + ["zlev"] * zlev + ["lat", "lon"]
        for n, s in zip(dims, [None] + [1] * zlev + [len(lat), len(lon)]):
            f.createDimension(n, s)
        t = f.createVariable("time", "f8", ("time",))
        t.units = unit_time + " since " + since
        if calendar:
            t.calendar = calendar
        start = datetime.datetime.fromisoformat(since[:10]) + datetime.timedelta(hours=12 if "12:00" in since else 0)
        t[:] = [(datetime.datetime(d.year, d.month, d.day, 12 * noon) - start).total_seconds() / {"days": 86400, "seconds": 1}[unit_time] for d in dates]
        for n, v in (("lat", lat), ("lon", lon)):
            c = f.createVariable(n, "i2" if packed_axes else "f4", (n,))
            c.units = {"lat": "degrees_north", "lon": "degrees_east"}[n]
            if packed_axes:
                c.scale_factor, c.add_offset = np.float32(packed_axes), np.float32(v[0])
            c[:] = v  # packed by netCDF4
        if zlev:
            f.createVariable("zlev", "f4", ("zlev",))[:] = [0]
        for n in (variable,) + tuple(extra):
            kw = dict(zlib=True, shuffle=True, complevel=4, chunksizes=[1] * (len(dims) - 2) + [len(lat), len(lon)]) if fmt == "NETCDF4" else {}
            if chunks and kw:
                kw["chunksizes"] = chunks
            v = f.createVariable(n, dtype, dims, fill_value=np.array(fill).astype(dtype), **kw)
            v.set_auto_maskandscale(False)
            if unit is not None:
                v.units = unit
            if scale:
                v.scale_factor, v.add_offset = np.float32(scale), np.float32(offset)
            stored = np.where(np.isnan(values), fill, np.rint((values - offset) / scale) if scale else values)
            v[:] = stored.reshape(len(dates), *([1] * zlev), len(lat), len(lon)).astype(dtype)


def days(first, n):
    return [datetime.date.fromisoformat(first) + datetime.timedelta(days=i) for i in range(n)]


for d in days("2019-12-30", 4):  # NCEI: a day a file
    make("ncei/oisst-avhrr-v02r01." + d.strftime("%Y%m%d"), [d], dtype="i2", fill=-999, scale=.01, unit="Celsius", zlev=True, since="1978-01-01 12:00:00", noon=True, extra=("anom",))
make("psl/sst.day.mean.2019", days("2019-12-27", 5))  # PSL: a year a file
make("psl/sst.day.mean.2020", days("2020-01-01", 4))
make("chunks", days("2019-12-27", 5), chunks=(2, 5, 7))
make("north_first", [datetime.date(2019 + m // 12, m % 12 + 1, 1) for m in range(14)], fmt="NETCDF3_CLASSIC", lat=np.arange(6., -7, -2), lon=np.arange(0., 360, 24))  # ERSST: monthly, 2 degrees
make("ghrsst", days("2020-02-28", 3), dtype="i2", fill=-32768, scale=.01, offset=273.15, unit="kelvin", variable="analysed_sst", since="1981-01-01 00:00:00", unit_time="seconds", noon=True, change=lambda v: v.__iadd__(273.15))
make("old_packed", days("2019-12-27", 5), fmt="NETCDF3_CLASSIC", since="1601-01-01 00:00:00", noon=True, packed_axes=.25)  # 419 years of days, and axes of whole numbers

# Boxes of DYffusion: cut out by xarray.
ds = xr.open_dataset(os.path.join(HERE, "psl/sst.day.mean.2019.nc"), decode_times=False)
ds.isel(lat=slice(2, 8), lon=slice(10, 16)).to_netcdf(os.path.join(HERE, "sst.day.mean.box84.nc"))
ds.isel(lat=slice(2, 8), lon=slice(10, 16)).to_netcdf(os.path.join(HERE, "box_classic.nc"), format="NETCDF3_64BIT", engine="scipy")

# What is refused, or said.
make("bad/kelvin_named_celsius", days("2020-01-01", 2), change=lambda v: v.__iadd__(273.15))
make("bad/kelvin_unnamed", days("2020-01-01", 2), unit=None, change=lambda v: v.__iadd__(273.15))
make("bad/fahrenheit", days("2020-01-01", 1), unit="degF")
make("bad/anomaly", days("2020-01-01", 1), variable="anom")
make("bad/missing_day", days("2020-01-01", 2) + days("2020-01-04", 3))
make("bad/twice", days("2020-01-01", 2) + days("2020-01-02", 2))
make("bad/gap", days("2020-01-01", 3), change=lambda v: v.__setitem__((1, 8, 9), np.nan))
make("bad/land", days("2020-01-01", 1), change=lambda v: v.fill(np.nan))
make("bad/other_grid", days("2020-01-01", 1), lat=LAT + .25)
make("bad/hot", days("2020-01-01", 1), change=lambda v: v.__setitem__((0, 8, 9), 77.))
make("bad/noleap", days("2020-01-01", 1), calendar="noleap")
make("bad/month_missing", [datetime.date(2019, m, 1) for m in (1, 2, 3, 5, 6)], fmt="NETCDF3_CLASSIC")
