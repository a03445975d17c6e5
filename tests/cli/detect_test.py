# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The mobilenet.cpp authors
"""mobilenet detect: answers, their schema, what chooses among them, COCO results and annotated pictures."""

import collections
import json
import shutil
import unittest

from photographs import instance_colour, test_data
from png_file import PngFile
from program import FLOAT_ANSWERS, SMALL, ProgramTest, main, mobilenet

DETECTOR = "ssdlite_mobilenet_v2:0.35:96:4"  # random weights
REAL = "models/coco_ssd_mobilenet_v1_1.0_quant_2018_06_29.tflite"

# Batches and single pictures take different paths through the kernels; float32 sums differ in their last bits.
SAME_SCORE = 1e-4
# Printed with six digits and more.
SAME_NUMBER = 1e-3
# Of a frame's pixels; plates and other frames lie over the rest.
VISIBLE = 0.6


class Detect(ProgramTest):
    def detect(self, *arguments, score=0):
        return mobilenet("detect", "--model", DETECTOR, "--score", score, *arguments)

    def found(self, *arguments, score=0):
        result = self.detect("--json", *arguments, score=score)
        self.assertEqual(result.code, 0, result.err)
        return [line["detections"] for line in result.lines()]

    def test_json_has_the_documented_keys(self):
        result = self.detect("--json", self.pictures / "0.png")
        self.assertEqual(result.code, 0, result.err)
        line, = result.lines()
        self.assertEqual(list(line), ["image", "task", "model", "backend", "precision", "isa", "milliseconds",
                                      "detections"])
        self.assertEqual((line["task"], line["model"]), ("detect", DETECTOR))
        self.assertIn(line["precision"], FLOAT_ANSWERS)
        self.assertEqual(list(line["milliseconds"]), ["decode", "preprocess", "network", "postprocess"])
        self.assertGreater(len(line["detections"]), 10)
        for found in line["detections"]:
            self.assertEqual(list(found), ["class", "label", "score", "box"])
            self.assertIs(type(found["class"]), int)
            self.assertIn(found["class"], range(4))
            self.assertIs(type(found["label"]), str)
            self.assertTrue(0 <= found["score"] <= 1)
            left, top, right, bottom = map(float, found["box"])
            self.assertTrue(left <= right and top <= bottom)
        default, = mobilenet("detect", "--json", "--model", DETECTOR, self.pictures / "0.png").lines()
        self.assertEqual(default["detections"], [found for found in line["detections"] if found["score"] >= 0.5])
        scores = [found["score"] for found in line["detections"]]
        self.assertEqual(scores, sorted(scores, reverse=True))

    def test_score_max_and_classes_choose_from_the_same_answer(self):
        picture = self.pictures / "0.png"
        everything, = self.found(picture)
        self.assertLessEqual(len(everything), 100)
        unlimited, = self.found("--limit", 65536, picture)
        self.assertEqual(unlimited[:len(everything)], everything)
        self.assertGreater(len(unlimited), len(everything))
        self.assertEqual(self.found("--limit", 3, picture), [everything[:3]])
        self.assertGreater(len(self.found("--limit", 65536, "--iou", 1, picture)[0]), len(unlimited))
        middle = everything[len(everything) // 2]["score"] + 1e-6
        chosen, = self.found(picture, score=middle)
        self.assertEqual(chosen, [found for found in everything if found["score"] >= middle])
        for most in (0, 1, 5):
            self.assertEqual(self.found("--max", most, picture), [everything[:most]])
        for choice in (("--classes", "1,3"), ("--exclude", "0,2")):
            self.assertEqual(self.found("--limit", 65536, *choice, picture),
                             [[found for found in unlimited if found["class"] in (1, 3)]])
        self.path("names.txt").write_text("cup\ndog\nred car\ntree\n")
        file = self.path("detector.safetensors")
        self.assertEqual(mobilenet("convert", "--model", DETECTOR, "-o", file, "--weights", "f32").code, 0)
        line, = mobilenet("detect", "--json", "--model", file, "--score", 0, "--labels", self.path("names.txt"),
                          "--classes", "dog,Red car", "--limit", 65536, picture).lines()
        named = line["detections"]
        self.assertEqual([found["box"] for found in named],
                         [found["box"] for found in unlimited if found["class"] in (1, 2)])
        self.assertEqual({found["label"] for found in named} - {"dog", "red car"}, set())
        unknown = self.detect("--classes", "dgo", picture)
        self.assertEqual((unknown.code, unknown.out), (2, ""))
        self.assertRegex(unknown.err, r"^mobilenet: [^\n]*'dgo'[^\n]*\n$")

    def test_clip_cuts_boxes_at_the_edges(self):
        width, height = 120, 90
        free, = self.found(self.pictures / "0.png")
        cut, = self.found("--clip", self.pictures / "0.png")
        self.assertNotEqual(free, cut)  # some reach beyond
        for a, b in zip(free, cut, strict=True):
            sides = [min(max(side, 0), limit) for side, limit in zip(a["box"], (width, height, width, height))]
            self.assertEqual(b["box"], sides)

    def test_coco_results(self):
        shutil.copy(self.pictures / "1.png", self.path("000000000139.png"))
        shutil.copy(self.pictures / "2.png", self.path("street.png"))
        names = [self.path("000000000139.png"), self.path("street.png")]
        found = self.found("--coco", self.path("coco.json"), *names)
        results = json.loads(self.path("coco.json").read_text())
        self.assertEqual(len(results), sum(map(len, found)))
        expected = [(image, answer) for image, answers in zip((139, "street"), found) for answer in answers]
        for result, (image, answer) in zip(results, expected):
            self.assertEqual(sorted(result), ["bbox", "category_id", "image_id", "score"])
            self.assertEqual((result["image_id"], result["category_id"]), (image, answer["class"] + 1))
            self.assertEqual(result["score"], answer["score"])
            left, top, right, bottom = answer["box"]
            for a, b in zip(result["bbox"], (left, top, right - left, bottom - top)):
                self.assertAlmostEqual(a, b, delta=SAME_NUMBER)
        nowhere = self.detect("--coco", self.path("missing") / "coco.json", names[0])
        self.assertEqual(nowhere.code, 1)

    def test_a_batch_gives_what_single_pictures_give(self):
        single = self.found(self.pictures)
        for batch in (2, 3, 8):
            for a, b in zip(self.found("--batch", batch, self.pictures), single, strict=True):
                self.assertCloseTo([found["score"] for found in a], [found["score"] for found in b], SAME_SCORE)

    def test_bad_pictures_keep_their_place(self):
        self.path("text.jpg").write_text("this is no picture")
        words = [self.path("missing.png"), self.pictures / "0.png", self.path("text.jpg"), self.pictures / "1.png"]
        coco = self.path("bad.json")
        for batch in (1, 3):
            result = self.detect("--json", "--batch", batch, "--coco", coco, "-o", self.path("bad") / "", "--force", *words)
            self.skip_without_drawing(result)
            self.assertEqual(result.code, 1)
            lines = result.lines()
            self.assertEqual([line["image"] for line in lines], [str(word) for word in words])
            self.assertEqual([i for i, line in enumerate(lines) if list(line) == ["image", "error"]], [0, 2])
            self.assertEqual({entry["image_id"] for entry in json.loads(coco.read_text())}, {0, 1})
            self.assertEqual(sorted(file.name for file in self.path("bad").iterdir()), ["0.png", "1.png"])

    def test_the_table_is_for_people(self):
        result = self.detect("--max", 2, self.pictures / "0.png")
        self.assertEqual(result.code, 0, result.err)
        lines = result.out.splitlines()
        self.assertIn("2 found", lines[0])
        self.assertRegex(lines[1], r"^ +[01]\.\d\d  .*\[\d\]  -?\d+,-?\d+ - -?\d+,-?\d+$")
        self.assertIn("nothing found", self.detect("--max", 0, self.pictures / "0.png").out)

    def test_wrong_use(self):
        picture = self.pictures / "0.png"
        for words in (["--score", "1.5"], ["--score", "nan"], ["--score", "-0.1"], ["--max", "-1"], ["--max", "few"],
                      ["--top", "3"], ["--coco"]):
            with self.subTest(words):
                result = mobilenet("detect", "--model", DETECTOR, picture, *words)
                self.assertEqual((result.code, result.out), (2, ""), result.err)
                self.assertRegex(result.err, r"^mobilenet: [^\n]+\nmobilenet: `mobilenet detect --help` [^\n]+\n$")
        self.assertEqual(mobilenet("detect", "--model", DETECTOR).code, 2)

    def test_classes_that_are_none(self):
        for words in ("4", "-1", "unicorn", "", "1,", "1,,2"):
            with self.subTest(words):
                result = self.detect("--classes", words, self.pictures / "0.png")
                self.assertEqual((result.code, result.out), (2, ""), result.err)
        self.assertEqual(self.found("--classes", " 1 , 2", self.pictures / "0.png"),
                         self.found("--classes", "1,2", self.pictures / "0.png"))

    def test_the_environment_names_a_model(self):
        result = mobilenet("detect", "--json", self.pictures / "0.png", env={"MOBILENET_MODEL": str(self.model)})
        self.assertEqual((result.code, result.out), (1, ""))
        self.assertIn("is no detector but a classifier; `mobilenet classify` runs it", result.err)

    def test_models_that_do_not_detect(self):
        result = mobilenet("detect", "--json", "--model", SMALL, self.pictures / "0.png")
        self.assertEqual((result.code, result.out), (1, ""))
        self.assertRegex(result.err, r"^mobilenet: [^\n]*is no detector[^\n]*\n$")

    def test_annotated_files_and_folders(self):
        result = self.detect("--json", "-o", self.path("one.jpg"), self.pictures / "0.png")
        self.skip_without_drawing(result)
        self.assertEqual(result.code, 0, result.err)
        self.assertEqual(result.lines()[0]["annotated"], str(self.path("one.jpg")))
        self.assertEqual(self.path("one.jpg").read_bytes()[:3], b"\xff\xd8\xff")
        result = self.detect("--json", "-o", self.path("all"), self.pictures)
        self.assertEqual([line["annotated"] for line in result.lines()],
                         [str(self.path("all") / f"{i}.png") for i in range(3)])
        drawn = PngFile(self.path("all") / "1.png")
        self.assertEqual((drawn.width, drawn.height), (64, 128))
        turned = self.detect("--orientation", 6, "-o", self.path("turned.png"), self.pictures / "1.png")
        self.assertEqual(turned.code, 0, turned.err)
        drawn = PngFile(self.path("turned.png"))
        self.assertEqual((drawn.width, drawn.height), (128, 64))
        shutil.copy(self.pictures / "0.png", self.path("own.png"))
        before = self.path("own.png").read_bytes()
        for words in ((self.path("own.png"),), (self.path(""),), (self.path("x.png"), "--coco", self.path("x.png"))):
            result = self.detect("-o", *words, "--force", self.path("own.png"))
            self.assertEqual((result.code, result.out), (2, ""), result.err)
            self.assertEqual(self.path("own.png").read_bytes(), before)
        for wrong in ("many.png", "one.gif"):
            result = self.detect("-o", self.path(wrong), self.pictures / "0.png", self.pictures / "1.png")
            self.assertEqual((result.code, result.out), (2, ""), result.err)
            self.assertFalse(self.path(wrong).exists())

    @unittest.skipUnless(test_data(), "needs the real weights and pictures: set MOBILENET_TEST_DATA to their folder")
    def test_frames_of_three_photographs_lie_where_the_json_says(self):
        for name in ("dogs.jpg", "cats_and_dogs.jpg", "bicycle.jpg"):
            with self.subTest(name):
                out = self.path(name).with_suffix(".png")
                result = mobilenet("detect", "--json", "--model", test_data() / REAL, "-o", out, "--classes",
                                   "person,bicycle,car,cat,dog", test_data() / "images/photos" / name)
                self.skip_without_drawing(result)
                self.assertEqual(result.code, 0, result.err)
                detections = result.lines()[0]["detections"]
                self.assertTrue(detections)
                picture, instances = PngFile(out), collections.Counter()
                for found in detections:
                    self.assertIn(found["label"], ("person", "bicycle", "car", "cat", "dog"))
                    points = frame_points(found["box"], picture)
                    colour = instance_colour(found["class"], instances[found["class"]])
                    instances[found["class"]] += 1
                    right = sum(picture.pixel(*point) == colour for point in points)
                    self.assertGreaterEqual(right, VISIBLE * len(points), found)


def frame_points(box, picture):
    """Pixels in the middle of a frame's line, away from its corners and from edges that the picture cuts."""
    left, top, right, bottom = (round(side) for side in box)
    columns = [(x, range(top, bottom)) for x in (left, right - 1) if 0 <= x < picture.width]
    rows = [(y, range(left, right)) for y in (top, bottom - 1) if 0 <= y < picture.height]
    inner = lambda line: line[len(line) // 8:len(line) - len(line) // 8]
    points = [(x, y) for x, line in columns for y in inner(line) if 0 <= y < picture.height]
    return points + [(x, y) for y, line in rows for x in inner(line) if 0 <= x < picture.width]


if __name__ == "__main__":
    main()
