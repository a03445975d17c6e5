# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The mobilenet.cpp authors
"""Reads the PNG files that the program writes: 8 bits a sample, RGB or indexed, not interlaced."""

import pathlib
import struct
import zlib

RGB, INDEXED = 2, 3


class PngFile:
    """width, height, kind (RGB or INDEXED), palette (a list of colours) and rows (bytes)."""

    def __init__(self, path):
        data = pathlib.Path(path).read_bytes()
        assert data[:8] == b"\x89PNG\r\n\x1a\n", path
        self.palette, packed, at = [], b"", 8
        while at < len(data):
            length, = struct.unpack(">I", data[at:at + 4])
            kind, body = data[at + 4:at + 8], data[at + 8:at + 8 + length]
            assert struct.unpack(">I", data[at + 8 + length:at + 12 + length])[0] == zlib.crc32(kind + body), kind
            if kind == b"IHDR":
                self.width, self.height, bits, self.kind, _, _, interlaced = struct.unpack(">IIBBBBB", body)
                assert bits == 8 and self.kind in (RGB, INDEXED) and not interlaced
            elif kind == b"PLTE":
                self.palette = [tuple(body[i:i + 3]) for i in range(0, length, 3)]
            elif kind == b"IDAT":
                packed += body
            at += 12 + length
        self.channels = 3 if self.kind == RGB else 1
        self.rows = self._unfiltered(zlib.decompress(packed))

    def pixel(self, x, y):
        return tuple(self.rows[y][self.channels * x:self.channels * (x + 1)])

    def _unfiltered(self, data):
        step, size = self.channels, self.channels * self.width
        assert len(data) == self.height * (size + 1)
        rows, above = [], bytes(size)
        for y in range(self.height):
            start = y * (size + 1)
            row, rule = bytearray(data[start + 1:start + 1 + size]), data[start]
            if rule == 2:
                row = bytearray((a + b) & 255 for a, b in zip(row, above))
            elif rule != 0:
                for i in range(size):
                    left, corner = (row[i - step], above[i - step]) if i >= step else (0, 0)
                    row[i] = (row[i] + self._predicted(rule, left, above[i], corner)) & 255
            rows.append(bytes(row))
            above = row
        return rows

    @staticmethod
    def _predicted(rule, left, up, corner):
        if rule == 1:
            return left
        if rule == 3:
            return (left + up) // 2
        assert rule == 4
        to_left, to_up, to_corner = abs(up - corner), abs(left - corner), abs(left + up - 2 * corner)
        if to_left <= to_up and to_left <= to_corner:
            return left
        return up if to_up <= to_corner else corner
