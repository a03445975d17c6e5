# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The mobilenet.cpp authors
"""Usage errors, help, version, streams that cannot be written, and the default model."""

import os
import subprocess

from program import PROGRAM, SMALL, ProgramTest, main, mobilenet

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


class BundledModel(ProgramTest):
    def test_it_runs_when_no_model_is_named(self):
        environment = {"MOBILENET_MODEL": ""}
        result = mobilenet("info", "--json", env=environment)
        if result.code != 0 and "no model" in result.err:
            self.skipTest("the bundled model is not in models/")
        self.assertEqual(result.code, 0, result.err)
        line, = result.lines()
        self.assertEqual((line["architecture"], line["classes"], line["input"]), ("mobilenet_v2", 202, [160, 160]))
        answers = mobilenet("classify", "--json", self.pictures, env=environment)
        self.assertEqual(answers.code, 0, answers.err)
        self.assertTrue(all(answer["label"] for line in answers.lines() for answer in line["classes"]))


if __name__ == "__main__":
    main()
