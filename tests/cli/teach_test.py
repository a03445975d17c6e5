# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The mobilenet.cpp authors
"""mobilenet teach: what was taught is told apart by `classify`, and what cannot be taught is refused."""

import pathlib
import random
import struct
import zlib

from photographs import test_data
from program import ProgramTest, main, mobilenet

BUNDLED = pathlib.Path(__file__).parents[2] / "models" / "mobilenet_v2_202.safetensors"
KINDS = ("stripes", "dots", "colours")
SIDE = 96


def picture(kind, seed):
    """Stripes, dots or soft colours, somewhere, in some brightness, with grain."""
    rng = random.Random(f"{kind} {seed}")
    dark, dx, dy = rng.randrange(40, 110), rng.randrange(24), rng.randrange(24)
    ends = [rng.randrange(100) for _ in range(3)]
    rows = bytearray()
    for y in range(SIDE):
        rows.append(0)
        for x in range(SIDE):
            if kind == "stripes":
                values = [dark + 110 * ((x + dx) // 8 % 2)] * 3
            elif kind == "dots":
                values = [dark + 130 * (((x + dx) % 24 - 12) ** 2 + ((y + dy) % 24 - 12) ** 2 < 49)] * 3
            else:
                values = [dark + end * at // SIDE for end, at in zip(ends, (x, y, SIDE - x))]
            rows += bytes(value + rng.randrange(12) for value in values)
    chunk = lambda name, data: struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
    head = struct.pack(">IIBBBBB", SIDE, SIDE, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows, 1)) + chunk(b"IEND", b"")


class Teach(ProgramTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for kind in KINDS:
            (cls.folder / kind).mkdir()
            for i in range(10):
                (cls.folder / kind / f"{i:02}.png").write_bytes(picture(kind, i))
        cls.fresh = []
        for i in range(12):
            cls.fresh.append(cls.folder / f"fresh{i}.png")
            cls.fresh[-1].write_bytes(picture(KINDS[i % 3], 100 + i))
        cls.own = cls.folder / "own.safetensors"
        cls.taught = mobilenet("teach", *(cls.folder / kind for kind in KINDS), "-m", BUNDLED, "-o", cls.own, "--json")

    def folders(self, *names):
        return [self.folder / name for name in names or KINDS]

    def test_tells_what_it_learnt(self):
        self.assertEqual(self.taught.code, 0, self.taught.err)
        line, = self.taught.lines()
        self.assertEqual(line["classes"], [{"label": kind, "pictures": 10} for kind in KINDS])
        self.assertEqual((line["held_out"], line["right"]), (6, 6))
        self.assertEqual(line["confusion"], [[2, 0, 0], [0, 2, 0], [0, 0, 2]])

    def test_classify_gives_the_new_labels(self):
        result = mobilenet("classify", "-m", self.own, *self.fresh, "--top", 1, "--json")
        self.assertEqual(result.code, 0, result.err)
        self.assertEqual([line["classes"][0]["label"] for line in result.lines()], [KINDS[i % 3] for i in range(12)])
        self.assertTrue(all(line["classes"][0]["score"] > 0.5 for line in result.lines()))

    def test_the_model_keeps_what_is_known_of_pictures(self):
        own, = mobilenet("info", self.own, "--json").lines()
        bundled, = mobilenet("info", BUNDLED, "--json").lines()
        self.assertEqual((own["preprocess"], own["input"]), (bundled["preprocess"], bundled["input"]))
        self.assertEqual((own["labels"], own["classes"]), (list(KINDS), 3))

    def test_the_same_pictures_teach_the_same_bytes(self):
        again = self.path("again.safetensors")
        result = mobilenet("teach", *self.folders(), "-m", BUNDLED, "-o", again)
        self.assertEqual(result.code, 0, result.err)
        self.assertEqual(again.read_bytes(), self.own.read_bytes())
        self.assertIn("6 of 6 pictures that were held out are told right (100.0 %)", result.out)
        self.assertRegex(result.out, r"\n  stripes +2 +0 +0\n")

    def test_a_folder_name_is_the_label_however_it_is_written(self):
        out = self.path("relative.safetensors")
        result = mobilenet("teach", "stripes/", "./dots", "-m", BUNDLED, "-o", out, "--json", cwd=self.folder)
        self.assertEqual(result.code, 0, result.err)
        self.assertEqual([one["label"] for one in result.lines()[0]["classes"]], ["stripes", "dots"])

    def test_bad_pictures_teach_nothing(self):
        for name in ("good", "bad"):
            self.path(name).mkdir()
            for i in range(6):
                self.path(name).joinpath(f"{i}.png").write_bytes(picture(KINDS[name == "bad"], i))
        self.path("bad").joinpath("text.jpg").write_text("this is no picture")
        out = self.path("partly.safetensors")
        result = mobilenet("teach", *self.folders("good", "bad"), "-m", BUNDLED, "-o", out)
        self.assertEqual(result.code, 1)
        self.assertIn("text.jpg", result.err)
        self.assertIn("1 of 13 pictures taught nothing", result.err)
        self.assertTrue(out.exists())
        for i in range(3):
            self.path("bad").joinpath(f"{i}.png").write_text("nor this")
        result = mobilenet("teach", *self.folders("good", "bad"), "-m", BUNDLED, "-o", self.path("not.safetensors"))
        self.assertEqual(result.code, 1)
        self.assertIn("bad: 3 pictures could be read, and a class needs 5 or more", result.err)
        self.assertFalse(self.path("not.safetensors").exists())

    def test_what_is_no_lesson_is_refused(self):
        self.path("few").mkdir()
        self.path("empty").mkdir()
        self.path("few").joinpath("0.png").write_bytes(picture("dots", 0))
        inside = self.path("inside") / "dots"
        inside.mkdir(parents=True)
        for folders, why in ((["stripes"], "one class alone"), (["stripes", "few"], "has 1 picture, and a class needs 5"),
                             (["stripes", "empty"], "no pictures in this folder"), (["stripes", "nowhere"], "is no folder"),
                             (["stripes", "stripes/00.png"], "is no folder"), (["dots", "inside/dots"], "has the same name as"),
                             (["dots", "dots/"], "has the same name as")):
            out = self.path("refused.safetensors")
            result = mobilenet("teach", *folders, "-m", BUNDLED, "-o", out, cwd=self.folder)
            self.assertEqual((result.code, out.exists()), (2, False), folders)
            self.assertIn(why, result.err)

    def test_models_that_cannot_be_taught_say_why(self):
        out = self.path("refused.safetensors")
        for model, why in ((BUNDLED.parent / "ssdlite_mobilenet_v2_6.safetensors", "is a detector"),
                           (BUNDLED.parent / "deeplab_v3plus_mobilenet_v2_7.safetensors", "is a segmenter")):
            result = mobilenet("teach", *self.folders(), "-m", model, "-o", out)
            self.assertEqual((result.code, out.exists()), (1, False))
            self.assertIn(why, result.err)

    def test_graph_files_say_why(self):
        if test_data() is None:
            self.skipTest("no test data")
        for name in ("mobilenet_v2_1.0_224_quant.tflite", "mobilenet_v1_0.25_224_1_default_1.tflite"):
            result = mobilenet("teach", *self.folders(), "-m", test_data() / "models" / name, "-o",
                               self.path("graph.safetensors"))
            self.assertEqual(result.code, 1)
            self.assertIn("is a graph file (tflite), whose last layer cannot be replaced", result.err)


if __name__ == "__main__":
    main()
