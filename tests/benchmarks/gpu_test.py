# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The mobilenet.cpp authors
"""benchmarks/compare/gpu.py, as far as no GPU is needed: its words, its files, and that PyTorch's networks are ours."""

import pathlib
import subprocess
import sys
import tempfile
import unittest

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "benchmarks/compare"
SKIPPED = 77
TOLERANCE = 1e-4  # of the largest value: other orders of float additions


def gpu(*words, python=()):
    return subprocess.run([sys.executable, "-B", *python, FOLDER / "gpu.py", *map(str, words)], capture_output=True,
                          text=True)


class WithoutPackages(unittest.TestCase):
    def test_help_names_all_choices(self):
        done = gpu("--help", python=["-S", "-E"])
        self.assertEqual(done.returncode, 0, done.stderr)
        for word in ("deeplab", "reduce-overhead", "autotune", "pictures", "--write-only"):
            self.assertIn(word, done.stdout)

    def test_unknown_names_are_refused(self):
        for words in (("--networks", "v9"), ("--variants", "v9"), ("--batches", "0")):
            done = gpu(*words, python=["-S", "-E"])
            self.assertEqual(done.returncode, 2, words)

    def test_says_what_is_missing(self):
        done = gpu("--networks", "tiny", python=["-S", "-E"])
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, "^gpu: PyTorch is missing .*--write-only")
        done = gpu("--networks", "tiny", "--write-only", "nowhere", python=["-S", "-E"])
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, "^gpu: .*which writing tiny.tflite needs")


class Files(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        try:
            import ai_edge_litert.interpreter, flatbuffers, numpy
        except ImportError as error:
            raise unittest.SkipTest(f"{error}; benchmarks/compare/compare.py --requirements prints what it needs")
        cls.folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        cls.done = gpu("--networks", "tiny", "--write-only", cls.folder)
        sys.path.insert(0, str(FOLDER))

    def test_are_written(self):
        self.assertEqual(self.done.returncode, 0, self.done.stderr)
        self.assertTrue((self.folder / "tiny.tflite").exists())

    def litert(self, path, values):
        import numpy
        from ai_edge_litert.interpreter import Interpreter
        interpreter, answers = Interpreter(str(path)), []
        interpreter.allocate_tensors()
        for picture in values:
            interpreter.set_tensor(interpreter.get_input_details()[0]["index"], picture[None])
            interpreter.invoke()
            answers.append([interpreter.get_tensor(port["index"]) for port in interpreter.get_output_details()])
        return [numpy.concatenate(parts) for parts in zip(*answers)]

    def test_torch_answers_alike(self):
        """One network of each end: uneven padding, holes, heads, masks."""
        try:
            import torch
        except ImportError as error:
            raise unittest.SkipTest(str(error))
        from gpu_speed import checked, pictures_of
        from gpu_torch import Module, input_of, reference
        from networks import MAKERS
        from tflite_file import write_tflite
        for name in ("tiny", "ssdlite", "deeplab"):
            with self.subTest(name):
                network, path = MAKERS[name](), self.folder / f"{name}.tflite"
                write_tflite(path, network)
                values = pictures_of(network.side, 2)
                right = self.litert(path, values)
                self.assertLess(checked(reference(network, values, "cpu"), right), TOLERANCE)
                if name == "deeplab":
                    mask = Module(network, mask=True)(input_of(values, "cpu", torch.float32))[0].numpy()
                    self.assertGreater((mask == right[0].argmax(-1)).mean(), 0.999)


if __name__ == "__main__":
    program = unittest.main(exit=False, verbosity=2)
    if not program.result.wasSuccessful():
        sys.exit(1)
    sys.exit(SKIPPED if program.result.skipped else 0)
