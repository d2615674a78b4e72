#!/usr/bin/env python3
"""Makes zones.bin, the IANA time zones embedded in the executable, from a compiled tree of TZif files.

    Sources/Assets/bundle-zones.py [/usr/share/zoneinfo] > Sources/Assets/zones.bin

Layout (numbers big-endian, as in TZif):
    8 bytes   "CHRZONE1"
    u8 + text the database's version, such as 2025b
    u16       number of names
    per name, sorted by its bytes: u8 length, name, u32 offset, u32 length
    the files, one after another; offsets count from the first of them
A link is a name with the same offset as its target. The 32-bit block of each file is replaced by the empty
one that RFC 9636 allows, as no reader of version 2 and later looks into it.
"""
import os
import struct
import sys

SKIPPED = {"posix", "right", "localtime", "posixrules", "Factory"}
HEADER = struct.Struct(">4sc15x6I")


def blockLength(counts, timeSize):
    isut, isstd, leap, time, type_, char = counts
    return time * (timeSize + 1) + type_ * 6 + char + leap * (timeSize + 4) + isstd + isut


def slim(data):
    magic, version, *counts = HEADER.unpack_from(data)
    assert magic == b"TZif" and version >= b"2", "a version 1 file cannot be slimmed"
    empty = HEADER.pack(b"TZif", version, 0, 0, 0, 0, 1, 1) + bytes(6) + b"\0"
    return empty + data[HEADER.size + blockLength(counts, 4):]


def main(root):
    with open(os.path.join(root, "tzdata.zi")) as source:
        version = source.readline().split()[-1]
    files = {}
    for folder, folders, names in os.walk(root):
        if folder == root:
            folders[:] = [name for name in folders if name not in SKIPPED]
            names = [name for name in names if name not in SKIPPED]
        for name in names:
            path = os.path.join(folder, name)
            with open(path, "rb") as file:
                data = file.read()
            if data[:4] == b"TZif":
                files[os.path.relpath(path, root).encode()] = slim(data)
    offsets, body, index = {}, b"", b""
    for name in sorted(files):
        data = files[name]
        if data not in offsets:
            offsets[data] = len(body)
            body += data
        index += struct.pack(">B", len(name)) + name + struct.pack(">II", offsets[data], len(data))
    head = b"CHRZONE1" + struct.pack(">B", len(version)) + version.encode() + struct.pack(">H", len(files))
    sys.stdout.buffer.write(head + index + body)
    print(f"{version}: {len(files)} names, {len(offsets)} files, {len(head + index + body)} bytes", file=sys.stderr)


main(sys.argv[1] if len(sys.argv) > 1 else "/usr/share/zoneinfo")
