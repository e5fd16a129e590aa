"""Makes ostia_equator_54x18x432.npy anew out of ostia_monthly.nc of the PyPI package iris-sample-data 2.5.2, and compares it with the committed one.
Python 3.11, numpy 2.4.6, netCDF4 1.7.5.1.post1:

    pip install numpy netCDF4 && pip download --no-deps iris-sample-data==2.5.2 && unzip -j iris_sample_data-2.5.2-py3-none-any.whl '*/ostia_monthly.nc'
    python make.py ostia_monthly.nc
"""
import os
import sys

import netCDF4
import numpy as np

with netCDF4.Dataset(sys.argv[1]) as f:
    kelvin = f["surface_temperature"][:].astype(np.float64)
celsius = np.ma.filled(np.rint((kelvin - 273.15) * 100), -32768).astype(np.int16)
committed = np.load(os.path.join(os.path.dirname(os.path.abspath(__file__)), "ostia_equator_54x18x432.npy"))
different = celsius != committed
print("%d of %d values differ, by %d at most" % (different.sum(), different.size, np.abs(celsius.astype(int) - committed).max()))
np.save("ostia_equator_54x18x432.npy", celsius)
