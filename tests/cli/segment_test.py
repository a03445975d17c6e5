# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The mobilenet.cpp authors
"""mobilenet segment: answers, their schema, mask files and annotated pictures."""

import collections
import shutil
import unittest

from photographs import class_colour, test_data, voc_colour
from png_file import INDEXED, PngFile
from program import SMALL, ProgramTest, main, mobilenet

SEGMENTER = "deeplab_mobilenet_v2:0.35:97:4"  # random weights
REAL = "models/deeplabv3_257_mv_gpu.tflite"
DETECTOR = "models/coco_ssd_mobilenet_v1_1.0_quant_2018_06_29.tflite"

# A tinted pixel is the mean of the photograph and the colour, rounded.
ROUNDING = 1
# Far enough inside a region that no outline is there.
INSIDE = 8
# Of those pixels; the legend lies over the rest.
VISIBLE = 0.8


class Segment(ProgramTest):
    def segment(self, *arguments):
        return mobilenet("segment", "--model", SEGMENTER, *arguments)

    def test_json_and_mask_file_agree(self):
        for name, size in (("0", (120, 90)), ("1", (64, 128))):
            mask = self.path(f"mask{name}.png")
            result = self.segment("--json", "--mask", mask, self.pictures / f"{name}.png")
            self.assertEqual(result.code, 0, result.err)
            line, = result.lines()
            self.assertEqual(list(line), ["image", "task", "model", "backend", "precision", "isa", "milliseconds",
                                          "size", "classes", "mask"])
            self.assertEqual((line["task"], line["model"], line["mask"]), ("segment", SEGMENTER, str(mask)))
            self.assertEqual(tuple(line["size"]), size)
            file = PngFile(mask)
            self.assertEqual((file.kind, file.width, file.height), (INDEXED, *size))
            self.assertEqual(file.palette, [voc_colour(i) for i in range(len(file.palette))])
            counts = collections.Counter(b"".join(file.rows))
            self.assertLess(max(counts), len(file.palette))
            for entry in line["classes"]:
                self.assertEqual(list(entry), ["index", "label", "pixels"])
                self.assertIs(type(entry["index"]), int)
                self.assertIs(type(entry["label"]), str)
                self.assertIs(type(entry["pixels"]), int)
            self.assertEqual({entry["index"]: entry["pixels"] for entry in line["classes"]}, dict(counts))
            pixels = [entry["pixels"] for entry in line["classes"]]
            self.assertEqual(pixels, sorted(pixels, reverse=True))

    def test_without_mask_there_is_no_key(self):
        line, = self.segment("--json", self.pictures / "2.png").lines()
        self.assertEqual(list(line)[-2:], ["size", "classes"])
        self.assertEqual(sum(entry["pixels"] for entry in line["classes"]), 97 * 97)

    def test_orientation_turns_the_mask(self):
        result = self.segment("--json", "--orientation", 6, "--mask", self.path("turned.png"), self.pictures / "1.png")
        self.assertEqual(result.lines()[0]["size"], [128, 64])
        turned = PngFile(self.path("turned.png"))
        self.assertEqual((turned.width, turned.height), (128, 64))

    def test_masks_of_many_pictures_need_a_folder(self):
        result = self.segment("--json", "--mask", self.path("masks"), self.pictures)
        self.assertEqual(result.code, 0, result.err)
        masks = [str(self.path("masks") / f"{i}.png") for i in range(3)]
        self.assertEqual([line["mask"] for line in result.lines()], masks)
        result = self.segment("--mask", self.path("many.png"), self.pictures)
        self.assertEqual((result.code, result.out), (2, ""))
        self.assertFalse(self.path("many.png").exists())

    def test_bad_pictures_keep_their_place(self):
        self.path("text.jpg").write_text("this is no picture")
        words = [self.path("missing.png"), self.pictures / "0.png", self.path("text.jpg"), self.pictures / "1.png"]
        result = self.segment("--json", "--mask", self.path("some"), *words)
        self.assertEqual(result.code, 1)
        lines = result.lines()
        self.assertEqual([line["image"] for line in lines], [str(word) for word in words])
        self.assertEqual([i for i, line in enumerate(lines) if list(line) == ["image", "error"]], [0, 2])
        self.assertEqual(sorted(file.name for file in self.path("some").iterdir()), ["0.png", "1.png"])

    def test_nothing_that_is_read_is_written_and_nothing_is_written_twice(self):
        folder, other = self.path("ones"), self.path("others")
        folder.mkdir(), other.mkdir()
        for path in (folder / "a.png", other / "a.png", folder / "b.png"):
            shutil.copy(self.pictures / "0.png", path)
        before = (folder / "a.png").read_bytes()
        for words, sentence in (
                (["--mask", folder, folder], "would replace a file that this command reads"),
                (["--mask", folder / "a.png", folder / "a.png"], "would replace a file that this command reads"),
                (["--mask", folder / "../ones/a.png", folder / "a.png"], "would replace a file"),
                (["--mask", self.path("m.jpg"), folder / "a.png"], "masks are written to .png files"),
                (["--mask", self.path("m.PNG"), "-o", self.path("m.PNG"), folder / "a.png"], "both the annotated")):
            with self.subTest(words):
                result = self.segment("--force", *words)
                if "-o" in words:
                    self.skip_without_drawing(result)
                self.assertEqual((result.code, result.out), (2, ""), result.err)
                self.assertRegex(result.err, sentence)
                self.assertEqual((folder / "a.png").read_bytes(), before)

    def test_pictures_of_one_name_get_masks_of_their_own(self):
        ones, others = self.path("first"), self.path("second")
        for folder, picture in ((ones, "0.png"), (others, "1.png")):
            folder.mkdir()
            shutil.copy(self.pictures / picture, folder / "a.png")
        shutil.copy(self.pictures / "2.png", ones / "A.PNG")
        names = [ones / "A.PNG", ones / "a.png", others / "a.png", ones / "a.png"]
        lines = self.segment("--json", "--mask", self.path("numbered"), *names).lines()
        masks = [str(self.path("numbered") / name) for name in ("A.png", "a_2.png", "a_3.png", "a_4.png")]
        self.assertEqual([line["mask"] for line in lines], masks)
        self.assertEqual([(PngFile(mask).width, PngFile(mask).height) for mask in masks],
                         [(97, 97), (120, 90), (64, 128), (120, 90)])
        told = self.segment("--mask", self.path("told"), *names)
        self.assertIn(f"mask in {self.path('told') / 'a_3.png'}", told.out)

    def test_names_that_are_built_in(self):
        for classes, first, last in ((150, ["wall", "building"], "flag"), (151, ["background", "wall"], "flag"),
                                     (21, ["background", "aeroplane"], "tv")):
            file = self.path(f"{classes}.safetensors")
            made = mobilenet("convert", "--model", f"deeplab_mobilenet_v2:0.35:97:{classes}", "-o", file)
            self.assertEqual(made.code, 0, made.err)
            line, = mobilenet("info", "--json", file).lines()
            self.assertEqual((line["labels"][:2], line["labels"][-1], len(line["labels"])), (first, last, classes))

    def test_the_table_is_for_people(self):
        result = self.segment(self.pictures / "0.png")
        self.assertEqual(result.code, 0, result.err)
        self.assertRegex(result.out.splitlines()[1], r"^ +(\d+\.\d|<0\.1) %  .*\[\d\]$")

    def test_wrong_use_and_models_that_do_not_segment(self):
        for words in (["--score", "0.5"], ["--mask"], ["--size", "0"], ["--batch", "2"]):
            result = self.segment(self.pictures / "0.png", *words)
            self.assertEqual((result.code, result.out), (2, ""), result.err)
        result = mobilenet("segment", "--json", "--model", SMALL, self.pictures / "0.png")
        self.assertEqual((result.code, result.out), (1, ""))
        self.assertRegex(result.err, r"^mobilenet: [^\n]*is no segmenter[^\n]*\n$")
        detector = mobilenet("segment", "--model", "ssdlite_mobilenet_v2:0.35:96:4", self.pictures / "0.png")
        self.assertIn("is no segmenter but a detector; `mobilenet detect` runs it", detector.err)

    @unittest.skipUnless(test_data(), "needs the real weights and pictures: set MOBILENET_TEST_DATA to their folder")
    def test_tints_of_a_photograph_lie_where_the_mask_says(self):
        photograph = test_data() / "images/photos/cat.jpg"
        result = mobilenet("segment", "--json", "--model", test_data() / REAL, "--mask", self.path("cat-mask.png"), "-o",
                           self.path("cat-tinted.png"), photograph)
        self.skip_without_drawing(result)
        self.assertEqual(result.code, 0, result.err)
        line, = result.lines()
        self.assertEqual(line["annotated"], str(self.path("cat-tinted.png")))
        self.assertIn("cat", [entry["label"] for entry in line["classes"]])
        # The photograph as pixels: nothing is drawn when nothing may be found.
        plain = mobilenet("detect", "--max", 0, "--model", test_data() / DETECTOR, "-o", self.path("cat-plain.png"),
                          photograph)
        self.assertEqual(plain.code, 0, plain.err)
        mask, tinted, photo = (PngFile(self.path(f"cat-{name}.png")) for name in ("mask", "tinted", "plain"))
        self.assertEqual((tinted.width, tinted.height), (mask.width, mask.height))
        right, seen = collections.Counter(), collections.Counter()
        for y in range(INSIDE, mask.height - INSIDE, 3):
            for x in range(INSIDE, mask.width - INSIDE, 3):
                index = mask.rows[y][x]
                if any(mask.rows[y + dy][x + dx] != index for dy in (-INSIDE, 0, INSIDE) for dx in (-INSIDE, 0, INSIDE)):
                    continue
                expected = photo.pixel(x, y)
                if index != 0:
                    expected = [(a + b) / 2 for a, b in zip(expected, class_colour(index))]
                seen[index] += 1
                right[index] += all(abs(a - b) <= ROUNDING for a, b in zip(tinted.pixel(x, y), expected))
        self.assertGreater(len(seen), 1)
        for index, count in seen.items():
            if count > 100:
                self.assertGreaterEqual(right[index], VISIBLE * count, index)


if __name__ == "__main__":
    main()
