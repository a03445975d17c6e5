# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The mobilenet.cpp authors
"""mobilenet classify: answers, their schema, annotated pictures, and pictures that cannot be read."""

import json
import pathlib
import struct
import zlib

from png_file import PngFile
from program import FLOAT_ANSWERS, ProgramTest, main, mobilenet, png

# Batches and single pictures take different paths through the kernels; float32 sums differ in their last bits.
SAME_SCORE = 1e-4


class Classify(ProgramTest):
    def classify(self, *arguments, **options):
        return mobilenet("classify", "--model", self.model, *arguments, **options)

    def test_json_has_the_documented_keys(self):
        result = self.classify("--json", "--top", 3, self.pictures / "0.png")
        self.assertEqual(result.code, 0, result.err)
        line, = result.lines()
        self.assertEqual(list(line), ["image", "task", "model", "backend", "precision", "isa", "milliseconds", "sure",
                                      "classes"])
        self.assertEqual(line["image"], str(self.pictures / "0.png"))
        self.assertEqual(line["task"], "classify")
        self.assertEqual(line["model"], str(self.model))
        self.assertEqual(line["backend"], "cpu")
        self.assertIn(line["precision"], FLOAT_ANSWERS)
        self.assertEqual(list(line["milliseconds"]), ["decode", "preprocess", "network", "postprocess"])
        self.assertTrue(all(value >= 0 for value in line["milliseconds"].values()))
        self.assertEqual(len(line["classes"]), 3)
        scores = [answer["score"] for answer in line["classes"]]
        self.assertEqual(scores, sorted(scores, reverse=True))
        for answer in line["classes"]:
            self.assertEqual(list(answer), ["index", "label", "score"])
            self.assertIn(answer["index"], range(10))
            self.assertTrue(0 <= answer["score"] <= 1)

    def test_all_scores_are_a_distribution(self):
        line, = self.classify("--json", "--top", 10, self.pictures / "1.png").lines()
        self.assertEqual(sorted(answer["index"] for answer in line["classes"]), list(range(10)))
        self.assertAlmostEqual(sum(answer["score"] for answer in line["classes"]), 1, places=4)

    def test_folders_files_patterns_and_standard_input(self):
        names = [str(self.pictures / f"{i}.png") for i in range(3)]
        by_folder = self.classify("--json", self.pictures)
        self.assertEqual([line["image"] for line in by_folder.lines()], names)
        by_pattern = self.classify("--json", str(self.pictures / "[01].png"))
        self.assertEqual([line["image"] for line in by_pattern.lines()], names[:2])
        by_pipe, = self.classify("--json", "-", stdin=pathlib.Path(names[2]).read_bytes()).lines()
        self.assertEqual(by_pipe["image"], "-")
        self.assertEqual(by_pipe["classes"], by_folder.lines()[2]["classes"])

    def test_annotated_pictures_have_the_classes_in_the_upper_left(self):
        large = self.path("large.png")
        large.write_bytes(png(320, 240))
        result = self.classify("--json", "-o", self.path("seen.png"), large)
        self.skip_without_drawing(result)
        self.assertEqual(result.code, 0, result.err)
        self.assertEqual(result.lines()[0]["annotated"], str(self.path("seen.png")))
        before, drawn = PngFile(large), PngFile(self.path("seen.png"))
        changed = [(x, y) for y in range(240) for x in range(320) if drawn.pixel(x, y) != before.pixel(x, y)]
        self.assertGreater(len(changed), 1000)
        self.assertLess(max(x for x, _ in changed), 240)
        self.assertLess(max(y for _, y in changed), 150)
        folder = self.classify("--json", "-o", self.path("all"), self.pictures)
        self.assertEqual([line["annotated"] for line in folder.lines()],
                         [str(self.path("all") / f"{i}.png") for i in range(3)])
        again = self.classify("-o", self.path("seen.png"), large)
        self.assertEqual((again.code, again.out), (1, ""), again.err)
        self.assertEqual(self.classify("--force", "-o", self.path("seen.png"), large).code, 0)

    def test_a_batch_gives_what_single_pictures_give(self):
        single = self.classify("--json", self.pictures).lines()
        for batch in (2, 3, 8):
            together = self.classify("--json", "--batch", batch, self.pictures).lines()
            self.assertEqual([line["image"] for line in together], [line["image"] for line in single])
            for a, b in zip(together, single):
                self.assertCloseTo([c["score"] for c in a["classes"]], [c["score"] for c in b["classes"]], SAME_SCORE)

    def test_bad_pictures_keep_their_place_and_do_not_stop_the_others(self):
        words = [self.path("missing.png"), self.pictures / "0.png", self.path("text.jpg"), self.pictures / "1.png",
                 self.path("cut.png"), self.path("nothing*.png"), self.path("empty.png"), self.pictures / "2.png"]
        self.path("text.jpg").write_text("this is no picture")
        self.path("cut.png").write_bytes(png(50, 50)[:200])
        self.path("empty.png").write_bytes(b"")
        for batch in (1, 2, 8):
            result = self.classify("--json", "--batch", batch, *words)
            self.assertEqual(result.code, 1)
            lines = result.lines()
            self.assertEqual([line["image"] for line in lines], [str(word) for word in words])
            bad = [i for i, line in enumerate(lines) if "error" in line]
            self.assertEqual(bad, [0, 2, 4, 5, 6])
            for i in bad:
                self.assertEqual(list(lines[i]), ["image", "error"])
                self.assertIn(str(words[i]), lines[i]["error"])

    def test_too_many_pixels_are_refused_before_decoding(self):
        head = struct.pack(">IIBBBBB", 60000, 60000, 8, 2, 0, 0, 0)
        bomb = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + b"IHDR" + head
        bomb += struct.pack(">I", zlib.crc32(b"IHDR" + head)) + png(8, 8)[33:]
        self.path("bomb.png").write_bytes(bomb)
        result = self.classify("--json", self.path("bomb.png"))
        self.assertEqual((result.code, list(result.lines()[0])), (1, ["image", "error"]))
        small = self.classify("--json", "--max-pixels", 100, self.pictures / "0.png")
        self.assertEqual((small.code, list(small.lines()[0])), (1, ["image", "error"]))

    def test_orientation_is_applied_and_a_wrong_one_ignored(self):
        upright, = self.classify("--json", self.pictures / "0.png").lines()
        turned, = self.classify("--json", "--orientation", 6, self.pictures / "0.png").lines()
        self.assertNotEqual(upright["classes"], turned["classes"])
        for wrong in (0, 9, 4711):
            ignored = self.classify("--json", "--orientation", wrong, self.pictures / "0.png")
            self.assertEqual((ignored.code, ignored.lines()[0]["classes"]), (0, upright["classes"]))
            self.assertIn("ignored", ignored.err)

    def test_labels_size_and_preprocess(self):
        self.path("names.txt").write_text("".join(f"name {i}\n" for i in range(10)))
        line, = self.classify("--json", "--labels", self.path("names.txt"), self.pictures / "0.png").lines()
        for answer in line["classes"]:
            self.assertEqual(answer["label"], f"name {answer['index']}")
        short = self.path("short.txt")
        short.write_text("one\ntwo\n")
        self.assertEqual(self.classify("--labels", short, self.pictures / "0.png").code, 2)
        for size in ("64", "96x128"):
            self.assertEqual(self.classify("--json", "--size", size, self.pictures / "0.png").code, 0)
        squashed, = self.classify("--json", "--preprocess", "squash", self.pictures / "0.png").lines()
        padded, = self.classify("--json", "--preprocess", "pad", self.pictures / "0.png").lines()
        self.assertNotEqual(squashed["classes"], padded["classes"])

    def test_score_classes_and_exclude_choose_from_the_same_answer(self):
        picture = self.pictures / "1.png"
        self.path("ten.txt").write_text("".join(f"{name}\n" for name in "abcdefghij"))
        everything = ["--json", "--top", 10, "--labels", self.path("ten.txt"), picture]
        full = self.classify(*everything).lines()[0]["classes"]
        middle = full[4]["score"]
        cases = [
            (["--score", middle], lambda answer: answer["score"] >= middle),
            (["--score", 1], lambda answer: False),
            (["--classes", "c,F,9"], lambda answer: answer["label"] in "cfj"),
            (["--exclude", "a, 1"], lambda answer: answer["label"] not in "ab"),
            (["--classes", "a,b", "--exclude", "b"], lambda answer: answer["label"] == "a"),
        ]
        for options, wanted in cases:
            with self.subTest(options):
                chosen = self.classify(*options, *everything).lines()[0]["classes"]
                self.assertEqual(chosen, [answer for answer in full if wanted(answer)])
        best, = self.classify("--json", "--top", 1, "--classes", "2,3", picture).lines()
        self.assertEqual([a["index"] for a in best["classes"]], [next(a["index"] for a in full if a["index"] in (2, 3))])
        for words in (["--classes", "unicorn"], ["--exclude", "99"], ["--classes", "-1"], ["--score", "2"]):
            self.assertEqual(self.classify(*words, *everything).code, 2, words)

    def test_labels_of_other_forms(self):
        picture = self.pictures / "0.png"
        names = [f"name {i}" for i in range(10)]
        forms = {
            "utf16.txt": "\n".join(names).encode("utf-16"),
            "windows.txt": "".join(f"{name}  \r\n" for name in names).encode(),
            "numbers.txt": "".join(f"{i + 1}: {name}\n" for i, name in enumerate(names)).encode(),
            "list.json": json.dumps(names).encode(),
            "indices.json": json.dumps({name: i for i, name in enumerate(names)}).encode(),
            "map.pbtxt": "".join(f'item {{ id: {i + 1} name: "{name}" }}\n' for i, name in enumerate(names)).encode(),
            "table.csv": ("index,label\n" + "".join(f"{i},{name}\n" for i, name in enumerate(names))).encode(),
        }
        for file, content in forms.items():
            with self.subTest(file):
                self.path(file).write_bytes(content)
                line, = self.classify("--json", "--top", 10, "--labels", self.path(file), picture).lines()
                self.assertEqual({a["index"]: a["label"] for a in line["classes"]}, dict(enumerate(names)))
        self.path("latin1.txt").write_bytes("\n".join(names).encode() + b"\n caf\xe9")
        result = self.classify("--labels", self.path("latin1.txt"), picture)
        self.assertNotEqual(result.code, 0)
        self.assertIn("is not UTF-8", result.err)

    def test_reference_backend_agrees(self):
        fast, = self.classify("--json", "--precision", "source", self.pictures / "2.png").lines()
        true, = self.classify("--json", "--backend", "reference", self.pictures / "2.png").lines()
        self.assertEqual((true["backend"], true["isa"]), ("reference", "scalar"))
        self.assertCloseTo([c["score"] for c in fast["classes"]], [c["score"] for c in true["classes"]], SAME_SCORE)

    def test_the_table_is_for_people(self):
        result = self.classify("--top", 2, self.pictures / "0.png")
        self.assertEqual(result.code, 0)
        self.assertIn("0.png", result.out.splitlines()[0])
        self.assertRegex(result.out.splitlines()[1], r"^ +[01]\.\d\d  .*\[\d\]$")
        self.assertNotIn("\x1b", result.out + result.err)
        self.assertIn(" ms, no class)\n", self.classify("--score", 1, self.pictures / "0.png").out)
        bad = self.classify(self.path("missing.png"))
        self.assertEqual((bad.code, bad.out), (1, ""))
        self.assertIn("mobilenet: ", bad.err)

    def test_bad_models_are_one_sentence_and_exit_code_1(self):
        self.path("junk.tflite").write_bytes(b"\0" * 100)
        cut = self.path("cut.safetensors")
        cut.write_bytes(self.model.read_bytes()[:5000])
        for model in (self.path("missing.tflite"), self.path("junk.tflite"), cut, self.folder):
            result = mobilenet("classify", "--json", "--model", model, self.pictures / "0.png")
            self.assertEqual((result.code, result.out), (1, ""), model)
            self.assertRegex(result.err, r"^mobilenet: [^\n]+\n$")
            self.assertIn(str(model), result.err)


if __name__ == "__main__":
    main()
