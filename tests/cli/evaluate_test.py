# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The mobilenet.cpp authors
"""mobilenet evaluate: figures equal to what others compute from the same answers.

Boxes are compared with pycocotools where $MOBILENET_PYTHON or the running Python has it.
"""

import json
import os
import pathlib
import random
import struct
import subprocess
import sys
import unittest
import zlib

from program import ProgramTest, main, mobilenet

DETECTOR = "ssd_mobilenet_v1:0.25:96:5"
SEGMENTER = "deeplab_mobilenet_v2:0.35:65:5"
FIGURES = ["AP", "AP50", "AP75", "APs", "APm", "APl", "AR1", "AR10", "AR100", "ARs", "ARm", "ARl"]
SAME_FIGURE = 1e-6  # sums of at most a few thousand numbers up to 1, in another order
SAME_AP = 0.002     # detections are rounded to two decimals in files, and pixels of JPEG decoders differ by one

ORACLE = """
import contextlib, io, json, sys
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval
with contextlib.redirect_stdout(io.StringIO()):
    truth = COCO(sys.argv[1])
    judge = COCOeval(truth, truth.loadRes(sys.argv[2]), "bbox")
    if len(sys.argv) > 3:
        judge.params.imgIds = json.loads(sys.argv[3])
    judge.evaluate(), judge.accumulate(), judge.summarize()
print(json.dumps(judge.stats.tolist()))
"""


def python_with_pycocotools():
    for python in filter(None, [os.environ.get("MOBILENET_PYTHON"), sys.executable]):
        try:
            if subprocess.run([python, "-c", "import pycocotools.cocoeval"], capture_output=True).returncode == 0:
                return python
        except OSError:
            pass
    return None


def test_data():
    here = pathlib.Path(__file__).resolve().parents[2]
    path = pathlib.Path(os.environ.get("MOBILENET_TEST_DATA", here / "../shared/data"))
    return path if (path / "models").is_dir() else None


def indexed_png(width, height, pixels, bits=8):
    rows = bytearray()
    for y in range(height):
        row = pixels[y * width:(y + 1) * width]
        per_byte = 8 // bits
        row = list(row) + [0] * (-len(row) % per_byte)
        rows.append(0)
        for x in range(0, len(row), per_byte):
            rows.append(sum(value << (8 - bits * (i + 1)) for i, value in enumerate(row[x:x + per_byte])))
    chunk = lambda kind, data: struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    head = struct.pack(">IIBBBBB", width, height, bits, 3, 0, 0, 0)
    palette = bytes(random.Random(1).randrange(256) for _ in range(3 * 2**bits))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"PLTE", palette) +
            chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def read_indexed_png(data):
    """(width, height, pixels) of an indexed PNG of 8 bits without interlacing, with any filters."""
    at, packed = 8, b""
    while at < len(data):
        length, kind = struct.unpack(">I4s", data[at:at + 8])
        content = data[at + 8:at + 8 + length]
        if kind == b"IHDR":
            width, height, bits, colour, _, _, interlaced = struct.unpack(">IIBBBBB", content)
            assert (bits, colour, interlaced) == (8, 3, 0)
        if kind == b"IDAT":
            packed += content
        at += length + 12
    raw, pixels, above = zlib.decompress(packed), bytearray(), bytearray(width)
    for y in range(height):
        kind, row = raw[y * (width + 1)], bytearray(raw[y * (width + 1) + 1:(y + 1) * (width + 1)])
        for x in range(width):
            left, up, corner = (row[x - 1] if x else 0), above[x], (above[x - 1] if x else 0)
            nearest = min((abs(up - corner), 0, left), (abs(left - corner), 1, up),
                          (abs(left + up - 2 * corner), 2, corner))[2]
            row[x] = (row[x] + [0, left, up, (left + up) // 2, nearest][kind]) % 256
        pixels += row
        above = row
    return width, height, bytes(pixels)


def random_world(seed, pictures=12, categories=4):
    """COCO's instances and results in which everything happens: crowds, ties, doubles, empty categories."""
    rng = random.Random(seed)
    side = lambda: round(rng.choice([8, 24, 60, 130, 300]) * rng.uniform(0.7, 1.4), 2)
    box = lambda: [round(rng.uniform(0, 400), 2), round(rng.uniform(0, 400), 2), side(), side()]
    shaken = lambda b, by: [round(v + by * rng.uniform(-1, 1) * b[2 + i % 2], 2) for i, v in enumerate(b)]
    ids = rng.sample(range(1, 1000), pictures)
    truth = {"images": [{"id": i, "file_name": f"{i:012}.jpg"} for i in ids], "annotations": [],
             "categories": [{"id": 3 * i + 1, "name": f"thing {i}"} for i in range(categories + 1)]}
    results = []
    for image in ids:
        for _ in range(rng.randrange(14)):
            category, b = 3 * rng.randrange(categories) + 1, box()
            truth["annotations"].append({"id": len(truth["annotations"]) + 1, "image_id": image, "bbox": b,
                                         "category_id": category, "iscrowd": int(rng.random() < 0.15),
                                         "area": round(b[2] * b[3] * rng.uniform(0.3, 1), 2)})
            for _ in range(rng.choice([0, 1, 1, 1, 2, 5])):
                results.append({"image_id": image, "bbox": shaken(b, rng.choice([0, 0.03, 0.1, 0.3])),
                                "category_id": category if rng.random() < 0.9 else 999,
                                "score": rng.choice([0.25, 0.5, round(rng.random(), 3)])})
        for _ in range(rng.choice([0, 3, 130 if seed % 2 else 3])):
            results.append({"image_id": image, "category_id": 1, "bbox": box(), "score": round(rng.random(), 2)})
    rng.shuffle(results)
    return truth, results


class EvaluateTest(ProgramTest):
    def evaluate(self, *arguments):
        result = mobilenet("evaluate", "--json", *arguments)
        self.assertEqual(result.code, 0, result.err)
        line, = result.lines()
        return line

    def write_json(self, name, value):
        self.path(name).write_text(json.dumps(value))
        return self.path(name)

    def assertAgree(self, line, truth, results, *pictures):
        python = python_with_pycocotools()
        if python is None:
            self.skipTest("needs a Python with pycocotools: set MOBILENET_PYTHON to it")
        done = subprocess.run([python, "-c", ORACLE, truth, results, *map(json.dumps, pictures)],
                              capture_output=True, check=True)
        for name, expected in zip(FIGURES, json.loads(done.stdout)):
            self.assertAlmostEqual(line[name], expected, delta=SAME_FIGURE, msg=name)


class Evaluate(EvaluateTest):
    def test_results_of_random_worlds(self):
        for seed in range(6):
            with self.subTest(seed=seed):
                truth, results = random_world(seed)
                truth, results = self.write_json("truth.json", truth), self.write_json("results.json", results)
                line = self.evaluate("--annotations", truth, "--results", results)
                self.assertEqual(list(line), ["task", "results", "annotations", "pictures", *FIGURES])
                self.assertEqual(line["pictures"], 12)
                self.assertTrue(0 < line["AP"] < 1)
                self.assertAgree(line, truth, results)

    def test_results_that_are_the_truth(self):
        truth, _ = random_world(1)
        for a in truth["annotations"]:
            a["iscrowd"] = 0
        found = [{key: a[key] for key in ("image_id", "category_id", "bbox")} | {"score": 1}
                 for a in truth["annotations"]]
        arguments = ("--annotations", self.write_json("t.json", truth), "--results", self.write_json("r.json", found))
        line = self.evaluate(*arguments)
        self.assertEqual((line["AP"], line["AP50"], line["AR100"]), (1, 1, 1))
        table = mobilenet("evaluate", *arguments)
        self.assertRegex(table.out, r"\n  AP     1\.0000  ")

    def test_a_detector(self):
        # What it finds first is the truth, so that some of it is right; --results on its own file must agree.
        found = self.path("found.json")
        detect = mobilenet("detect", "--model", DETECTOR, "--score", 0, "--coco", found, self.pictures)
        self.assertEqual(detect.code, 0, detect.err)
        results = json.loads(found.read_text())
        best = [r for i, r in enumerate(results) if i % 3 == 0]
        truth = {"images": [{"id": i, "file_name": f"{i}.png"} for i in range(3)],
                 "categories": [{"id": i} for i in range(1, 6)],
                 "annotations": [{"id": i + 1, "image_id": r["image_id"], "category_id": r["category_id"],
                                  "bbox": r["bbox"], "area": r["bbox"][2] * r["bbox"][3], "iscrowd": 0}
                                 for i, r in enumerate(best)]}
        truth = self.write_json("truth.json", truth)
        line = self.evaluate("--model", DETECTOR, "--annotations", truth, self.pictures)
        self.assertEqual(list(line), ["task", "model", "backend", "precision", "isa", "annotations", "pictures", *FIGURES])
        self.assertEqual((line["task"], line["pictures"]), ("detect", 3))
        twice = self.evaluate("--model", DETECTOR, "--annotations", truth, self.pictures, self.pictures)
        own = self.evaluate("--annotations", truth, "--results", found)
        for name in FIGURES:
            self.assertEqual(line[name], own[name], name)
            self.assertEqual(line[name], twice[name], name)
        one = self.evaluate("--model", DETECTOR, "--annotations", truth, self.pictures / "1.png")
        self.assertEqual(one["pictures"], 1)
        self.assertAgree(line, truth, found)
        self.assertAgree(one, truth, found, [1])

    def test_categories_are_matched_by_name(self):
        found, detector = self.path("found.json"), self.path("detector.safetensors")
        self.path("names.txt").write_text("cup\ndog\nred car\ntree\nship\n")
        made = mobilenet("convert", "--model", DETECTOR, "-o", detector, "--force")
        self.assertEqual(made.code, 0, made.err)
        model = ("--model", detector, "--labels", self.path("names.txt"))
        detect = mobilenet("detect", *model, "--score", 0, "--coco", found, "--force", self.pictures / "0.png")
        self.assertEqual(detect.code, 0, detect.err)
        results = json.loads(found.read_text())
        annotations = [{"id": i + 1, "image_id": 0, "category_id": r["category_id"], "bbox": r["bbox"], "iscrowd": 0}
                       for i, r in enumerate(results[:20])]

        def figures(names_by_id):
            numbers = {name: number for number, name in names_by_id.items()}
            own = dict(enumerate(("cup", "dog", "red car", "tree", "ship"), 1))
            truth = {"images": [{"id": 0, "file_name": "0.png"}],
                     "categories": [{"id": number, "name": name} for number, name in names_by_id.items()],
                     "annotations": [a | {"category_id": numbers[own[a["category_id"]]]} for a in annotations]}
            line = self.evaluate(*model, "--annotations", self.write_json("truth.json", truth), self.pictures / "0.png")
            return [line[name] for name in FIGURES]

        plain = figures({1: "cup", 2: "dog", 3: "red car", 4: "tree", 5: "ship"})
        self.assertGreater(plain[0], 0)
        self.assertEqual(figures({0: "cup", 1: "dog", 2: "red car", 3: "tree", 4: "ship"}), plain)
        self.assertEqual(figures({9: "cup", 8: "dog", 7: "red car", 3: "tree", 4: "ship"}), plain)
        strange = {"images": [{"id": 0, "file_name": "0.png"}], "annotations": [],
                   "categories": [{"id": 1, "name": "helmet"}]}
        result = mobilenet("evaluate", *model, "--annotations", self.write_json("strange.json", strange),
                           self.pictures / "0.png")
        self.assertEqual((result.code, result.out), (1, ""))
        self.assertIn("none of its categories (helmet) is a class of", result.err)

    def test_a_classifier(self):
        answers = mobilenet("classify", "--json", "--model", self.model, self.pictures).lines()
        order = [[c["index"] for c in answer["classes"]] for answer in answers]
        missed = next(i for i in range(10) if i not in order[2])
        self.path("labels.csv").write_text(f"image,label,more\n0.png,{order[0][0]},x\n1.png,{order[1][4]}\n2.png,{missed}\n")
        for batch in (1, 3):
            line = self.evaluate("--model", self.model, "--annotations", self.path("labels.csv"), "--batch", batch,
                                 self.pictures)
            self.assertEqual((line["task"], line["pictures"]), ("classify", 3))
            self.assertAlmostEqual(line["top1"], 1 / 3)
            self.assertAlmostEqual(line["top5"], 2 / 3)

    def test_a_segmenter(self):
        answers, masks = self.path("answers"), self.path("masks")
        masks.mkdir(exist_ok=True)
        done = mobilenet("segment", "--model", SEGMENTER, "--mask", answers, self.pictures)
        self.assertEqual(done.code, 0, done.err)
        rng = random.Random(1)
        counts = [[0] * 256 for _ in range(256)]
        for i in range(3):
            width, height, answer = read_indexed_png((answers / f"{i}.png").read_bytes())
            if i == 1:  # 2 bits a pixel
                bits, truth = 2, [rng.randrange(4) for _ in answer]
            else:
                bits, truth = 8, [rng.choice([a, a, 2, 9, 255]) for a in answer]
            (masks / f"{i}.png").write_bytes(indexed_png(width, height, truth, bits))
            for t, a in zip(truth, answer):
                counts[t][a] += t != 255
        line = self.evaluate("--model", SEGMENTER, "--annotations", masks, self.pictures)
        overlaps = {}
        for c in range(256):
            either = sum(counts[c]) + sum(row[c] for row in counts) - counts[c][c]
            if either:
                overlaps[c] = counts[c][c] / either
        self.assertEqual([c["index"] for c in line["classes"]], list(overlaps))
        self.assertCloseTo([c["iou"] for c in line["classes"]], list(overlaps.values()), SAME_FIGURE)
        self.assertAlmostEqual(line["mean_iou"], sum(overlaps.values()) / len(overlaps), delta=SAME_FIGURE)
        judged = sum(map(sum, counts))
        self.assertEqual(line["pixels"], judged)
        self.assertAlmostEqual(line["pixel_accuracy"], sum(counts[c][c] for c in range(256)) / judged, delta=SAME_FIGURE)
        own = self.evaluate("--model", SEGMENTER, "--annotations", answers, self.pictures)
        self.assertEqual((own["mean_iou"], own["pixel_accuracy"]), (1, 1))

    def test_what_cannot_be_judged(self):
        truth = self.write_json("empty.json", {"images": [], "annotations": [], "categories": []})
        self.path("one.csv").write_text("0.png,1\n")
        masks = self.path("bad masks")
        masks.mkdir()
        (masks / "0.png").write_bytes((self.pictures / "0.png").read_bytes())  # colours
        (masks / "1.png").write_bytes(indexed_png(3, 3, [0] * 9))              # another size
        cases = {
            "no such annotations": (["--model", self.model, "--annotations", self.path("missing.csv")], "missing.csv"),
            "a CSV for a detector": (["--model", DETECTOR, "--annotations", self.path("one.csv")], "JSON"),
            "a file for a segmenter": (["--model", SEGMENTER, "--annotations", truth], "folder"),
            "pictures without annotations": (["--model", DETECTOR, "--annotations", truth], "says nothing"),
            "some without": (["--model", self.model, "--annotations", self.path("one.csv"), "--batch", "3"], "2 of 3"),
            "masks that are none": (["--model", SEGMENTER, "--annotations", masks], "colours"),
            "masks of another size": (["--model", SEGMENTER, "--annotations", masks], "3x3"),
        }
        for name, (arguments, words) in cases.items():
            with self.subTest(name):
                result = mobilenet("evaluate", *arguments, self.pictures)
                self.assertEqual(result.code, 1)
                self.assertIn(words, result.err)
        broken = mobilenet("evaluate", "--annotations", truth, "--results", self.path("one.csv"))
        self.assertEqual((broken.code, broken.out), (1, ""))
        for wrong in ([], ["--annotations", truth], ["--annotations", truth, "--results", truth, self.pictures],
                      [self.pictures]):
            result = mobilenet("evaluate", *wrong)
            self.assertEqual((result.code, result.out), (2, ""), result.err)


@unittest.skipUnless(test_data(), "needs the real weights and pictures: set MOBILENET_TEST_DATA to their folder")
class RealDetections(EvaluateTest):
    def test_the_same_quality_as_the_source_framework(self):
        data, name = test_data(), "coco_ssd_mobilenet_v1_1.0_quant_2018_06_29"
        truth, results = data / "images/coco/instances.json", data / "expected/coco_detections" / (name + ".json")
        theirs = self.evaluate("--annotations", truth, "--results", results)
        ours = self.evaluate("--model", data / "models" / (name + ".tflite"), "--annotations", truth,
                             "--batch", 8, data / "images/coco")
        self.assertEqual(ours["pictures"], 64)
        self.assertAlmostEqual(ours["AP"], theirs["AP"], delta=SAME_AP)
        self.assertAgree(theirs, truth, results)


if __name__ == "__main__":
    main()
