# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The mobilenet.cpp authors
"""mobilenet index and search: the same pictures, copies of them, other models, broken files."""

import os
import pathlib
import shutil

from program import ProgramTest, main, mobilenet, png

BUNDLED = pathlib.Path(__file__).parents[2] / "models" / "mobilenet_v2_202.safetensors"


class Search(ProgramTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.album = cls.folder / "album"
        cls.album.mkdir()
        for name, size, seed in (("a.png", (160, 120), 0), ("b.png", (150, 130), 1), ("c.png", (120, 160), 2),
                                 ("d.png", (161, 97), 3)):
            (cls.album / name).write_bytes(png(*size, seed=seed))
        (cls.album / "a copy.png").write_bytes((cls.album / "a.png").read_bytes())
        cls.index = cls.folder / "album.idx"
        made = mobilenet("index", "-m", cls.model, cls.album, "-o", cls.index, "--json")
        assert made.code == 0, made.err
        cls.made, = made.lines()

    def test_says_what_it_wrote(self):
        self.assertEqual((self.made["pictures"], self.made["layer"], self.made["model"]),
                         (5, "pool", str(self.model)))
        self.assertEqual(self.made["bytes"], self.index.stat().st_size)

    def test_finds_the_picture_itself_first(self):
        result = mobilenet("search", self.index, self.album / "b.png", self.album / "d.png", "-n", 2, "--json")
        self.assertEqual(result.code, 0, result.err)
        for line, name in zip(result.lines(), ("b.png", "d.png")):
            self.assertEqual(line["image"], str(self.album / name))
            self.assertEqual(len(line["similar"]), 2)
            self.assertEqual(line["similar"][0]["image"], str(self.album / name))
            self.assertGreater(line["similar"][0]["similarity"], 0.999)
            self.assertLess(line["similar"][1]["similarity"], 0.9999)

    def test_queries_may_stand_in_a_list(self):
        names = f"{self.album / 'b.png'}\n{self.album / 'd.png'}\n"
        listed = mobilenet("search", self.index, "--list", "-", "--json", stdin=names.encode())
        self.assertEqual(listed.code, 0, listed.err)
        named = mobilenet("search", self.index, self.album / "b.png", self.album / "d.png", "--json")
        self.assertEqual(listed.lines(), named.lines())
        self.assertEqual(mobilenet("search", self.index, "--duplicates", "--list", "-", stdin=names.encode()).code, 2)

    def test_batches_change_nothing(self):
        one = mobilenet("search", self.index, self.album, "--json")
        many = mobilenet("search", self.index, self.album, "--json", "--batch", 3)
        names = lambda result: [[found["image"] for found in line["similar"]] for line in result.lines()]
        self.assertEqual(names(one), names(many))
        self.assertEqual(len(one.lines()), 5)

    def test_text_has_one_line_a_picture(self):
        result = mobilenet("search", self.index, self.album / "c.png", "-n", 1)
        self.assertEqual(result.out.splitlines(), [str(self.album / "c.png"), f"  1.000  {self.album / 'c.png'}"])

    def test_similarity_leaves_out_what_is_less_similar(self):
        line, = mobilenet("search", self.index, self.album / "a.png", "--similarity", 0.99999, "--json").lines()
        self.assertLessEqual({found["image"] for found in line["similar"]},
                             {str(self.album / "a.png"), str(self.album / "a copy.png")})

    def test_copies_are_duplicates(self):
        result = mobilenet("search", self.index, "--duplicates", "--similarity", 0.9999, "--json")
        self.assertEqual(result.code, 0, result.err)
        group, = result.lines()
        self.assertEqual([image["image"] for image in group["images"]],
                         [str(self.album / "a copy.png"), str(self.album / "a.png")])
        text = mobilenet("search", self.index, "--duplicates", "--similarity", 0.9999)
        self.assertIn("a copy.png\n  1.000  ", text.out)
        self.assertIn("1 group with 2 pictures of 5", text.err)

    def test_resized_and_encoded_copies_are_found_by_the_bundled_model(self):
        try:
            from PIL import Image
        except ImportError:
            self.skipTest("Pillow is not installed here")
        folder = self.folder / "copies"
        folder.mkdir()
        for name in ("astronaut", "chelsea"):
            source = Image.open(BUNDLED.parents[1] / "docs" / "pictures" / f"{name}-detected.jpg")
            source.save(folder / f"{name}.png")
            source.save(folder / f"{name} small file.jpg", quality=70)
            source.resize((source.width * 3 // 4, source.height * 3 // 4), Image.LANCZOS).save(
                folder / f"{name} smaller.png")
        (folder / "other.png").write_bytes(png(200, 150))
        index = self.path("copies.idx")
        self.assertEqual(mobilenet("index", "-m", BUNDLED, folder, "-o", index).code, 0)
        groups = mobilenet("search", index, "--duplicates", "--similarity", 0.9, "--json").lines()
        self.assertEqual([sorted(pathlib.Path(image["image"]).name for image in group["images"]) for group in groups],
                         [[f"{name} small file.jpg", f"{name} smaller.png", f"{name}.png"]
                          for name in ("astronaut", "chelsea")])

    def test_another_model_is_refused(self):
        # 0.5 is as wide at the end, and random weights depend on all sizes before.
        for model in ("mobilenet_v2:0.5:96", "mobilenet_v1:0.25:128", BUNDLED):
            result = mobilenet("search", self.index, "-m", model, self.album / "a.png")
            self.assertEqual((result.code, result.out), (2, ""), result.err)
            self.assertIn(f"is not the model that {self.index} was made with ({self.model})", result.err)

    def test_the_same_features_behind_another_classifier_will_do(self):
        other = self.path("other.safetensors")
        self.assertEqual(mobilenet("convert", "mobilenet_v2:0.35:96:12", "-o", other).code, 0)
        asked = [mobilenet("search", self.index, "-m", model, self.album / "a.png", "--json") for model in
                 (other, self.model)]
        self.assertEqual(asked[0].code, 0, asked[0].err)
        names = [[found["image"] for found in one.lines()[0]["similar"]] for one in asked]
        self.assertEqual(names[0], names[1])

    def test_another_preprocessing_is_refused(self):
        result = mobilenet("search", self.index, self.album / "a.png", "--channels", "bgr")
        self.assertEqual(result.code, 2)
        self.assertIn("prepares pictures in another way", result.err)

    def test_a_model_that_moved_is_named(self):
        moved = self.path("moved.safetensors")
        moved.write_bytes(self.model.read_bytes())
        index = self.path("moved.idx")
        self.assertEqual(mobilenet("index", "-m", moved, self.album, "-o", index).code, 0)
        moved.unlink()
        result = mobilenet("search", index, self.album / "a.png")
        self.assertEqual(result.code, 1)
        self.assertIn("-m names where it is now", result.err)
        self.assertEqual(mobilenet("search", index, self.album / "a.png", "-m", self.model).code, 0)

    def test_bad_pictures_are_not_in_it(self):
        bad = self.path("bad.jpg")
        bad.write_text("this is no picture")
        index = self.path("bad.idx")
        result = mobilenet("index", "-m", self.model, self.album, bad, "-o", index, "--json")
        self.assertEqual(result.code, 1)
        self.assertIn("1 of 6 pictures is not in it", result.err)
        lines = result.lines()
        self.assertEqual((lines[0]["image"], lines[-1]["pictures"]), (str(bad), 5))
        asked = mobilenet("search", index, bad, self.album / "a.png", "--json")
        self.assertEqual(asked.code, 1)
        self.assertEqual([("error" in line) for line in asked.lines()], [True, False])
        none = self.path("none.idx")
        self.assertEqual(mobilenet("index", "-m", self.model, bad, "-o", none).code, 1)
        self.assertFalse(none.exists())

    def test_broken_indexes_are_refused(self):
        whole = self.index.read_bytes()
        broken = self.path("broken.idx")
        for content, why in ((b"", "is no index"), (b"no index at all" * 9, "is no index"),
                             (whole[:-1], "cut off or damaged"), (whole + b"\0", "cut off or damaged"),
                             (whole[:8] + b"\x09" + whole[9:], "of version 9"),
                             (whole[:-2], "cut off or damaged"), (whole[:-300] + bytes(300), "has a vector of length")):
            broken.write_bytes(content)
            result = mobilenet("search", broken, self.album / "a.png")
            self.assertEqual((result.code, result.out), (1, ""))
            self.assertIn(str(broken), result.err)
            self.assertIn(why, result.err)
        self.assertEqual(mobilenet("search", self.path("missing.idx"), "--duplicates").code, 1)

    def test_results_replace_nothing(self):
        before = self.index.read_bytes()
        result = mobilenet("index", "-m", self.model, self.album, "-o", self.index)
        self.assertEqual((result.code, self.index.read_bytes()), (1, before))

    def updated(self, index, *arguments, code=0, **options):
        result = mobilenet("index", "--update", *arguments, "-o", index, "--json", **options)
        self.assertEqual(result.code, code, result.err)
        line = result.lines()[-1]
        return line["pictures"], {key: line[key] for key in ("added", "changed", "gone", "kept")}

    def names_in(self, index, picture):
        line, = mobilenet("search", index, picture, "-n", 100, "--json").lines()
        return sorted(found["image"] for found in line["similar"])

    def test_update_reads_what_is_new_and_makes_the_same_index(self):
        folder = self.path("growing")
        shutil.copytree(self.album, folder)
        index, anew = self.path("growing.idx"), self.path("anew.idx")
        made = mobilenet("index", "--update", "-m", self.model, folder, "-o", index, "--json")
        self.assertEqual((made.code, made.lines()[0]["pictures"]), (0, 5), made.err)

        before = (index.read_bytes(), index.stat().st_ino)
        self.assertEqual(self.updated(index, folder), (5, {"added": 0, "changed": 0, "gone": 0, "kept": 5}))
        self.assertEqual((index.read_bytes(), index.stat().st_ino), before)
        text = mobilenet("index", "--update", folder, "-o", index)
        self.assertIn(f"{index} is up to date: 5 pictures", text.err)

        (folder / "b.png").write_bytes(png(100, 100, seed=9))    # another size
        (folder / "bb.png").write_bytes(png(90, 70, seed=4))
        (folder / "d.png").unlink()
        self.assertEqual(self.updated(index, folder), (5, {"added": 1, "changed": 1, "gone": 1, "kept": 3}))
        self.assertEqual(mobilenet("index", "-m", self.model, folder, "-o", anew).code, 0)
        self.assertEqual(index.read_bytes(), anew.read_bytes())
        self.assertEqual(self.names_in(index, folder / "a.png"),
                         sorted(str(folder / name) for name in ("a copy.png", "a.png", "b.png", "bb.png", "c.png")))
        line, = mobilenet("search", index, folder / "b.png", "-n", 1, "--json").lines()
        self.assertEqual(line["similar"][0]["image"], str(folder / "b.png"))
        self.assertGreater(line["similar"][0]["similarity"], 0.999)

        # The time alone, and the path in other words.
        os.utime(folder / "c.png", ns=(1, 1))
        said = mobilenet("index", "--update", "./growing/../growing", "-o", index, cwd=self.folder)
        self.assertEqual(said.code, 0, said.err)
        self.assertIn("5 pictures (0 new, 1 changed, 0 gone, 4 as before)", said.err)

    def test_update_leaves_what_is_not_named(self):
        folder, other = self.path("named"), self.path("not named")
        shutil.copytree(self.album, folder)
        shutil.copytree(self.album, other)
        index = self.path("two.idx")
        self.assertEqual(mobilenet("index", "-m", self.model, folder, other, "-o", index).code, 0)
        (other / "a.png").unlink()
        (other / "b.png").write_bytes(png(50, 60, seed=7))
        self.assertEqual(self.updated(index, folder / "c.png"), (9, {"added": 0, "changed": 0, "gone": 1, "kept": 9}))
        # A folder that is not there may come back, as a disk does; what is named is looked at.
        shutil.rmtree(other)
        self.assertEqual(self.updated(index, folder)[1], {"added": 0, "changed": 0, "gone": 0, "kept": 9})
        self.assertEqual(len(self.names_in(index, folder / "a.png")), 9)

    def test_update_says_which_pictures_cannot_be_read(self):
        folder, index = self.path("spoilt"), self.path("spoilt.idx")
        shutil.copytree(self.album, folder)
        self.assertEqual(mobilenet("index", "-m", self.model, folder, "-o", index).code, 0)
        (folder / "a.png").write_text("this is no picture")
        counts = {"added": 0, "changed": 0, "gone": 0, "kept": 4}
        for _ in range(2):  # it is tried again
            self.assertEqual(self.updated(index, folder, code=1), (4, counts))

    def test_update_replaces_only_an_index_of_the_same_model(self):
        index = self.path("kept.idx")
        shutil.copy(self.index, index)
        before = index.read_bytes()
        other = mobilenet("index", "--update", "-m", BUNDLED, self.album, "-o", index)
        self.assertEqual(other.code, 2)
        self.assertIn("is not the model that", other.err)
        layer = mobilenet("index", "--update", "-l", "last", self.album, "-o", index)
        self.assertEqual(layer.code, 2)
        self.assertIn("holds layer pool", layer.err)
        self.assertEqual(index.read_bytes(), before)
        index.write_text("my diary")
        self.assertIn("is no index", mobilenet("index", "--update", self.album, "-o", index).err)
        self.assertEqual(index.read_text(), "my diary")

    def test_wrong_command_lines(self):
        for arguments in (["index", self.album], ["index", self.album, "-o", self.path("a.txt")],
                          ["search"], ["search", self.index], ["search", self.index, "-n", 0, self.album],
                          ["search", self.index, "--duplicates", self.album / "a.png"],
                          ["index", "-m", self.model, self.album, "--layer", "nothing", "-o", self.path("n.idx")]):
            self.assertEqual(mobilenet(*arguments).code, 2, arguments)


if __name__ == "__main__":
    main()
