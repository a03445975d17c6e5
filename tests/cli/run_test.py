# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The mobilenet.cpp authors
"""mobilenet run: raw tensors in, raw tensors out."""

import math
import resource

from program import ProgramTest, floats, main, mobilenet, npy, parse_npy, read_npz

SAME = 1e-4  # relative; see classify_test.py


class Run(ProgramTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        line, = mobilenet("info", "--json", cls.model).lines()
        cls.input, = line["inputs"]
        cls.layers = {layer["name"]: layer["shape"] for layer in line["layers"]}
        cls.write_input("x.npy", 1)

    @classmethod
    def write_input(cls, name, batch, seed=0):
        shape = [batch, *cls.input["shape"][1:]]
        (cls.folder / name).write_bytes(npy(shape, floats(math.prod(shape), seed).tobytes()))

    def run_model(self, *arguments, **options):
        return mobilenet("run", "--model", self.model, "--force", *arguments, **options)

    def test_outputs_have_their_names_types_and_the_batch_axis(self):
        for batch in (1, 3):
            self.write_input("b.npy", batch)
            result = self.run_model("--input", self.path("b.npy"), "-o", self.path("y.npz"), "--json")
            self.assertEqual(result.code, 0, result.err)
            arrays = read_npz(self.path("y.npz"))
            self.assertEqual({name: array[:2] for name, array in arrays.items()}, {"logits": ("<f4", (batch, 10))})
            line, = result.lines()
            self.assertEqual(line["tensors"], [{"name": "logits", "type": "f32", "shape": [batch, 10]}])

    def test_one_output_as_npy_by_name_and_from_standard_input(self):
        x, y = self.path("x.npy"), self.path("y.npy")
        self.assertEqual(self.run_model("--input", x, "-o", y).code, 0)
        first = y.read_bytes()
        self.assertEqual(parse_npy(first)[:2], ("<f4", (1, 10)))
        self.assertEqual(self.run_model("--input", f"{self.input['name']}={x}", "-o", y).code, 0)
        self.assertEqual(y.read_bytes(), first)
        self.assertEqual(self.run_model("--input", "-", "-o", y, stdin=x.read_bytes()).code, 0)
        self.assertEqual(y.read_bytes(), first)

    def test_a_batch_gives_what_single_inputs_give(self):
        rows = []
        for seed in (1, 2):
            self.write_input("s.npy", 1, seed)
            self.assertEqual(self.run_model("--input", self.path("s.npy"), "-o", self.path("s_out.npy")).code, 0)
            rows.extend(parse_npy(self.path("s_out.npy").read_bytes())[2])
        size = math.prod(self.input["shape"])
        both = floats(size, 1) + floats(size, 2)
        self.path("both.npy").write_bytes(npy([2, *self.input["shape"][1:]], both.tobytes()))
        self.assertEqual(self.run_model("--input", self.path("both.npy"), "-o", self.path("both_out.npy")).code, 0)
        self.assertCloseTo(parse_npy(self.path("both_out.npy").read_bytes())[2], rows, SAME)

    def test_inner_tensors_follow_the_outputs(self):
        out = self.path("inner.npz")
        result = self.run_model("--input", self.path("x.npy"), "-o", out, "--tensor", "block3/project",
                                "--tensor", "pool", "--tensor", "logits", "--tensor", "pool")
        self.assertEqual(result.code, 0, result.err)
        arrays = read_npz(out)
        self.assertEqual(len(arrays), 3)
        self.assertEqual(next(iter(arrays)), "logits")
        shapes = [list(array[1]) for array in arrays.values()]
        self.assertEqual(shapes[1:], [self.layers["block3/project"], self.layers["pool"]])
        npy_for_three = self.run_model("--input", self.path("x.npy"), "-o", self.path("no.npy"), "--tensor", "pool")
        self.assertEqual((npy_for_three.code, self.path("no.npy").exists()), (2, False))
        self.assertEqual(self.run_model("--input", self.path("x.npy"), "-o", out, "--tensor", "nonsense").code, 2)

    def test_reference_agrees(self):
        for backend in ("cpu", "reference"):
            result = self.run_model("--backend", backend, "--input", self.path("x.npy"), "-o", self.path(backend + ".npy"))
            self.assertEqual(result.code, 0, result.err)
        fast, true = (parse_npy(self.path(name).read_bytes())[2] for name in ("cpu.npy", "reference.npy"))
        self.assertCloseTo(fast, true, SAME)

    def test_inputs_that_do_not_fit(self):
        good = self.path("x.npy").read_bytes()
        shape = self.input["shape"]
        size = math.prod(shape)
        cases = {
            "missing": None,
            "no array": b"hello",
            "cut": good[:-1],
            "of bytes": npy(shape, bytes(size), "|u1"),
            "of doubles": npy(shape, bytes(8 * size), "<f8"),
            "without a batch axis": npy(shape[1:], bytes(4 * size)),
            "of an empty batch": npy([0, *shape[1:]], b""),
            "of another channel count": npy([1, 5, 5, 5], bytes(500)),
        }
        for name, content in cases.items():
            with self.subTest(name):
                path = self.path(name + ".npy")
                if content is not None:
                    path.write_bytes(content)
                out = self.path("bad.npz")
                result = self.run_model("--input", path, "-o", out)
                self.assertEqual((result.code, out.exists()), (1, False), result.err)
                self.assertRegex(result.err, r"^mobilenet: [^\n]+\n$")
        twice = self.run_model("--input", self.path("x.npy"), "--input", self.path("x.npy"), "-o", self.path("bad.npz"))
        self.assertEqual(twice.code, 2)
        self.assertIn(self.input["name"], twice.err)

    def test_a_full_disk_leaves_no_output(self):
        limit = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
        for name in ("full.npz", "full.npy"):
            before = sorted(path.name for path in self.folder.iterdir())
            result = self.run_model("--input", self.path("x.npy"), "-o", self.path(name), preexec_fn=limit)
            self.assertEqual(result.code, 1, name)
            self.assertRegex(result.err, r"^mobilenet: .*: File too large\n$")
            self.assertEqual(sorted(path.name for path in self.folder.iterdir()), before)

    def test_an_output_folder_that_does_not_exist(self):
        for name in ("no/y.npz", "no/y.npy"):
            result = self.run_model("--input", self.path("x.npy"), "-o", self.path(name))
            self.assertEqual(result.code, 1)
            self.assertIn(name, result.err)


if __name__ == "__main__":
    main()
