# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The mobilenet.cpp authors
"""What exists stays, what is read is never written, and places are checked before the work begins."""

import json
import os
import shutil
import subprocess

from program import PROGRAM, SMALL, ProgramTest, floats, main, mobilenet, npy, png

DETECTOR = "ssdlite_mobilenet_v2:0.35:96:4"
SEGMENTER = "deeplab_mobilenet_v2:0.35:97:4"
PRECIOUS = b"somebody's only copy"


class LoseNothing(ProgramTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        (cls.folder / "x.npy").write_bytes(npy([1, 96, 96, 3], floats(3 * 96 * 96).tobytes()))

    def outputs(self, folder):
        """Every way to write a result: its name, the words, and the file that is written. `folder` is there."""
        picture, pictures = self.pictures / "0.png", self.pictures
        detect, segment = ["detect", "--model", DETECTOR], ["segment", "--model", SEGMENTER]
        run = ["run", "--model", self.model, "--input", self.path("x.npy")]
        features = ["features", "--model", self.model, "--layers", "pool", pictures]
        return [
            ("annotated file", [*detect, "-o", folder / "a.png", picture], folder / "a.png"),
            ("annotated folder", [*detect, "-o", folder, pictures], folder / "1.png"),
            ("COCO results", [*detect, "--coco", folder / "c.json", pictures], folder / "c.json"),
            ("mask file", [*segment, "--mask", folder / "m.png", picture], folder / "m.png"),
            ("mask folder", [*segment, "--mask", folder, pictures], folder / "2.png"),
            ("annotated by segment", [*segment, "-o", folder / "s.jpg", picture], folder / "s.jpg"),
            ("features", [*features, "-o", folder / "f.npz"], folder / "f.npz"),
            ("one tensor", [*run, "-o", folder / "y.npy"], folder / "y.npy"),
            ("tensors", [*run, "-o", folder / "y.npz"], folder / "y.npz"),
            ("a model", ["convert", "--model", SMALL, "-o", folder / "n.safetensors"], folder / "n.safetensors"),
        ]

    def empty(self, name):
        folder = self.path(name)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        return folder

    def test_what_exists_is_replaced_by_force_only(self):
        for name, words, file in self.outputs(self.path("exists")):
            with self.subTest(name):
                self.empty("exists")
                file.write_bytes(PRECIOUS)
                kept = mobilenet(*words)
                self.skip_without_drawing(kept)
                self.assertEqual((kept.code, kept.out), (1, ""), kept.err)
                self.assertRegex(kept.err, r"^(mobilenet: [^\n]+\n)*mobilenet: [^\n]+ already; --force replaces it\n$")
                self.assertIn(str(file), kept.err)
                self.assertEqual((file.read_bytes(), os.listdir(file.parent)), (PRECIOUS, [file.name]))
                forced = mobilenet(*words, "--force")
                self.assertEqual(forced.code, 0, forced.err)
                self.assertNotEqual(file.read_bytes(), PRECIOUS)
                self.assertFalse([name for name in os.listdir(file.parent) if name.endswith(".part")])

    def test_names_may_be_as_long_as_the_disk_allows(self):
        file = self.empty("long") / ("m" * 251 + ".png")
        result = mobilenet("segment", "--model", SEGMENTER, "--mask", file, self.pictures / "0.png")
        self.assertEqual((result.code, os.listdir(file.parent)), (0, [file.name]), result.err)

    def test_all_that_exists_is_counted(self):
        folder = self.empty("counted")
        words = ["segment", "--model", SEGMENTER, "--mask", folder, self.pictures]
        for number in range(3):
            (folder / f"{number}.png").write_bytes(PRECIOUS)
        again = mobilenet(*words)
        self.assertEqual((again.code, again.out), (1, ""))
        self.assertIn("0.png and 2 other files exist already; --force replaces them", again.err)

    def test_a_mask_of_its_own_is_replaced(self):
        file = self.empty("again") / "m.png"
        words = ["segment", "--model", SEGMENTER, "--mask", file]
        self.assertEqual(mobilenet(*words, self.pictures / "0.png").code, 0)
        first = file.read_bytes()
        again = mobilenet(*words, self.pictures / "1.png")
        self.assertEqual(again.code, 0, again.err)
        self.assertNotEqual(file.read_bytes(), first)
        file.write_bytes((self.pictures / "0.png").read_bytes())  # another PNG
        self.assertEqual(mobilenet(*words, self.pictures / "1.png").code, 1)

    def test_links_count_as_what_exists(self):
        for link in ("to something", "to nothing"):
            with self.subTest(link):
                folder = self.empty("links")
                target, file = folder / "target", folder / "m.png"
                if link == "to something":
                    target.write_bytes(PRECIOUS)
                file.symlink_to(target)
                words = ["segment", "--model", SEGMENTER, "--mask", file, self.pictures / "0.png"]
                self.assertEqual(mobilenet(*words).code, 1)
                self.assertTrue(file.is_symlink())
                self.assertEqual(mobilenet(*words, "--force").code, 0)
                self.assertFalse(file.is_symlink())
                self.assertEqual(target.exists() and target.read_bytes(), link == "to something" and PRECIOUS)

    def test_what_is_read_is_never_written(self):
        folder = self.empty("read")
        picture, model, labels = folder / "p.png", folder / "own.safetensors", folder / "labels.txt"
        x, hard, soft = folder / "x.npy", folder / "hard.png", folder / "soft.png"
        labelled = folder / "named.safetensors"
        config, label_map = folder / "config.json", folder / "label_map.pbtxt"
        shutil.copy(self.pictures / "0.png", picture)
        made = mobilenet("convert", "--model", DETECTOR, "-o", model)
        self.assertEqual(made.code, 0, made.err)
        shutil.copy(self.path("x.npy"), x)
        for file in (labels, labelled):
            file.write_text("a\nb\nc\nd\n")
        config.write_text("{}")
        label_map.write_text("".join(f'item {{ id: {i + 1} name: "{c}" }}\n' for i, c in enumerate("abcd")))
        hard.hardlink_to(picture), soft.symlink_to(picture)
        before = {path.name: path.read_bytes() for path in folder.iterdir()}
        detect = ["detect", "--model", model]
        cases = {
            "the picture": [*detect, "-o", picture, picture],
            "the picture by its hard link": [*detect, "-o", hard, picture],
            "the picture by a symbolic link": [*detect, "-o", soft, picture],
            "the picture that a symbolic link names": [*detect, "-o", picture, soft],
            "the picture by another path": [*detect, "-o", folder / "../read/p.png", picture],
            "a picture of a folder": [*detect, "-o", folder, folder],
            "the picture as COCO results": [*detect, "--coco", picture, picture],
            "the labels": [*detect, "--labels", labels, "--coco", labels, picture],
            "the labels beside the model": [*detect, "--coco", labels, picture],
            "the label map beside the model": [*detect, "--coco", label_map, picture],
            "the configuration beside the model": [*detect, "--coco", config, picture],
            "the model": [*detect, "--coco", model, picture],
            "the model by convert": ["convert", "--model", model, "-o", model],
            "the labels by convert": ["convert", "--model", model, "--labels", labelled, "-o", labelled],
            "the input": ["run", "--model", self.model, "--input", x, "-o", x],
        }
        for name, words in cases.items():
            with self.subTest(name):
                result = mobilenet(*words, "--force")
                self.skip_without_drawing(result)
                self.assertEqual((result.code, result.out), (2, ""), result.err)
                self.assertIn("would replace a file that this command reads", result.err)
                self.assertEqual({path.name: path.read_bytes() for path in folder.iterdir()}, before)
        named = mobilenet("detect", "--coco", model, picture, "--force", env={"MOBILENET_MODEL": str(model)})
        self.assertEqual(named.code, 2, named.err)

    def test_a_file_that_appears_during_the_work_stays(self):
        file = self.empty("meanwhile") / "m.png"
        program = subprocess.Popen([PROGRAM, "segment", "--model", SEGMENTER, "--mask", file, "-"],
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        with program:
            said = b""
            while b" on cpu" not in said:  # the places are checked, and the picture is waited for
                line = program.stderr.readline()
                self.assertTrue(line, said)
                said += line
            file.write_bytes(PRECIOUS)
            program.stdin.write((self.pictures / "0.png").read_bytes())
            program.stdin.close()
            self.assertIn(b"m.png: cannot rename it into place: File exists", program.stderr.read())
            self.assertEqual((program.stdout.read(), program.wait(60)), (b"", 1))
        self.assertEqual((file.read_bytes(), os.listdir(file.parent)), (PRECIOUS, [file.name]))

    def test_places_are_checked_before_the_work(self):
        missing, plain = self.path("missing"), self.path("plain")
        plain.write_bytes(PRECIOUS)
        for folder, reason in ((missing, "there is no folder"), (plain, "is no folder")):
            for name, words, file in self.outputs(folder):
                if name.endswith("folder"):
                    continue
                with self.subTest(name, reason=reason):
                    result = mobilenet(*words)
                    self.skip_without_drawing(result)
                    self.assertEqual((result.code, result.out), (1, ""), result.err)
                    self.assertRegex(result.err, rf"mobilenet: [^\n]*{file.name}: [^\n]*{reason}[^\n]*\n$")
        self.assertFalse(missing.exists())
        into_a_file = mobilenet("segment", "--model", SEGMENTER, "--mask", f"{plain}/", self.pictures)
        self.assertEqual((into_a_file.code, into_a_file.out, plain.read_bytes()), (1, "", PRECIOUS))

    def test_standard_output_and_devices_are_no_places(self):
        picture = self.pictures / "0.png"
        for words in (["detect", "--model", DETECTOR, "-o", "-", picture],
                      ["detect", "--model", DETECTOR, "--coco", "-", picture],
                      ["detect", "--model", DETECTOR, "--coco", "/dev/stdout", picture],
                      ["detect", "--model", DETECTOR, "--coco", "/dev/null", picture],
                      ["detect", "--model", DETECTOR, "--coco", self.folder, picture],
                      ["segment", "--model", SEGMENTER, "--mask", "-", picture],
                      ["features", "--model", self.model, "--layers", "pool", "-o", "-", picture]):
            with self.subTest(words):
                folder = self.empty("here")
                result = mobilenet(*words, "--force", cwd=folder)
                self.assertEqual((result.code, result.out, os.listdir(folder)), (2, "", []), result.err)

    def test_a_picture_that_could_not_be_drawn_is_in_no_result(self):
        coco = self.path("drawn.json")
        folder = self.empty("drawn")
        program = subprocess.Popen([PROGRAM, "detect", "--model", DETECTOR, "--score", "0", "--json", "--batch", "2",
                                    "--coco", coco, "-o", folder, "-", self.pictures / "0.png"],
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        # The place of the second picture is taken when the work has begun, which waits for the first.
        taken = folder / "0.png"
        said = program.stderr.readline()  # of random weights
        if b"this build" in said:
            self.skipTest(said.decode())
        taken.write_bytes(PRECIOUS)
        out, _ = program.communicate((self.pictures / "1.png").read_bytes(), timeout=60)
        self.assertEqual(program.returncode, 1)
        lines = [json.loads(line) for line in out.splitlines()]
        self.assertEqual([list(line)[-1] for line in lines], ["detections", "error"])
        self.assertEqual(len(json.loads(coco.read_text())), len(lines[0]["detections"]))
        self.assertEqual(taken.read_bytes(), PRECIOUS)


if __name__ == "__main__":
    main()
