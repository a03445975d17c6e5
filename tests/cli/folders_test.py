# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The mobilenet.cpp authors
"""Many pictures: folders with all below, lists, several on standard input, several threads, what is done already."""

import os
import pathlib
import shutil
import signal
import subprocess
import time
import unittest

from program import PROGRAM, ProgramTest, mobilenet, png

DETECTOR = "ssdlite_mobilenet_v2:0.35:96:4"
SEGMENTER = "deeplab_mobilenet_v2:0.35:97:4"


def without_times(lines):
    return [{key: value for key, value in line.items() if key != "milliseconds"} for line in lines]


class Folders(ProgramTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.tree = cls.folder / "tree"
        for i, name in enumerate(["b.png", "day 1/a.png", "day 1/late/a.png", "day 2/B.png", ".hidden/x.png"]):
            (cls.tree / name).parent.mkdir(parents=True, exist_ok=True)
            (cls.tree / name).write_bytes(png(60 + i, 50, seed=i))
        (cls.tree / "day 1/notes.txt").write_text("no picture")
        (cls.tree / "day 2/round").symlink_to(cls.tree)

    def classify(self, *arguments, **options):
        return mobilenet("classify", "--model", self.model, *arguments, **options)

    def names(self, result):
        return [line["image"] for line in result.lines()]

    def test_folders_with_all_below(self):
        flat = self.classify("--json", self.tree)
        self.assertEqual(self.names(flat), [str(self.tree / "b.png")])
        self.assertIn("skipped 2 folders", flat.err)
        for option in ("-r", "--recursive"):
            deep = self.classify("--json", option, self.tree)
            self.assertEqual(deep.code, 0, deep.err)
            self.assertEqual(self.names(deep), [str(self.tree / name) for name in
                                                ["b.png", "day 1/a.png", "day 1/late/a.png", "day 2/B.png"]])
            self.assertIn("skipped 1 file (1 TXT) and 1 folder", deep.err)
        empty = self.path("empty")
        (empty / "below").mkdir(parents=True)
        self.assertIn("(-r looks into folders)", self.classify(empty).err)
        self.assertIn("no pictures in this folder and below", self.classify("-r", empty).err)

    def test_results_lie_as_the_pictures_do(self):
        inside = self.tree / "results"
        self.addCleanup(shutil.rmtree, inside, ignore_errors=True)
        for _ in range(2):  # what the first run wrote is no picture of the second
            result = mobilenet("segment", "--model", SEGMENTER, "--force", "-r", "--mask", inside, self.tree)
            self.assertEqual(result.code, 0, result.err)
            written = sorted(str(path.relative_to(inside)) for path in inside.rglob("*.png"))
            self.assertEqual(written, ["b.png", "day 1/a.png", "day 1/late/a.png", "day 2/B.png"])

    def test_lists_of_names(self):
        names = [self.pictures / "2.png", self.pictures / "0.png"]
        file = self.path("names.txt")
        for ends in ("\n", "\r\n", "\n\n"):
            file.write_text("".join(f"{name}{ends}" for name in names))
            self.assertEqual(self.names(self.classify("--json", "--list", file)), [str(name) for name in names])
        both = self.classify("--json", "--list", "-", self.pictures / "1.png", stdin=bytes(names[0]))
        self.assertEqual(self.names(both), [str(self.pictures / "1.png"), str(names[0])])
        file.write_text(f"{names[0]}\n{self.path('gone.png')}\n")
        missing = self.classify("--list", file)
        self.assertEqual(missing.code, 1)
        self.assertIn("gone.png", missing.err)
        for content, sentence in [(b"", "names no picture"), (b"\0\1", "holds zero bytes")]:
            file.write_bytes(content)
            refused = self.classify("--list", file)
            self.assertEqual(refused.code, 1)
            self.assertIn(sentence, refused.err)
        self.assertEqual(self.classify("--list", self.path("none.txt")).code, 1)
        self.assertEqual(self.classify("--list", "-", "-", stdin=b"x.png").code, 1)
        self.assertEqual(self.classify().code, 2)

    def test_a_list_is_not_replaced(self):
        file = self.path("kept.csv")
        file.write_text(str(self.pictures / "0.png"))
        result = self.classify("--force", "--list", file, "--csv", file)
        self.assertEqual(result.code, 2)
        self.assertIn("would replace a file that this command reads", result.err)

    def test_standard_input_may_hold_many(self):
        files = [self.pictures / f"{i % 3}.png" for i in range(7)]
        alone = self.classify("--json", *files)
        piped = self.classify("--json", "-", stdin=b"".join(file.read_bytes() for file in files))
        self.assertEqual(piped.code, 0, piped.err)
        self.assertEqual(self.names(piped), [f"-#{i + 1}" for i in range(7)])
        self.assertEqual([line["classes"] for line in piped.lines()], [line["classes"] for line in alone.lines()])
        self.assertEqual(self.names(self.classify("--json", "-", stdin=files[0].read_bytes())), ["-"])
        trailed = self.classify("--json", "-", stdin=files[0].read_bytes() + b"BM and more text")
        self.assertEqual((trailed.code, self.names(trailed)), (0, ["-"]), "what is no picture is the first's")
        cut = self.classify("--json", "-", stdin=files[0].read_bytes() + files[1].read_bytes()[:50])
        self.assertEqual((cut.code, len(cut.lines())), (1, 2))
        self.assertIn("error", cut.lines()[1])
        masks = self.path("piped/")
        result = mobilenet("segment", "--model", SEGMENTER, "--mask", masks, "-",
                           stdin=files[0].read_bytes() * 3)
        self.assertEqual(result.code, 0, result.err)
        self.assertEqual(sorted(path.name for path in masks.iterdir()), ["stdin.png", "stdin_2.png", "stdin_3.png"])
        one = mobilenet("segment", "--model", SEGMENTER, "--mask", self.path("one.png"), "-",
                        stdin=files[0].read_bytes() * 2)
        self.assertEqual(one.code, 1)
        self.assertIn("more than one picture comes", one.err)

    def test_answers_do_not_depend_on_threads_and_keep_their_order(self):
        many = self.path("many")
        many.mkdir()
        for i in range(23):
            (many / f"{i:02}.png").write_bytes(png(40 + i * 7 % 30, 40, seed=i) if i % 6 != 4 else b"no picture")
        layers = ["--layers", "pool", "-f", "-o"]
        for verb, model, more in [("classify", self.model, []), ("detect", DETECTOR, []), ("segment", SEGMENTER, [])]:
            one = mobilenet(verb, "-m", model, "--json", "-t", 1, *more, many)
            self.assertEqual((one.code, len(one.lines())), (1, 23), one.err)
            for threads, batch in [(2, 1), (3, 1), (8, 1), (3, 4)]:
                batched = ["--batch", batch] if verb != "segment" else []
                result = mobilenet(verb, "-m", model, "--json", "-t", threads, *batched, many)
                self.assertEqual(without_times(result.lines()), without_times(one.lines()), (verb, threads, batch))
                self.assertEqual(result.code, 1)
        files = []
        for threads in (1, 5):
            file = self.path(f"features{threads}.npz")
            self.assertEqual(mobilenet("features", "-m", self.model, "-t", threads, *layers, file, many).code, 1)
            files.append(file.read_bytes())
        self.assertEqual(files[0], files[1])

    def test_what_is_done_is_left_out(self):
        masks, drawn = self.path("masks"), self.path("drawn")
        command = ["segment", "--model", SEGMENTER, "--json", "--mask", masks, self.pictures]
        whole = mobilenet(*command)
        self.assertEqual(whole.code, 0, whole.err)
        self.assertEqual(mobilenet(*command[:-3], "--mask", self.path("other"), "--resume", self.pictures).code, 0)
        (masks / "0.png").write_bytes(b"kept as it is")
        (masks / "1.png").unlink()
        again = mobilenet(*command, "--resume")
        self.assertEqual(again.code, 0, again.err)
        self.assertEqual(self.names(again), [str(self.pictures / "1.png")])
        self.assertIn("2 of 3 pictures were done already", again.err)
        self.assertEqual((masks / "0.png").read_bytes(), b"kept as it is")
        done = mobilenet(*command, "--resume")
        self.assertEqual((done.code, done.out), (0, ""))
        both = mobilenet(*command, "--resume", "-o", drawn)
        self.skip_without_drawing(both)
        self.assertEqual(both.code, 0, both.err)
        self.assertEqual(len(both.lines()), 3)
        self.assertEqual((masks / "0.png").read_bytes(), b"kept as it is")
        for words, sentence in [(["--resume"], "none are asked for"),
                                (["--resume", "-o", drawn, "--csv", self.path("r.csv")], "--csv would hold only")]:
            refused = mobilenet("segment", "--model", SEGMENTER, *words, self.pictures)
            self.assertEqual(refused.code, 2)
            self.assertIn(sentence, refused.err)

    def test_a_summary_counts_classes(self):
        result = self.classify("--min-score", 0, self.pictures)
        self.assertRegex(result.err, r"3 pictures in [0-9.]+ s: class \d \d")
        unsure = self.classify("--min-score", 1, self.pictures)
        self.assertIn("not sure 3", unsure.err)
        self.assertIn("not sure)", unsure.out)
        self.assertEqual([line["sure"] for line in self.classify("--json", "--min-score", 1, self.pictures).lines()],
                         [False] * 3)

    def test_an_interruption_leaves_whole_files(self):
        many, out = self.path("interrupted"), self.path("whole")
        many.mkdir()
        picture = png(300, 300)
        for i in range(300):
            (many / f"{i:03}.png").write_bytes(picture)
        process = subprocess.Popen([PROGRAM, "segment", "-t", "4", "--model", SEGMENTER, "--mask", str(out), str(many)],
                                   stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        process.stdout.readline()
        time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        process.stdout.read()
        process.stdout.close()
        self.assertEqual(process.wait(60), -signal.SIGINT)
        left = sorted(out.iterdir())
        self.assertTrue(left)
        for path in left:
            self.assertFalse(path.name.startswith("."), path)
            self.assertTrue(path.read_bytes().endswith(b"IEND\xaeB`\x82"), path)

    def test_a_reader_that_has_enough_ends_it(self):
        many = self.path("enough")
        many.mkdir()
        for i in range(50):
            (many / f"{i:02}.png").write_bytes(png(30, 30, seed=i))
        process = subprocess.Popen([PROGRAM, "classify", "-q", "-t", "3", "--json", "-m", str(self.model), str(many)],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        process.stdout.readline()
        process.stdout.close()
        self.assertEqual(process.stderr.read(), b"")
        process.stderr.close()
        process.wait(60)


if __name__ == "__main__":
    unittest.main()
