# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The mobilenet.cpp authors
"""Compares decoding, colours, resizing and cropping with the installed Pillow, byte for byte, and HEIC with pillow-heif,
where that is installed.

    python tests/preprocess/pillow_oracle.py build/release/bin/preprocess_probe

Makes small pictures of every kind in a temporary folder, asks the probe for each, and prints what differs. Exit code 1
when anything does.
"""

import io
import itertools
import math
import random
import struct
import subprocess
import sys
import tempfile
import warnings
import zlib
from pathlib import Path

import PIL
from PIL import Image, ImageCms, ImageOps, features

import optional_files
from optional_files import saved

warnings.simplefilter("ignore")
ORIENTATION = 0x0112


class Probe:
    def __init__(self, program, folder):
        self.process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.out = folder / "out.bin"
        self.checks = 0
        self.failures = []

    def ask(self, *words):
        self.process.stdin.write("\t".join(str(word) for word in words) + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()

    def decode(self, path, how="decode"):
        """(size, orientation, RGB bytes), or the error sentence."""
        answer = self.ask(how, path, self.out)
        if answer.startswith("error:") or not answer:
            return answer or "error: the probe died"
        width, height, orientation = map(int, answer.split())
        return (width, height), orientation, self.out.read_bytes()

    def input(self, path, height, width, **spec):
        answer = self.ask("input", path, self.out, height, width, *(f"{k}={v}" for k, v in spec.items()))
        return self.out.read_bytes() if answer == "ok" else answer

    def check(self, name, got, expected, step=0):
        """Bytes may differ by `step`."""
        self.checks += 1
        if got == expected:
            return
        if isinstance(got, bytes) and isinstance(expected, bytes) and len(got) == len(expected):
            steps = [abs(a - b) for a, b in zip(got, expected)]
            if max(steps) <= step:
                return
            self.failures.append(f"{name}: {sum(s > 0 for s in steps)} of {len(steps)} bytes differ, by up to {max(steps)}")
        else:
            self.failures.append(f"{name}: got {str(got)[:200]}, expected {str(expected)[:200]}")


def picture(mode, size, seed=0):
    """Waves with noise: smooth parts for the codecs, hard ones for the resizers."""
    chance = random.Random(f"{mode}{size}{seed}")
    channels = len(Image.new(mode, (1, 1)).getbands())
    data = bytearray()
    for y in range(size[1]):
        for x in range(size[0]):
            for c in range(channels):
                wave = 128 + 100 * math.sin(x / (3 + c) + y / (5 + seed)) + chance.randint(-40, 40)
                data.append(min(255, max(0, int(wave))))
    if mode == "1":
        return picture("L", size, seed).convert("1")
    if mode == "P":
        return picture("RGB", size, seed).quantize(37)
    return Image.frombytes(mode, size, bytes(data))


# PNG, written here because Pillow writes neither interlaced files nor all depths.


def png(width, height, depth, colour, pixels, extra=(), interlaced=False):
    """pixels[y][x] is a tuple of samples."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    def pack(rows):
        raw = b""
        for row in rows:
            bits = "".join(format(sample, f"0{depth}b") for pixel in row for sample in pixel)
            bits += "0" * (-len(bits) % 8)
            raw += b"\0" + int(bits, 2).to_bytes(len(bits) // 8, "big")
        return raw

    passes = [(0, 0, 1, 1)]
    if interlaced:
        passes = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
    raw = b""
    for left, top, step_x, step_y in passes:
        rows = [row[left::step_x] for row in pixels[top::step_y]]
        if rows and rows[0]:
            raw += pack(rows)
    data = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlaced))
    for kind, content in extra:
        data += chunk(kind, content)
    return data + chunk(b"IDAT", zlib.compress(raw)) + chunk(b"IEND", b"")


def png_files():
    chance = random.Random(7)
    for colour, channels, depths in [(0, 1, (1, 2, 4, 8, 16)), (2, 3, (8, 16)), (3, 1, (1, 2, 4, 8)), (4, 2, (8, 16)), (6, 4, (8, 16))]:
        for depth in depths:
            for interlaced in (False, True):
                for width, height in [(1, 1), (3, 5), (19, 13)]:
                    largest = (1 << depth) - 1
                    pixels = [[tuple(chance.choice([chance.randint(0, largest), chance.randint(0, min(largest, 400))])
                                     for _ in range(channels)) for _ in range(width)] for _ in range(height)]
                    entries = min(1 << depth, 200)
                    if colour == 3:
                        pixels = [[(min(p[0], entries - 1),) for p in row] for row in pixels]
                    palette = [(b"PLTE", bytes(chance.randint(0, 255) for _ in range(3 * entries)))] if colour == 3 else []
                    transparent = {0: struct.pack(">H", min(3, largest)), 2: struct.pack(">HHH", 1, 2, 3), 3: b"\0\x80"[:entries]}
                    variants = [("", [])]
                    if colour in transparent:
                        variants.append((" with tRNS", [(b"tRNS", transparent[colour])]))
                    variants.append((" with gamma", [(b"gAMA", struct.pack(">I", 100000))]))
                    for label, extra in variants:
                        extra = extra + palette if "gamma" in label else palette + extra
                        name = f"PNG colour {colour} depth {depth} {width}x{height}{' interlaced' if interlaced else ''}{label}"
                        yield name, png(width, height, depth, colour, pixels, extra, interlaced)


def jpeg_files():
    for size in [(1, 1), (7, 9), (16, 16), (61, 47)]:
        for mode in ("L", "RGB", "CMYK"):
            image = picture(mode, size)
            for quality in (30, 90, 100):
                for subsampling in (0, 1, 2) if mode != "L" else (0,):
                    for progressive in (False, True):
                        name = f"JPEG {mode} {size} quality {quality} subsampling {subsampling} progressive {progressive}"
                        yield name, saved(image, "JPEG", quality=quality, subsampling=subsampling, progressive=progressive)
    image = picture("RGB", (61, 47))
    yield "JPEG stored as RGB", saved(image, "JPEG", keep_rgb=True, subsampling=0)
    yield "JPEG with restarts", saved(image, "JPEG", restart_marker_blocks=3)
    yield "JPEG with something behind", saved(image, "JPEG") + b"something"
    cmyk = saved(picture("CMYK", (33, 21)), "JPEG", quality=90)
    adobe = cmyk.index(b"Adobe")
    yield "JPEG YCCK", cmyk[: adobe + 11] + b"\x02" + cmyk[adobe + 12 :]
    yield "JPEG CMYK without Adobe's marker", cmyk[: adobe - 4] + cmyk[adobe + 12 :]


def webp_files():
    for size in [(1, 1), (7, 9), (61, 47)]:
        for mode in ("RGB", "RGBA", "L"):
            image = picture(mode, size)
            for options in ({"quality": 50}, {"quality": 95, "method": 6}, {"lossless": True}, {"lossless": True, "exact": True}):
                yield f"WebP {mode} {size} {options}", saved(image, "WEBP", **options)
    frames = [picture("RGBA", (40, 30), seed) for seed in range(3)]
    yield "WebP animation", saved(frames[0], "WEBP", save_all=True, append_images=frames[1:], lossless=True)


def bmp_files():
    for size in [(1, 1), (7, 9), (33, 21)]:
        for mode in ("1", "L", "P", "RGB", "RGBA"):
            yield f"BMP {mode} {size}", saved(picture(mode, size), "BMP")
    yield "BMP of OS/2", b"BM" + struct.pack("<IIIIHHHH", 38, 0, 26, 12, 2, 1, 1, 24) + bytes(range(6)) + b"\0\0"
    for name, first, height in (("top row first", 54, -3), ("without the place of its pixels", 0, 3)):
        header = struct.pack("<IIIIiiHHIIiiII", 54 + 24, 0, first, 40, 2, height, 1, 24, 0, 0, 0, 0, 0, 0)
        yield f"BMP, {name}", b"BM" + header + bytes(range(24))
    for bits, pixels in ((1, 8), (4, 12), (8, 12)):
        palette = bytes([10, 20, 30, 0, 40, 50, 60, 0, 70, 80, 90, 0])[: 8 if bits == 1 else 12]
        header = struct.pack("<IIIIiiHHIIiiII", 0, 0, 54 + len(palette), 40, pixels, 1, 1, bits, 0, 0, 0, 0, len(palette) // 4, 0)
        yield f"BMP with a short palette of {bits} bits", b"BM" + header + palette + bytes(range(12))
    masks = struct.pack("<IIII", 0xFF000000, 0xFF0000, 0xFF00, 0xFF)
    header = struct.pack("<IIIIiiHHIIiiII", 0, 0, 122, 108, 5, 2, 1, 32, 3, 0, 0, 0, 0, 0)
    yield "BMP of 32 bits with masks", b"BM" + header + masks + bytes(52) + bytes(range(40))
    for name, masks in (("555", b""), ("565", struct.pack("<III", 0xF800, 0x07E0, 0x001F))):
        pixels = struct.pack("<18H", *(i * 3641 & 0xFFFF for i in range(18)))
        header = struct.pack("<IIIIiiHHIIiiII", 54 + len(masks) + 36, 0, 54 + len(masks), 40, 6, 3, 1, 16, 3 if masks else 0, 0, 0, 0, 0, 0)
        yield f"BMP of 16 bits, {name}", b"BM" + header + masks + pixels


def gif_files():
    return optional_files.gif_files(picture)


def check_decoders(probe, folder):
    for name, data in [*png_files(), *jpeg_files(), *webp_files(), *bmp_files()]:
        path = folder / "picture"  # no extension: the content must be enough
        path.write_bytes(data)
        expected = Image.open(io.BytesIO(data))
        orientation = expected.getexif().get(ORIENTATION, 1)
        expected = expected.convert("RGB")
        got = probe.decode(path)
        if isinstance(got, str):
            probe.check(name, got, "a picture")
            continue
        probe.check(name + ", size and orientation", got[:2], (expected.size, orientation))
        probe.check(name, got[2], expected.tobytes())


TURNS = {2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180, 4: Image.Transpose.FLIP_TOP_BOTTOM,
         5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_270, 7: Image.Transpose.TRANSVERSE,
         8: Image.Transpose.ROTATE_90}


def upright(got):
    size, orientation, pixels = got
    image = Image.frombytes("RGB", size, pixels)
    return image.transpose(TURNS[orientation]) if orientation in TURNS else image


def check_optional_decoders(probe, folder):
    """GIF, TIFF and AVIF, as far as this build reads them: upright, as Pillow gives TIFF."""
    path = folder / "picture"
    families = [optional_files.gif_files, optional_files.tiff_files]
    if features.check("avif"):
        families.append(optional_files.avif_files)
    for family in families:
        for name, data in family(picture):
            path.write_bytes(data)
            got = probe.decode(path)
            if isinstance(got, str) and "it was built without" in got:
                print(f"{family.__name__}: {got}")
                break
            try:
                image = Image.open(io.BytesIO(data))
                image.load()
            except Exception:
                continue  # Pillow reads less
            expected = ImageOps.exif_transpose(image.convert("RGB"))
            if isinstance(got, str):
                probe.check(name, got, "a picture")
                continue
            got = upright(got)
            probe.check(name + ", size", got.size, expected.size)
            probe.check(name, got.tobytes(), expected.tobytes())


def check_heic(probe, folder):
    try:
        files = optional_files.heic_files(picture)
        first = next(files)
    except ImportError:
        print("heic_files: needs pillow-heif")
        return
    path = folder / "picture"
    checked, equal, furthest = 0, 0, 0
    for name, data, step in itertools.chain([first], files):
        path.write_bytes(data)
        got = probe.decode(path)
        if isinstance(got, str) and "it was built without" in got:
            print(f"heic_files: {got}")
            return
        expected = ImageOps.exif_transpose(Image.open(io.BytesIO(data))).convert("RGB")
        if isinstance(got, str):
            probe.check(name, got, "a picture")
            continue
        probe.check(name + ", size and orientation", got[:2], (expected.size, 1))
        probe.check(name, got[2], expected.tobytes(), step)
        checked += 1
        equal += got[2] == expected.tobytes()
        furthest = max(furthest, *(abs(a - b) for a, b in zip(got[2], expected.tobytes())))
    print(f"HEIC: {equal} of {checked} pictures equal, the others by up to {furthest}")


def check_srgb(probe, folder):
    """Colours of other profiles as sRGB. Kinds of files that need no profile to be decoded are checked elsewhere."""
    path = folder / "picture"
    srgb = ImageCms.createProfile("sRGB")
    checked, equal, furthest = 0, 0, 0
    for label, profile, step in optional_files.profiles():
        opened = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        for kind, modes in (("JPEG", ("RGB",)), ("PNG", ("RGB", "RGBA", "P")), ("WEBP", ("RGB", "RGBA")), ("TIFF", ("RGB",))):
            for mode, size in itertools.product(modes, [(1, 1), (61, 47), (130, 97)]):
                name = f"{kind} {mode} {size} of {label}"
                path.write_bytes(saved(picture(mode, size), kind, icc_profile=profile))
                got = probe.decode(path, "srgb")
                if isinstance(got, str) and "it was built without" in got:
                    print(f"srgb: {got}")
                    return
                stored = Image.open(path).convert("RGB")
                expected = ImageCms.profileToProfile(stored, opened, srgb, ImageCms.Intent.PERCEPTUAL)
                probe.check(name + " differs from what is stored", stored.tobytes() == expected.tobytes() and size != (1, 1), False)
                if isinstance(got, str):
                    probe.check(name, got, "a picture")
                    continue
                probe.check(name, got[2], expected.tobytes(), step)
                checked += 1
                equal += got[2] == expected.tobytes()
                furthest = max(furthest, *(abs(a - b) for a, b in zip(got[2], expected.tobytes())))
    print(f"sRGB: {equal} of {checked} pictures equal, the others by up to {furthest}")


def exif_block(orientation=None):
    exif = Image.Exif()
    exif[0x010F] = "maker"
    if orientation is not None:
        exif[ORIENTATION] = orientation
    return exif.tobytes()


def xmp_block(orientation, form):
    value = f'tiff:Orientation="{orientation}"/>' if form == "attribute" else \
        f"><tiff:Orientation>{orientation}</tiff:Orientation></rdf:Description>"
    return f"<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF><rdf:Description {value}</rdf:RDF></x:xmpmeta>".encode()


def raw_profile(kind, content):
    lines = content.hex()
    lines = "\n".join(lines[at:at + 72] for at in range(0, len(lines), 72))
    return f"\n{kind}\n{len(content):8}\n{lines}\n".encode()


def metadata_files():
    """(name, file, whether Pillow reads that kind) for every place where an orientation can be."""
    image = picture("RGB", (9, 7))
    pixels = [[image.getpixel((x, y)) for x in range(9)] for y in range(7)]
    tiff = exif_block(6)[6:]

    def text(kind, keyword, content):
        between = {b"tEXt": b"\0", b"zTXt": b"\0\0", b"iTXt": b"\0\0\0\0\0", b"iTXz": b"\0\1\0\0\0"}[kind]
        packed = zlib.compress(content) if kind in (b"zTXt", b"iTXz") else content
        return kind.replace(b"z", b"t") if kind == b"iTXz" else kind, keyword.encode() + between + packed

    raw = raw_profile("exif", exif_block(8))
    png_cases = {
        "eXIf": [(b"eXIf", tiff)],
        "eXIf and another raw profile": [text(b"zTXt", "Raw profile type exif", raw), (b"eXIf", tiff)],
        "raw profile, packed": [text(b"zTXt", "Raw profile type exif", raw)],
        "raw profile, plain": [text(b"tEXt", "Raw profile type exif", raw)],
        "XMP": [text(b"iTXt", "XML:com.adobe.xmp", xmp_block(5, "attribute"))],
        "XMP, packed": [text(b"iTXz", "XML:com.adobe.xmp", xmp_block(7, "element"))],
        "XMP as plain text": [text(b"tEXt", "XML:com.adobe.xmp", xmp_block(3, "element"))],
        "XMP behind EXIF without orientation": [(b"eXIf", exif_block()[6:]), text(b"iTXt", "XML:com.adobe.xmp", xmp_block(2, "element"))],
        "XMP behind EXIF of 0": [(b"eXIf", exif_block(0)[6:]), text(b"iTXt", "XML:com.adobe.xmp", xmp_block(2, "element"))],
        "text that is no zlib stream": [(b"zTXt", b"Raw profile type exif\0\0nonsense"), (b"eXIf", tiff)],
        "text without end of keyword": [(b"tEXt", b"nonsense"), (b"eXIf", tiff)],
    }
    for name, chunks in png_cases.items():
        data = png(9, 7, 8, 2, pixels, chunks)
        yield f"PNG, {name}", data
        at = data.index(b"IDAT") - 4  # the same chunks behind the pixels
        begin, end = 33, data.index(b"IEND") - 4
        yield f"PNG, {name}, behind the pixels", data[:begin] + data[at:end] + data[begin:at] + data[end:]
    for form in ("attribute", "element"):
        xmp = xmp_block(6, form)
        yield f"JPEG, XMP {form}", saved(image, "JPEG", xmp=xmp)
        yield f"JPEG, XMP {form} and EXIF", saved(image, "JPEG", xmp=xmp, exif=exif_block(3))
        yield f"JPEG, XMP {form} and EXIF without", saved(image, "JPEG", xmp=xmp, exif=exif_block())
        yield f"WebP, XMP {form}", saved(image, "WEBP", xmp=xmp)
        yield f"WebP, XMP {form} and EXIF of 9", saved(image, "WEBP", xmp=xmp, exif=exif_block(9))
    app1 = lambda content: b"\xff\xe1" + struct.pack(">H", len(content) + 2) + content
    jpeg = saved(image, "JPEG")
    prefix = b"http://ns.adobe.com/xap/1.0/\0"
    yield "JPEG, two XMP segments", jpeg[:2] + app1(prefix + xmp_block(6, "element")) + app1(prefix + xmp_block(8, "element")) + jpeg[2:]
    block = exif_block(6)
    yield "JPEG, EXIF in two segments", jpeg[:2] + app1(block[:20]) + app1(block[:6] + block[20:]) + jpeg[2:]
    yield "JPEG, EXIF with two prefixes", jpeg[:2] + app1(block[:6] + block) + jpeg[2:]


def check_metadata(probe, folder):
    path = folder / "described"
    for name, data in metadata_files():
        path.write_bytes(data)
        expected = Image.open(path).getexif().get(ORIENTATION, 1)
        got = probe.decode(path)
        probe.check(name, got if isinstance(got, str) else got[1], expected if expected in range(1, 9) else 1)
    # ImageMagick's older name, which Pillow does not read.
    image = picture("RGB", (3, 2))
    pixels = [[image.getpixel((x, y)) for x in range(3)] for y in range(2)]
    content = raw_profile("APP1", exif_block(6))
    path.write_bytes(png(3, 2, 8, 2, pixels, [(b"zTXt", b"Raw profile type APP1\0\0" + zlib.compress(content))]))
    probe.check("PNG, raw profile of APP1", probe.decode(path)[1], 6)


def damaged(data, chance):
    data = bytearray(data)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(min(len(data), 80) if chance.random() < 0.5 else len(data))
        kind, count = chance.randrange(4), chance.randint(1, 8)
        if kind < 2:
            data[at] = chance.choice([0, 1, 0x7F, 0x80, 0xFE, 0xFF, chance.randrange(256)])
        elif kind == 2:
            data[at] ^= 1 << chance.randrange(8)
        elif len(data) > 40:
            data[at:at + count] = chance.choice([b"", bytes(data[at:at + count]) * 2])
    return bytes(data)


def check_damage(probe, folder):
    """Damaged files that both open show the same pixels; what Pillow finds broken or truncated is not opened."""
    path = folder / "damaged"
    chance = random.Random(11)
    opened = 0
    for files in (jpeg_files, bmp_files, webp_files, gif_files):
        good = [data for _, data in files() if len(data) < 4000]
        for i in range(1500):
            data = damaged(chance.choice(good), chance)
            path.write_bytes(data)
            got = probe.decode(path)
            try:
                image = Image.open(io.BytesIO(data))
                expected = image.convert("RGB").tobytes() if image.width * image.height < 1 << 20 else None
            except Exception as error:
                if "broken data stream" in str(error) or "truncated" in str(error):
                    probe.check(f"{files.__name__}, damage {i}", isinstance(got, str), True)
                continue
            if not isinstance(got, str) and expected is not None and image.mode != "1":
                opened += 1
                probe.check(f"{files.__name__}, damage {i}", got[2], expected)
    print(f"{opened} damaged files were opened")


def check_orientations(probe, folder):
    image = picture("RGB", (45, 31))
    for kind in ("JPEG", "PNG", "WEBP"):
        for orientation in range(0, 10):
            exif = Image.Exif()
            exif[ORIENTATION] = orientation
            path = folder / "oriented"
            path.write_bytes(saved(image, kind, exif=exif))
            upright = ImageOps.exif_transpose(Image.open(path).convert("RGB"))
            for mode in ("squash", "crop"):
                got = probe.input(path, 20, 28, mode=mode)
                box = None if mode == "squash" else centre_box(upright.size, (28, 20), 0.875)
                probe.check(f"{kind} orientation {orientation} {mode}", got, resized(upright, (28, 20), "bilinear", box))


FILTERS = {name: Image.Resampling[name.upper()] for name in ("nearest", "box", "bilinear", "hamming", "bicubic", "lanczos")}


def horizontal_first(image, size, filter):
    return image.resize((size[0], image.height), FILTERS[filter]).resize(size, FILTERS[filter])


def vertical_first(image, size, filter):
    return image.resize((image.width, size[1]), FILTERS[filter]).resize(size, FILTERS[filter])


def pillow_resize(image, size, filter):
    """As Pillow 13 does it; the versions before always went horizontally first."""
    if int(PIL.__version__.split(".")[0]) >= 13 or filter == "nearest":
        return image.resize(size, FILTERS[filter])
    rows_gone, columns_gone = image.height - size[1], image.width - size[0]
    return (vertical_first if rows_gone > max(0, 2 * columns_gone) else horizontal_first)(image, size, filter)


def resized(image, size, filter, box=None):
    return pillow_resize(image.crop(box) if box else image, size, filter).tobytes()


def centre_box(size, target, fraction):
    """The centre in the proportions of the target: a square for a square."""
    wide = size[0] * target[1] >= size[1] * target[0]
    part = (size[1] * target[0] // target[1], size[1]) if wide else (size[0], size[0] * target[1] // target[0])
    width, height = (max(1, int(fraction * side)) for side in part)
    left, top = (size[0] - width) // 2, (size[1] - height) // 2
    return left, top, left + width, top + height


def check_resizers(probe, folder):
    path = folder / "picture.png"
    chance = random.Random(3)
    sizes = [(1, 1), (1, 17), (17, 1), (2, 2), (16, 16), (33, 47), (100, 75), (224, 224), (301, 7), (640, 3)]
    sizes += [(chance.randint(1, 150), chance.randint(1, 150)) for _ in range(20)]
    targets = [(1, 1), (2, 3), (16, 16), (24, 17), (96, 96)]
    for size in sizes:
        image = picture("RGB", size, 1)
        image.save(path)
        for width, height in targets + [(chance.randint(1, 120), chance.randint(1, 120)), size]:
            for filter in FILTERS:
                name = f"{size} {filter} to {(width, height)}"
                probe.check("squash " + name, probe.input(path, height, width, mode="squash", filter=filter),
                            resized(image, (width, height), filter))
                fraction = chance.choice([0.875, 1.0, 0.5, 0.33])
                probe.check(f"crop {fraction} " + name,
                            probe.input(path, height, width, mode="crop", filter=filter, fraction=fraction),
                            resized(image, (width, height), filter, centre_box(size, (width, height), fraction)))
                left, top = (int((side - side * fraction) / 2) for side in size)
                probe.check(f"central crop {fraction} " + name,
                            probe.input(path, height, width, mode="central_crop", filter=filter, fraction=fraction),
                            resized(image, (width, height), filter, (left, top, size[0] - left, size[1] - top)))


def resized_to_edge(image, edge, filter, resize):
    width, height = image.size
    size = (edge, int(edge * height / width)) if width <= height else (int(edge * width / height), edge)
    return resize(image, size, filter)


def centre_window(image, width, height, rounding):
    """torchvision pads first, then rounds half to even; Hugging Face pads alike and truncates."""
    pad_left, pad_top = max(0, (width - image.width) // 2), max(0, (height - image.height) // 2)
    canvas = Image.new("RGB", (max(width, image.width), max(height, image.height)))
    canvas.paste(image, (pad_left, pad_top))
    half = (lambda margin: round(margin / 2)) if rounding == "half_even" else (lambda margin: margin // 2)
    left, top = half(canvas.width - width), half(canvas.height - height)
    return canvas.crop((left, top, left + width, top + height)).tobytes()


def check_edge_crops(probe, folder):
    path = folder / "picture.png"
    chance = random.Random(5)
    for size in [(1, 1), (1, 40), (40, 1), (31, 32), (57, 40), (40, 57), (101, 99), (200, 33), (33, 200)]:
        image = picture("RGB", size, 2)
        image.save(path)
        for crop, edge in [(32, 36), (32, 37), (33, 36), (24, 24), (28, 20), (27, 20), (17, 8), (chance.randint(1, 50), chance.randint(1, 50))]:
            for filter in FILTERS:
                for rounding in ("down", "half_even") if filter != "nearest" else ("half_even",):
                    got = probe.input(path, crop, crop, mode="shortest_edge", filter=filter, rounding=rounding,
                                      edge=edge, resampler="torchvision" if rounding == "down" else "pillow")
                    resize = horizontal_first if rounding == "down" else pillow_resize  # torchvision's kernels, Pillow's
                    expected = centre_window(resized_to_edge(image, edge, filter, resize), crop, crop, rounding)
                    probe.check(f"{size} edge {edge} crop {crop} {filter} {rounding}", got, expected)


def check_padding(probe, folder):
    path = folder / "picture.png"
    for size in [(1, 1), (1, 90), (90, 1), (50, 50), (64, 48), (48, 64), (97, 31)]:
        image = picture("RGB", size, 3)
        image.save(path)
        for side in (16, 33, 50):
            width = side if size[0] >= size[1] else max(1, side * size[0] // size[1])
            height = side if size[1] >= size[0] else max(1, side * size[1] // size[0])
            canvas = Image.new("RGB", (side, side), (128, 128, 128))
            canvas.paste(pillow_resize(image, (width, height), "bilinear"), (0, 0))
            probe.check(f"{size} padded to {side}", probe.input(path, side, side, mode="pad"), canvas.tobytes())


def letterboxed(image, side, resize_to, fill):
    """timm's ResizeKeepRatio(longest=1) and CenterCropOrPad."""
    ratio = max(image.width / resize_to, image.height / resize_to)
    inner = pillow_resize(image, tuple(max(1, round(s / ratio)) for s in image.size), "bilinear")
    canvas = Image.new("RGB", (max(side, inner.width), max(side, inner.height)), (fill,) * 3)
    canvas.paste(inner, (max(0, (side - inner.width) // 2), max(0, (side - inner.height) // 2)))
    left, top = round((canvas.width - side) / 2), round((canvas.height - side) / 2)
    return canvas.crop((left, top, left + side, top + side)).tobytes()


def check_other_modes(probe, folder):
    path = folder / "picture.png"
    for size in [(1, 1), (1, 90), (90, 1), (50, 50), (64, 48), (48, 64), (97, 31)]:
        image = picture("RGB", size, 4)
        image.save(path)
        for side, edge in [(16, 16), (33, 37), (50, 57), (24, 20)]:
            common = {"rounding": "half_even", "edge": edge}
            got = probe.input(path, side, side, mode="fit", fill=104, **common)
            probe.check(f"{size} in a box of {edge}, cut to {side}", got, letterboxed(image, side, edge, 104))
            squashed = pillow_resize(image, (edge, edge), "bicubic")
            got = probe.input(path, side, side, mode="squash", filter="bicubic", **common)
            probe.check(f"{size} squashed to {edge}, cut to {side}", got, centre_window(squashed, side, side, "half_even"))
            got = probe.input(path, side, side, mode="keep")
            probe.check(f"{size} cut to {side}", got, centre_window(image, side, side, "down"))
        for width, height, across, down in [(24, 16, 27, 18), (16, 40, 18, 45)]:
            ratio = min(size[0] / across, size[1] / down)
            inner = pillow_resize(image, tuple(max(1, round(s / ratio)) for s in size), "bilinear")
            got = probe.input(path, height, width, mode="cover", rounding="half_even", resize_height=down, resize_width=across)
            probe.check(f"{size} covers {across}x{down}", got, centre_window(inner, width, height, "half_even"))


def check_refusals(probe, folder):
    """What Pillow refuses as truncated is refused here too."""
    path = folder / "cut"
    image = picture("RGB", (24, 18))
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    files = [saved(image, "JPEG", exif=exif), saved(image, "JPEG", progressive=True), saved(image, "PNG", exif=exif),
             saved(image, "WEBP", exif=exif), saved(image, "BMP"), saved(picture("P", (24, 18)), "BMP"),
             saved(image, "GIF"), saved(image, "GIF", interlace=1)]
    stricter = 0
    for data in files:
        for length in range(len(data) + 1):
            path.write_bytes(data[:length])
            try:
                Image.open(path).load()
                readable = True
            except Exception:
                readable = False
            accepted = not isinstance(probe.decode(path), str)
            if accepted or length == len(data):
                probe.check(f"{data[:4]} cut to {length} of {len(data)}", accepted, readable)
            stricter += readable and not accepted
    print(f"{stricter} cut files are refused that Pillow still reads")


def main():
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        probe = Probe(sys.argv[1], folder)
        for check in (check_decoders, check_optional_decoders, check_heic, check_srgb, check_metadata, check_damage, check_orientations, check_resizers, check_edge_crops, check_padding, check_other_modes, check_refusals):
            check(probe, folder)
    for failure in probe.failures[:40]:
        print(failure)
    print(f"{probe.checks} comparisons, {len(probe.failures)} differ")
    return 1 if probe.failures or not probe.checks else 0


if __name__ == "__main__":
    sys.exit(main())
