# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The mobilenet.cpp authors
"""Runs the program for the tests beside this file, and makes what they feed it: pictures, arrays, a small model.

$MOBILENET_PROGRAM is the program; it is called as a person would call it. Only Python's standard library is used.
"""

import array
import ast
import json
import math
import os
import pathlib
import shutil
import struct
import subprocess
import sys
import tempfile
import unittest
import zipfile
import zlib

PROGRAM = os.environ.get("MOBILENET_PROGRAM", "mobilenet")
SMALL = "mobilenet_v2:0.35:96:10"  # architecture, depth multiplier, input size, classes
FLOAT_ANSWERS = ("f32", "bf16x3")  # what `automatic` computes them in
SKIPPED = 77  # ctest's exit code for a test that could not run


class Result:
    def __init__(self, done):
        self.code = done.returncode
        self.out = done.stdout.decode()
        self.err = done.stderr.decode()

    def lines(self):
        return [json.loads(line) for line in self.out.splitlines()]


def mobilenet(*arguments, stdin=b"", env=None, cwd=None, **options):
    done = subprocess.run([PROGRAM, *map(str, arguments)], input=stdin, capture_output=True, cwd=cwd, timeout=600,
                          env={**os.environ, **(env or {})}, **options)
    return Result(done)


def png(width, height, seed=0):
    """An RGB picture of soft colours that depend on `seed`."""
    rows = bytearray()
    for y in range(height):
        rows.append(0)
        for x in range(width):
            for channel in range(3):
                rows.append(int(127.5 + 127 * math.sin((x * (seed + 1) + y * (channel + 2)) / 17 + seed + channel)))
    chunk = lambda kind, data: struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def npy(shape, values, descr="<f4"):
    header = repr({"descr": descr, "fortran_order": False, "shape": tuple(shape)}).encode()
    header += b" " * (-(len(header) + 11) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + values


def floats(count, seed=0):
    return array.array("f", (math.sin(i * 0.37 + seed) for i in range(count)))


def parse_npy(data):
    """(descr, shape, values); str arrays as a list, numbers as array.array."""
    assert data[:8] == b"\x93NUMPY\x01\x00", data[:8]
    length, = struct.unpack("<H", data[8:10])
    assert (10 + length) % 64 == 0
    header = ast.literal_eval(data[10:10 + length].decode())
    assert header["fortran_order"] is False
    descr, shape, body = header["descr"], header["shape"], data[10 + length:]
    if descr.startswith("<U"):
        width = 4 * int(descr[2:])
        return descr, shape, [body[i:i + width].decode("utf-32-le").rstrip("\0") for i in range(0, len(body), width)]
    values = array.array({"<f4": "f", "|u1": "B", "|i1": "b", "<i4": "i", "<i8": "q"}[descr])
    values.frombytes(body)
    assert math.prod(shape) == len(values), (shape, len(values))
    return descr, shape, values


def read_npz(path):
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        for entry in archive.infolist():
            assert entry.compress_type == zipfile.ZIP_STORED, entry
        return {name.removesuffix(".npy"): parse_npy(archive.read(name)) for name in archive.namelist()}


class ProgramTest(unittest.TestCase):
    """A folder with three good pictures and the small model as a file."""

    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="mobilenet-cli-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.model = cls.folder / "small.safetensors"
        made = mobilenet("convert", "--model", SMALL, "-o", cls.model, "--weights", "f32")
        assert made.code == 0, made.err
        cls.pictures = cls.folder / "pictures"
        cls.pictures.mkdir()
        for i, size in enumerate([(120, 90), (64, 128), (97, 97)]):
            (cls.pictures / f"{i}.png").write_bytes(png(*size, seed=i))

    def path(self, name):
        return self.folder / name

    def skip_without_drawing(self, result):
        if "this build " in result.err:
            self.skipTest(result.err.strip())

    def assertCloseTo(self, a, b, tolerance):
        self.assertEqual(len(a), len(b))
        scale = max(map(abs, b), default=0) or 1
        self.assertLessEqual(max((abs(x - y) for x, y in zip(a, b)), default=0), tolerance * scale)


def main():
    program = unittest.main(module="__main__", exit=False, verbosity=2)
    if not program.result.wasSuccessful():
        sys.exit(1)
    sys.exit(SKIPPED if len(program.result.skipped) == program.result.testsRun else 0)
