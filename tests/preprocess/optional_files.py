# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The mobilenet.cpp authors
"""GIF, TIFF, AVIF and HEIC files for pillow_oracle.py: (name, bytes), of every kind that Pillow reads, and HEIC with how
far pixels may be from pillow-heif's. What they do not write is written here."""

import io
import itertools
import random
import struct
import zlib

from PIL import Image


def saved(image, kind, **options):
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


# GIF


def gif(screen, frame, offset, numbers, palette=b"", local_palette=b"", transparent=None, interlaced=False, extra=b""):
    """Palettes of 4 colours. LZW with 8 bits for each number of 7: the table is emptied before codes grow."""
    data = b"GIF89a" + struct.pack("<HHBBB", *screen, 0x81 if palette else 0, 1, 0) + palette + extra
    if transparent is not None:
        data += b"!\xf9\x04\x01\0\0" + bytes([transparent, 0])
    flags = (0x81 if local_palette else 0) | (0x40 if interlaced else 0)
    data += b"," + struct.pack("<HHHHB", *offset, *frame, flags) + local_palette + b"\x07"
    codes = [code for i, number in enumerate(numbers) for code in ([128, number] if i % 100 == 0 else [number])] + [129]
    for at in range(0, len(codes), 255):
        block = bytes(codes[at:at + 255])
        data += bytes([len(block)]) + block
    return data + b"\0;"


def gif_files(picture):
    chance = random.Random(13)
    palette, other = bytes(range(10, 130, 10)), bytes(range(200, 80, -10))
    for screen, frame, offset in [((5, 4), (5, 4), (0, 0)), ((9, 7), (4, 3), (2, 1)), ((3, 2), (8, 9), (0, 0)),
                                  ((3, 2), (4, 4), (5, 6)), ((1, 1), (1, 1), (0, 0)), ((40, 33), (40, 33), (0, 0))]:
        for colours, transparent, interlaced in itertools.product(range(4), (None, 0, 3, 90), (False, True)):
            numbers = [chance.choice([chance.randint(0, 3), chance.randint(0, 127)]) for _ in range(frame[0] * frame[1])]
            name = f"GIF {screen} {frame} at {offset} palettes {colours} transparent {transparent} interlaced {interlaced}"
            yield name, gif(screen, frame, offset, numbers, palette * (colours & 1), other * (colours >> 1), transparent,
                            interlaced)
    yield "GIF, a palette of greys", gif((4, 1), (4, 1), (0, 0), [0, 1, 9, 90], bytes(i // 3 for i in range(12)))
    comment = b"!\xfe\x05hello\0!\xf9\x04\x01\0\0\x02\0!\xff\x0bNETSCAPE2.0\x03\x01\0\0\0"
    yield "GIF with extensions", gif((6, 6), (2, 2), (1, 1), [0, 1, 2, 3], palette, extra=comment)
    for size in [(1, 1), (7, 9), (61, 47), (300, 200)]:
        for mode in ("1", "L", "P", "RGB", "RGBA"):
            for interlace in (0, 1):
                yield f"GIF {mode} {size} interlace {interlace}", saved(picture(mode, size), "GIF", interlace=interlace)
    frames = [picture("RGBA", (40, 30), seed) for seed in range(3)]
    yield "GIF animation", saved(frames[0], "GIF", save_all=True, append_images=frames[1:])


# TIFF


def tiff(size, photometric, bits, samples, big_endian=False, extra=(), separate=False, tile=None, rows_per_strip=None,
         deflate=False, tags=(), seed=0, high=None):
    """Random samples. With `tile` in tiles of that size, else in strips; `tags` are (tag, type, values)."""
    chance = random.Random(f"{size}{photometric}{bits}{samples}{seed}")
    order = ">" if big_endian else "<"
    largest = (1 << bits) - 1
    if high is None:
        high = largest
    pixels = [[[chance.choice([chance.randint(0, high), chance.randint(0, min(high, 300))]) for _ in range(samples)]
               for _ in range(size[0])] for _ in range(size[1])]

    def packed(rows):
        """rows[y] is a list of samples."""
        data = b""
        for row in rows:
            if bits == 16:
                data += struct.pack(f"{order}{len(row)}H", *row)
            else:
                text = "".join(format(sample, f"0{bits}b") for sample in row)
                text += "0" * (-len(text) % 8)
                data += int(text, 2).to_bytes(len(text) // 8, "big")
        return zlib.compress(data) if deflate else data

    block = tile or (size[0], rows_per_strip or size[1])
    chunks = []
    for plane in range(samples) if separate else [None]:
        for top in range(0, size[1], block[1]):
            for left in range(0, size[0], block[0]):
                rows = []
                for y in range(top, top + block[1] if tile else min(top + block[1], size[1])):
                    row = []
                    for x in range(left, left + block[0]):
                        pixel = pixels[y][x] if y < size[1] and x < size[0] else [0] * samples
                        row += pixel if plane is None else [pixel[plane]]
                    rows.append(row)
                chunks.append(packed(rows))
    entries = [(256, 4, [size[0]]), (257, 4, [size[1]]), (258, 3, [bits] * samples), (259, 3, [8 if deflate else 1]),
               (262, 3, [photometric]), (277, 3, [samples]), (284, 3, [2 if separate else 1]), *tags]
    if extra:
        entries.append((338, 3, list(extra)))
    if photometric == 3:
        entries.append((320, 3, [chance.randint(0, 65535) for _ in range(3 << bits)]))
    place = [(324, 4), (325, 4)] if tile else [(273, 4), (279, 4)]
    entries += [(322, 3, [tile[0]]), (323, 3, [tile[1]])] if tile else [(278, 4, [block[1]])]
    entries += [(place[0][0], 4, [0] * len(chunks)), (place[1][0], 4, [len(chunk) for chunk in chunks])]
    entries.sort()
    letters = {1: "B", 2: "B", 3: "H", 4: "I"}
    behind_at = 8 + 2 + 12 * len(entries) + 4
    sizes = sum(n + n % 2 for n in (struct.calcsize(letters[kind]) * len(values) for _, kind, values in entries) if n > 4)
    at = behind_at + sizes
    offsets = []
    for chunk in chunks:
        offsets.append(at)
        at += len(chunk)
    directory, behind = struct.pack(order + "H", len(entries)), b""
    for tag, kind, values in entries:
        values = offsets if tag == place[0][0] else values
        content = struct.pack(f"{order}{len(values)}{letters[kind]}", *values)
        directory += struct.pack(order + "HHI", tag, kind, len(values))
        if len(content) <= 4:
            directory += content.ljust(4, b"\0")
        else:
            directory += struct.pack(order + "I", behind_at + len(behind))
            behind += content + b"\0" * (len(content) % 2)
    head = (b"MM" if big_endian else b"II") + struct.pack(order + "HI", 42, 8)
    return head + directory + struct.pack(order + "I", 0) + behind + b"".join(chunks)


def tiff_files(picture):
    kinds = [(0, 1, 1, ()), (1, 1, 1, ()), (0, 2, 1, ()), (1, 2, 1, ()), (0, 4, 1, ()), (1, 4, 1, ()), (0, 8, 1, ()),
             (1, 8, 1, ()), (1, 16, 1, ()), (3, 1, 1, ()), (3, 2, 1, ()), (3, 4, 1, ()), (3, 8, 1, ()), (1, 8, 2, (0,)),
             (1, 8, 2, (2,)), (2, 8, 3, ()), (2, 8, 4, ()), (2, 8, 4, (0,)), (2, 8, 4, (1,)), (2, 8, 4, (2,)),
             (2, 8, 5, (2, 0)), (2, 16, 3, ()), (2, 16, 4, (0,)), (2, 16, 4, (1,)), (2, 16, 4, (2,)), (5, 8, 4, ()),
             (5, 8, 5, (0,)), (5, 16, 4, ()), (3, 8, 2, (0,))]
    layouts = [{}, {"rows_per_strip": 3}, {"rows_per_strip": 1, "deflate": True}, {"deflate": True},
               {"tile": (16, 16), "deflate": True}, {"tile": (32, 16), "deflate": True}]
    for (photometric, bits, samples, extra), layout, big_endian in itertools.product(kinds, layouts, (False, True)):
        for size in [(1, 1), (19, 13), (37, 40)]:
            name = f"TIFF photometric {photometric} {samples}x{bits} extra {extra} {layout} big-endian {big_endian} {size}"
            yield name, tiff(size, photometric, bits, samples, big_endian, extra, **layout)
    for photometric, bits, samples, extra in [(2, 8, 3, ()), (2, 8, 4, (2,)), (2, 16, 3, ()), (5, 8, 4, ())]:
        for layout in ({"deflate": True}, {"rows_per_strip": 4, "deflate": True}, {"tile": (16, 32), "deflate": True}):
            name = f"TIFF in planes, photometric {photometric} {samples}x{bits} {layout}"
            yield name, tiff((23, 45), photometric, bits, samples, False, extra, True, **layout)
    for orientation in range(1, 9):
        tags = [(274, 3, [orientation]), (305, 2, list(b"the oracle\0")), (271, 2, list(b"us\0"))]
        yield f"TIFF of orientation {orientation}", tiff((7, 5), 2, 8, 3, tags=tags)
    for size in [(1, 1), (7, 9), (61, 47)]:
        for compression in ("raw", "tiff_lzw", "tiff_adobe_deflate", "tiff_deflate", "packbits", "jpeg"):
            for mode in ("L", "RGB", "CMYK", *(("P", "RGBA", "1", "I;16", "LA") if compression != "jpeg" else ("YCbCr",))):
                image = picture("L", size).convert("I").point(lambda v: v * 3).convert("I;16") if mode == "I;16" else picture(mode, size)
                yield f"TIFF by Pillow, {mode} {size} {compression}", saved(image, "TIFF", compression=compression)
        yield f"TIFF by Pillow, predictor {size}", saved(picture("RGB", size), "TIFF", compression="tiff_lzw", tiffinfo={317: 2})
        yield f"BigTIFF by Pillow {size}", saved(picture("RGB", size), "TIFF", big_tiff=True)
        for kind in ("group3", "group4", "tiff_ccitt"):
            yield f"TIFF by Pillow, {kind} {size}", saved(picture("1", size), "TIFF", compression=kind)
    pages = [picture("RGB", (20, 10), seed) for seed in range(3)]
    yield "TIFF of three pages", saved(pages[0], "TIFF", save_all=True, append_images=pages[1:])
    yield "TIFF of luma and colours, 2x2", saved(picture("RGB", (40, 30)), "TIFF", compression="jpeg", tiffinfo={530: (2, 2)})


# AVIF


def avif_files(picture):
    for size in [(1, 1), (7, 9), (61, 47), (130, 96)]:
        for mode in ("L", "RGB", "RGBA"):
            for subsampling in ("4:4:4", "4:2:2", "4:2:0"):
                yield f"AVIF {mode} {size} {subsampling}", saved(picture(mode, size), "AVIF", subsampling=subsampling, quality=90, speed=10)
    for orientation in range(1, 9):
        exif = Image.Exif()
        exif[0x0112] = orientation
        yield f"AVIF of orientation {orientation}", saved(picture("RGB", (40, 24)), "AVIF", subsampling="4:4:4", exif=exif, speed=10)


# HEIC


def heic_files(picture):
    """(name, bytes, largest step). pillow-heif brings a libheif of its own, and versions differ in how they enlarge colours:
    with 1.15 on both sides nothing differs, between 1.15 and 1.23 bytes of 4:2:0 do by 1, of 10 and 12 bits by up to 3."""
    import pillow_heif

    pillow_heif.register_heif_opener()
    for size in [(1, 1), (2, 2), (7, 9), (61, 47), (130, 96)]:
        for mode, chroma, quality in itertools.product(("L", "RGB", "RGBA"), (444, 422, 420), (50, 90)):
            step = 1 if chroma == 420 else 0
            yield f"HEIC {mode} {size} {chroma} quality {quality}", saved(picture(mode, size), "HEIF", quality=quality, chroma=chroma), step
    for orientation in range(1, 9):
        exif = Image.Exif()
        exif[0x0112] = orientation
        yield f"HEIC of orientation {orientation}", saved(picture("RGB", (40, 24)), "HEIF", chroma=444, exif=exif), 0
    for (mode, bits), size, chroma in itertools.product((("RGB", 10), ("RGBA", 10), ("RGB", 12)), [(7, 9), (61, 47)], (444, 420)):
        chance = random.Random(bits)
        samples = [min(65535, value * 257 + chance.randint(0, 200)) for value in picture(mode, size).tobytes()]
        pillow_heif.options.SAVE_HDR_TO_12_BIT = bits == 12
        file = io.BytesIO()
        pillow_heif.encode(mode + ";16", size, struct.pack(f"<{len(samples)}H", *samples), file, quality=90, chroma=chroma)
        yield f"HEIC {mode} of {bits} bits {size} {chroma}", file.getvalue(), 3 if chroma == 420 else 0


# Profiles


def icc_profile(tags, version=2):
    """Of red, green and blue, for a screen."""
    head = struct.pack(">IIBBH4s4s4s12x4s4s28x", 0, 0, version, 0x10 if version == 2 else 0x20, 0, b"mntr", b"RGB ",
                       b"Lab " if b"A2B0" in tags else b"XYZ ", b"acsp", b"\0\0\0\0")
    head = head[:68] + struct.pack(">3i", 63190, 65536, 54061)  # D50
    head = head.ljust(128, b"\0")
    entries, body = b"", b""
    at = 128 + 4 + 12 * len(tags)
    for name, content in tags.items():
        entries += name + struct.pack(">II", at + len(body), len(content))
        body += content + b"\0" * (-len(content) % 4)
    data = head + struct.pack(">I", len(tags)) + entries + body
    return struct.pack(">I", len(data)) + data[4:]


def matrix_profile(primaries, curve, version=2):
    """`primaries` are the columns in XYZ of D50."""
    xyz = lambda values: b"XYZ \0\0\0\0" + struct.pack(">3i", *(round(value * 65536) for value in values))
    tags = {b"wtpt": xyz((0.9642, 1, 0.8249))}
    for name, column in zip((b"r", b"g", b"b"), primaries):
        tags[name + b"XYZ"] = xyz(column)
        tags[name + b"TRC"] = curve
    return icc_profile(tags, version)


def table_profile(version):
    """A screen whose black is not black: 2 points for each colour, from which Lab is interpolated."""
    straight = struct.pack(">6H", *(0, 65535) * 3)
    grid = []
    for red, green, blue in itertools.product((0, 1), repeat=3):
        light = 8 + 90 * (0.3 * red + 0.6 * green + 0.1 * blue)
        grid += [round(light * 652.8), round((128 + 60 * (red - green)) * 256), round((128 + 50 * (green - blue)) * 256)]
    matrix = struct.pack(">9i", 65536, 0, 0, 0, 65536, 0, 0, 0, 65536)
    table = b"mft2\0\0\0\0" + bytes([3, 3, 2, 0]) + matrix + struct.pack(">HH", 2, 2)
    table += straight + struct.pack(f">{len(grid)}H", *grid) + straight
    return icc_profile({b"wtpt": b"XYZ \0\0\0\0" + struct.pack(">3i", 63190, 65536, 54061), b"A2B0": table}, version)


def profiles():
    """(name, profile, largest step): Pillow brings a Little CMS of its own, and 2.14 and 2.19 round tables in two ways."""
    gamma = lambda value: b"curv\0\0\0\0" + struct.pack(">IH", 1, round(value * 256))
    para = b"para\0\0\0\0" + struct.pack(">HH5i", 3, 0, *(round(value * 65536) for value in (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)))
    points = [round(65535 * (i / 63) ** 1.8) for i in range(64)]
    sampled = b"curv\0\0\0\0" + struct.pack(f">I{len(points)}H", len(points), *points)
    p3 = ((0.51512, 0.24120, -0.00105), (0.29198, 0.69225, 0.04189), (0.15710, 0.06657, 0.78407))
    adobe = ((0.60974, 0.31111, 0.01947), (0.20528, 0.62567, 0.06087), (0.14919, 0.06322, 0.74457))
    wide = ((0.79767, 0.28804, 0.0), (0.13519, 0.71188, 0.0), (0.03134, 0.00009, 0.82491))
    yield "Display P3", matrix_profile(p3, para, 4), 0
    yield "Adobe RGB", matrix_profile(adobe, gamma(2.19921875)), 0
    yield "ProPhoto", matrix_profile(wide, gamma(1.8)), 0
    yield "a sampled curve", matrix_profile(adobe, sampled), 0
    yield "a table of version 2", table_profile(2), 1
    yield "a table of version 4", table_profile(4), 1
