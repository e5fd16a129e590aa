"""Take the one shared library out of a PJRT plugin's wheel: plugin.py WHEEL TARGET.

Only a member of exactly that file name is read, and only to TARGET: no other path in the archive is used. The file
appears under its name when it is whole.
"""
import os
import shutil
import sys
import zipfile

wheel, target = sys.argv[1:]
name = os.path.basename(target)
with zipfile.ZipFile(wheel) as z:
    members = [m for m in z.infolist() if os.path.basename(m.filename) == name and not m.is_dir()]
    if len(members) != 1:
        sys.exit(f"{wheel}: {len(members)} files named {name}, expected one")
    if members[0].file_size > 1 << 30:
        sys.exit(f"{wheel}: {name} says it has {members[0].file_size} bytes, which no plugin has")
    with z.open(members[0]) as src, open(target + ".part", "wb") as dst:
        shutil.copyfileobj(src, dst, 1 << 20)
    if os.path.getsize(target + ".part") != members[0].file_size:
        sys.exit(f"{target}: cut short")
os.replace(target + ".part", target)
