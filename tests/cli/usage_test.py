# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The mobilenet.cpp authors
"""Usage errors, help, version, streams that cannot be written, and the default model."""

import os
import pathlib
import subprocess

from program import PROGRAM, SMALL, ProgramTest, main, mobilenet

MODELS = pathlib.Path(__file__).parents[2] / "models"
VERBS = ["classify", "evaluate", "features", "run", "info", "bench", "convert"]


class Usage(ProgramTest):
    def test_wrong_use_is_exit_code_2_with_a_sentence(self):
        picture, x = str(self.pictures / "0.png"), "x.npy"
        cases = [
            ["classfy", picture],
            ["--nonsense"],
            ["classify"],
            ["classify", picture, "--nonsense"],
            ["classify", picture, "--top"],
            ["classify", picture, "--top", "0"],
            ["classify", picture, "--top", "-1"],
            ["classify", picture, "--top", "many"],
            ["classify", picture, "--top", "99999999999999999999"],
            ["classify", picture, "--threads", "-1"],
            ["classify", picture, "--threads", "1.5"],
            ["classify", picture, "--batch", "0"],
            ["classify", picture, "--backend", "gpu"],
            ["classify", picture, "--precision", "f64"],
            ["classify", picture, "--preprocess", "stretch"],
            ["classify", picture, "--size", "0"],
            ["classify", picture, "--size", "96x"],
            ["classify", picture, "--size", "x96"],
            ["classify", picture, "--size", "96x96x3"],
            ["classify", picture, "--size", "-96"],
            ["classify", picture, "--orientation", "left"],
            ["classify", picture, "--max-pixels", "-1"],
            ["features", picture, "--layers", "pool"],
            ["features", picture, "--layers", "pool", "-o", "f.txt"],
            ["features", picture, "--layers", "pool", "-o", "f.npz", "--pooling", "max"],
            ["run", "--input", x],
            ["run", "-o", "y.npz"],
            ["run", "--input", x, "-o", ".npz"],
            ["info", "a", "b"],
            ["bench", "--seconds", "0"],
            ["bench", "--seconds", "nan"],
            ["bench", "--seconds", "soon"],
            ["convert", "-o", "x.safetensors"],
            ["convert", "--model", "a.safetensors"],
            ["convert", "--model", "a.safetensors", "-o", "b.safetensors", "--weights", "int4"],
        ]
        for arguments in cases:
            with self.subTest(" ".join(arguments)):
                result = mobilenet(*arguments, env={"MOBILENET_MODEL": str(self.model)}, cwd=self.folder)
                self.assertEqual((result.code, result.out), (2, ""), result.err)
                self.assertRegex(result.err, r"^mobilenet: [^\n]+\nmobilenet: `mobilenet[a-z ]* --help` [^\n]+\n$")

    def test_help_is_on_standard_output(self):
        bare = mobilenet()
        self.assertEqual((bare.code, bare.err), (0, ""))
        self.assertEqual(mobilenet("--help").out, bare.out)
        for verb in VERBS:
            self.assertIn(verb, bare.out)
            result = mobilenet(verb, "--help")
            self.assertEqual((result.code, result.err), (0, ""))
            self.assertIn("Examples:", result.out)
            for line in result.out.splitlines():
                self.assertLessEqual(len(line), 100, line)

    def test_version_names_components(self):
        result = mobilenet("--version")
        self.assertEqual((result.code, result.err), (0, ""))
        self.assertRegex(result.out, r"^mobilenet \d+\.\d+\.\d+ \(commit \S+\)\n")
        for word in ("jpeg", "png", "zip", "instruction sets"):
            self.assertIn(word, result.out)

    def test_a_full_disk_is_a_failure(self):
        if not os.path.exists("/dev/full"):
            self.skipTest("no /dev/full here")
        for arguments in (["--help"], ["info", "--json", SMALL], ["classify", "--model", self.model, self.pictures]):
            with open("/dev/full", "wb") as full:
                done = subprocess.run([PROGRAM, *arguments], stdout=full, stderr=subprocess.PIPE)
            self.assertEqual(done.returncode, 1)
            self.assertIn(b"mobilenet: cannot write to standard output: No space left on device", done.stderr)

    def test_a_closed_pipe_ends_quietly(self):
        program = subprocess.Popen([PROGRAM, "classify", "--json", "--model", self.model, *[self.pictures] * 50],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        program.stdout.readline()
        program.stdout.close()
        self.assertEqual(program.stderr.read(), b"")
        self.assertEqual(program.wait(60), 0)
        program.stderr.close()

    def test_the_default_model_can_be_named_by_the_environment(self):
        line, = mobilenet("info", "--json", env={"MOBILENET_MODEL": str(self.model)}).lines()
        self.assertEqual(line["source"], str(self.model))
        missing = mobilenet("info", env={"MOBILENET_MODEL": str(self.path("missing"))})
        self.assertEqual(missing.code, 1)
        self.assertIn("missing", missing.err)


# Without $MOBILENET_MODEL of the machine.
BUNDLED = {"MOBILENET_MODEL": ""}
ANIMALS = ["person", "cat", "cow", "dog", "horse", "sheep"]
PHOTOGRAPHS = pathlib.Path(__file__).parents[2] / "out/pictures"


class BundledModels(ProgramTest):
    def test_one_runs_for_each_task_when_no_model_is_named(self):
        line, = mobilenet("info", "--json", env=BUNDLED).lines()
        self.assertEqual((line["architecture"], line["classes"], line["input"]), ("mobilenet_v2", 202, [160, 160]))
        answers = mobilenet("classify", "--json", self.pictures, env=BUNDLED)
        self.assertEqual(answers.code, 0, answers.err)
        self.assertTrue(all(answer["label"] for line in answers.lines() for answer in line["classes"]))
        for verb in ("detect", "segment"):
            with self.subTest(verb):
                answers = mobilenet(verb, "--json", self.pictures, env=BUNDLED)
                self.assertEqual(answers.code, 0, answers.err)
                self.assertEqual({line["task"] for line in answers.lines()}, {verb})

    def test_they_know_what_their_cards_say(self):
        detector, = mobilenet("info", "--json", MODELS / "ssdlite_mobilenet_v2_6.safetensors").lines()
        self.assertEqual((detector["task"], detector["labels"], detector["input"]), ("detect", ANIMALS, [320, 320]))
        segmenter, = mobilenet("info", "--json", MODELS / "deeplab_v3plus_mobilenet_v2_7.safetensors").lines()
        self.assertEqual((segmenter["task"], segmenter["labels"], segmenter["input"]),
                         ("segment", ["background"] + ANIMALS, [321, 321]))

    def test_a_person_a_cat_and_nothing_else_are_found_in_the_photographs(self):
        if not (PHOTOGRAPHS / "chelsea.png").exists():
            self.skipTest("no photographs in out/pictures; scripts/fetch_pictures fetches them")
        for name, expected in [("astronaut.png", ["person"]), ("chelsea.png", ["cat"]), ("coffee.png", []),
                               ("rocket.jpg", [])]:
            with self.subTest(name):
                found, = mobilenet("detect", "--json", PHOTOGRAPHS / name, env=BUNDLED).lines()
                self.assertEqual([one["label"] for one in found["detections"]], expected)
        for name, expected in [("astronaut.png", "person"), ("chelsea.png", "cat")]:
            with self.subTest(name):
                seen, = mobilenet("segment", "--json", PHOTOGRAPHS / name, env=BUNDLED).lines()
                self.assertIn(expected, [one["label"] for one in seen["classes"][:2]])

    def test_the_environment_names_another_for_every_task(self):
        detector = str(MODELS / "ssdlite_mobilenet_v2_6.safetensors")
        result = mobilenet("classify", self.pictures, env={"MOBILENET_MODEL": detector})
        self.assertEqual(result.code, 1)
        self.assertIn("`mobilenet detect` runs it", result.err)


if __name__ == "__main__":
    main()
