# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The mobilenet.cpp authors
"""mobilenet features: one array a layer, one row a picture."""

from program import ProgramTest, main, mobilenet, read_npz

SAME = 1e-4  # relative; see classify_test.py


class Features(ProgramTest):
    def features(self, *arguments):
        return mobilenet("features", "--model", self.model, *arguments)

    def test_rows_are_the_pictures_in_order(self):
        out = self.path("f.npz")
        result = self.features(self.pictures, "--layers", "block1/depthwise,last", "-o", out, "--json")
        self.assertEqual(result.code, 0, result.err)
        arrays = read_npz(out)
        self.assertEqual(list(arrays), ["block1/depthwise", "last", "images"])
        self.assertEqual(arrays["images"][2], [str(self.pictures / f"{i}.png") for i in range(3)])
        for name in ("block1/depthwise", "last"):
            self.assertEqual((arrays[name][0], arrays[name][1][0], len(arrays[name][1])), ("<f4", 3, 4))
        line, = result.lines()
        self.assertEqual(line["pictures"], 3)
        self.assertEqual([(layer["name"], tuple(layer["shape"])) for layer in line["layers"]],
                         [(name, arrays[name][1]) for name in ("block1/depthwise", "last")])

    def test_average_pooling_is_the_mean_of_the_map(self):
        whole, pooled = self.path("whole.npz"), self.path("pooled.npz")
        self.assertEqual(self.features(self.pictures, "--layers", "last", "-o", whole).code, 0)
        self.assertEqual(self.features(self.pictures, "--layers", "last", "--pooling", "average", "-o", pooled).code, 0)
        _, shape, values = read_npz(whole)["last"]
        _, pooled_shape, means = read_npz(pooled)["last"]
        self.assertEqual(len(means), 3 * max(shape[1], shape[3]))
        channels_first = shape[1] > shape[3]
        channels, area = (shape[1], shape[2] * shape[3]) if channels_first else (shape[3], shape[1] * shape[2])
        expected = []
        for row in range(3):
            picture = values[row * channels * area:(row + 1) * channels * area]
            for c in range(channels):
                points = picture[c * area:(c + 1) * area] if channels_first else picture[c::channels]
                expected.append(sum(points) / area)
        self.assertCloseTo(means, expected, SAME)

    def test_batches_and_bad_pictures_change_no_row(self):
        self.path("text.jpg").write_text("this is no picture")
        alone, together = self.path("alone.npz"), self.path("together.npz")
        self.assertEqual(self.features(self.pictures, "--layers", "pool", "-o", alone).code, 0)
        result = self.features(self.path("missing.png"), self.pictures / "0.png", self.path("text.jpg"),
                               self.pictures / "1.png", self.pictures / "2.png", "--layers", "pool", "--batch", 2,
                               "-o", together, "--json")
        self.assertEqual(result.code, 1)
        errors = [line["image"] for line in result.lines() if "error" in line]
        self.assertEqual(errors, [str(self.path("missing.png")), str(self.path("text.jpg"))])
        a, b = read_npz(alone), read_npz(together)
        self.assertEqual(a["images"], b["images"])
        self.assertEqual(a["pool"][1], b["pool"][1])
        self.assertCloseTo(b["pool"][2], a["pool"][2], SAME)

    def test_the_same_pictures_give_the_same_bytes(self):
        for name in ("one.npz", "two.npz"):
            self.assertEqual(self.features(self.pictures, "--layers", "pool", "-o", self.path(name)).code, 0)
        self.assertEqual(self.path("one.npz").read_bytes(), self.path("two.npz").read_bytes())

    def test_nothing_is_written_without_a_row(self):
        out = self.path("none.npz")
        result = self.features(self.path("missing.png"), "--layers", "pool", "-o", out)
        self.assertEqual((result.code, out.exists()), (1, False))
        self.assertIn("not written", result.err)

    def test_wrong_layers_are_answered_with_the_right_ones(self):
        out = self.path("wrong.npz")
        missing = self.features(self.pictures, "-o", out)
        self.assertEqual(missing.code, 2)
        self.assertIn("block3/project", missing.err)
        unknown = self.features(self.pictures, "--layers", "pool,block99/expand", "-o", out)
        self.assertEqual(unknown.code, 2)
        self.assertIn("block99/expand", unknown.err)
        self.assertLessEqual(unknown.err.count("block3/project"), 1)
        self.assertFalse(out.exists())

    def test_numpy_reads_it(self):
        try:
            import numpy
        except ImportError:
            self.skipTest("numpy is not installed here; the file is still read by this test's own reader")
        out = self.path("numpy.npz")
        self.assertEqual(self.features(self.pictures, "--layers", "block1/depthwise,pool", "-o", out).code, 0)
        own = read_npz(out)
        with numpy.load(out) as arrays:
            self.assertEqual(sorted(arrays.files), sorted(own))
            self.assertEqual(list(arrays["images"]), own["images"][2])
            self.assertEqual(arrays["pool"].shape, own["pool"][1])
            self.assertEqual(arrays["pool"].ravel().tolist(), own["pool"][2].tolist())


if __name__ == "__main__":
    main()
