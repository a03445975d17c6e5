# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The mobilenet.cpp authors
"""What answers become beside JSON: tables, labels for training, crops, sorted pictures, a contact sheet, a report."""

import csv
import pathlib
import struct
import subprocess
import sys
import unittest
import xml.etree.ElementTree

from program import PROGRAM, ProgramTest, mobilenet, png

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "live_view"))
import chromium  # noqa: E402

DETECTOR = "ssdlite_mobilenet_v2:0.35:96:4"
SEGMENTER = "deeplab_mobilenet_v2:0.35:97:4"


def png_size(data):
    return struct.unpack(">II", data[16:24])


class Results(ProgramTest):
    def detect(self, *arguments):
        result = mobilenet("detect", "--model", DETECTOR, "--json", "--score", "0", "--max", "4", *arguments,
                           self.pictures)
        self.skip_without_drawing(result)
        self.assertEqual(result.code, 0, result.err)
        return result.lines()

    def clipped(self, line, box):
        width, height = self.sizes[pathlib.Path(line["image"]).name]
        clip = lambda value, most: min(max(value, 0), most)
        return [clip(box[0], width), clip(box[1], height), clip(box[2], width), clip(box[3], height)]

    sizes = {"0.png": (120, 90), "1.png": (64, 128), "2.png": (97, 97)}

    def rows(self, path):
        with open(path, newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))

    def test_tables_hold_the_answers(self):
        named = self.path("a, \"b\".png")
        named.write_bytes(png(40, 40))
        table = self.path("classes.csv")
        lines = mobilenet("classify", "--json", "-m", self.model, "--csv", table, self.pictures, named).lines()
        rows = self.rows(table)
        self.assertEqual(list(rows[0]), ["image", "rank", "score", "class", "label"])
        wanted = [(line["image"], str(rank + 1), c["score"], str(c["index"]), c["label"])
                  for line in lines for rank, c in enumerate(line["classes"])]
        self.assertEqual([(r["image"], r["rank"], float(r["score"]), r["class"], r["label"]) for r in rows], wanted)

        table = self.path("objects.csv")
        lines = self.detect("--csv", table)
        wanted = [(line["image"], d["box"], d["score"], d["class"]) for line in lines for d in line["detections"]]
        self.assertEqual([(r["image"], [float(r[side]) for side in ("left", "top", "right", "bottom")],
                           float(r["score"]), int(r["class"])) for r in self.rows(table)], wanted)
        self.assertTrue(wanted)

        table = self.path("segments.csv")
        lines = mobilenet("segment", "--json", "-m", SEGMENTER, "--csv", table, self.pictures).lines()
        wanted = [(line["image"], c["pixels"], c["index"]) for line in lines for c in line["classes"]]
        rows = self.rows(table)
        self.assertEqual([(r["image"], int(r["pixels"]), int(r["class"])) for r in rows], wanted)
        self.assertAlmostEqual(sum(float(r["share"]) for r in rows), len(lines), places=4)

    def test_labels_for_training(self):
        yolo, voc = self.path("yolo"), self.path("voc")
        lines = self.detect("--yolo", yolo, "--voc", voc)
        self.assertEqual((yolo / "classes.txt").read_text().splitlines(), [f"class {i}" for i in range(4)])
        for line in lines:
            name = pathlib.Path(line["image"]).name
            width, height = self.sizes[name]
            boxes = [self.clipped(line, d["box"]) for d in line["detections"]]
            labels = [row.split() for row in (yolo / name.replace(".png", ".txt")).read_text().splitlines()]
            self.assertEqual([int(row[0]) for row in labels], [d["class"] for d in line["detections"]])
            for (left, top, right, bottom), row in zip(boxes, labels, strict=True):
                wanted = [(left + right) / 2 / width, (top + bottom) / 2 / height, (right - left) / width,
                          (bottom - top) / height]
                self.assertCloseTo([float(value) for value in row[1:]], wanted, 2e-6)
            root = xml.etree.ElementTree.parse(voc / name.replace(".png", ".xml")).getroot()
            self.assertEqual(root.findtext("filename"), name)
            self.assertEqual((root.findtext("size/width"), root.findtext("size/height")), (str(width), str(height)))
            found = root.findall("object")
            self.assertEqual([o.findtext("name") for o in found], [f"class {d['class']}" for d in line["detections"]])
            for (left, top, right, bottom), one in zip(boxes, found, strict=True):
                edges = [int(one.findtext(f"bndbox/{side}")) for side in ("xmin", "ymin", "xmax", "ymax")]
                self.assertTrue(1 <= edges[0] <= edges[2] <= max(width, edges[0]), edges)
                self.assertLessEqual(max(abs(a - b) for a, b in zip(edges, [left + 1, top + 1, right, bottom])), 1)

    def test_objects_are_cut_out(self):
        crops = self.path("crops")
        lines = self.detect("--crops", crops)
        written = {str(path.relative_to(crops)): png_size(path.read_bytes()) for path in crops.rglob("*.png")}
        count = 0
        for line in lines:
            number = 0
            for d in line["detections"]:
                left, top, right, bottom = self.clipped(line, d["box"])
                width, height = -int(-right // 1) - int(left), -int(-bottom // 1) - int(top)
                if width < 1 or height < 1:
                    continue
                number += 1
                name = f"class {d['class']}/{pathlib.Path(line['image']).stem}_{number}.png"
                self.assertEqual(written.get(name), (width, height), name)
                count += 1
        self.assertEqual(len(written), count)
        refused = mobilenet("detect", "--model", DETECTOR, "--score", "0", "--max", "4", "--crops", crops,
                            self.pictures)
        self.assertEqual(refused.code, 1)
        self.assertIn("rename it into place", refused.err)

    def test_pictures_are_sorted_by_class(self):
        for more in ([], ["--copy"]):
            folder = self.path("sorted" + "".join(more))
            result = mobilenet("classify", "-m", self.model, "--json", "--min-score", 0, "--sort", folder, *more,
                               self.pictures)
            self.assertEqual(result.code, 0, result.err)
            for line in result.lines():
                picture = pathlib.Path(line["image"])
                place = folder / f"class {line['classes'][0]['index']}" / picture.name
                self.assertEqual(line["sorted"], str(place))
                self.assertEqual(place.is_symlink(), not more)
                self.assertEqual(place.read_bytes(), picture.read_bytes())
            self.assertEqual(sum(path.is_file() for path in folder.rglob("*")), 3)
            again = mobilenet("classify", "-m", self.model, "--min-score", 0, "--sort", folder, *more, self.pictures)
            self.assertEqual(again.code, 1)
            self.assertEqual(mobilenet("classify", "-m", self.model, "--min-score", 0, "--force", "--sort", folder,
                                       *more, self.pictures).code, 0)
        unsure = self.path("unsure")
        mobilenet("classify", "-m", self.model, "--min-score", 1, "--sort", unsure, self.pictures)
        self.assertEqual([path.name for path in unsure.iterdir()], ["not sure"])
        piped = mobilenet("classify", "-m", self.model, "--sort", self.path("piped"), "-", stdin=png(20, 20))
        self.assertEqual(piped.code, 2)
        self.assertIn("standard input is none", piped.err)

    def test_a_sheet_shows_sixty(self):
        many = self.path("many")
        many.mkdir()
        for i in range(61):
            (many / f"{i:02}.png").write_bytes(png(300, 200, seed=i))
        sheet = self.path("sheet.png")
        result = mobilenet("classify", "-m", self.model, "--sheet", sheet, many)
        self.skip_without_drawing(result)
        self.assertEqual(result.code, 0, result.err)
        self.assertIn("2 contact sheets beginning with", result.err)
        self.assertEqual(png_size(sheet.read_bytes()), (6 * 248 + 8, 10 * 248 + 8))
        self.assertEqual(png_size(self.path("sheet_2.png").read_bytes()), (248 + 8, 248 + 8))
        for verb, model in (("detect", DETECTOR), ("segment", SEGMENTER)):
            one = self.path(verb + ".jpg")
            self.assertEqual(mobilenet(verb, "-m", model, "--sheet", one, self.pictures).code, 0)
            self.assertTrue(one.read_bytes().startswith(b"\xff\xd8\xff"))

    @unittest.skipUnless(chromium.PROGRAM, "no Chromium is installed (Debian: chromium)")
    def test_a_report_is_seen_in_a_browser(self):
        bad = self.path("<b>bold<script>.png")
        bad.write_bytes(png(50, 60))
        browser = chromium.Chromium()
        self.addCleanup(browser.close)
        text = lambda query: browser.value(f"document.querySelector({query!r}).textContent")
        for verb, model in (("classify", self.model), ("detect", DETECTOR), ("segment", SEGMENTER)):
            page = self.path(verb + ".html")
            result = mobilenet(verb, "-m", model, "--json", "--html", page, *(["--score", "0"] if verb != "segment" else []),
                               self.pictures, bad)
            self.skip_without_drawing(result)
            self.assertEqual(result.code, 0, result.err)
            lines = result.lines()
            browser.open(page.as_uri())
            browser.wait_for("document.querySelectorAll('article').length === 4")
            self.assertIn(f"4 pictures, {verb}", text("h1"))
            self.assertEqual(browser.value("[...document.querySelectorAll('article h2')].map(h => h.textContent)"),
                             [line["image"] for line in lines])
            self.assertEqual(browser.value("document.querySelectorAll('article b').length"), 0)
            browser.wait_for("[...document.images].every(i => i.complete && i.naturalWidth > 0)")
            if verb == "detect":
                self.assertEqual(browser.value("document.querySelectorAll('article rect').length"),
                                 sum(len(line["detections"]) for line in lines))
            best = "document.querySelector('#class').options[1].value"
            browser.value(f"(() => {{ const c = document.querySelector('#class'); c.value = {best};"
                          "c.dispatchEvent(new Event('input')); })()")
            self.assertRegex(text("#count"), r"[1-4] of 4 pictures")
            browser.value("(() => { const c = document.querySelector('#class'); c.value = ''; const n ="
                          "document.querySelector('#name'); n.value = 'BOLD'; n.dispatchEvent(new Event('input')); })()")
            self.assertEqual(text("#count"), "1 of 4 pictures")
            self.assertTrue(browser.value("document.querySelectorAll('#histogram i').length === 20"))
            self.assertTrue(browser.screenshot().startswith(b"\x89PNG"))

    def test_a_reader_that_leaves_gets_no_half_table(self):
        many = self.path("left")
        many.mkdir()
        for i in range(60):
            (many / f"{i:02}.png").write_bytes(png(30, 30, seed=i))
        table = self.path("left.csv")
        process = subprocess.Popen([PROGRAM, "classify", "-q", "-n", "10", "-m", str(self.model), "--json", "--csv",
                                    str(table), str(many)], stdout=subprocess.PIPE)
        process.stdout.readline()
        process.stdout.close()
        process.wait(60)
        if table.exists():  # it was done before the pipe was closed
            self.assertEqual(len(self.rows(table)), 600)

    def test_results_are_of_pictures(self):
        for words in (["--copy"], ["--csv", self.path("t.txt")], ["--sheet", self.path("s.gif")],
                      ["--html", self.path("r.pdf")]):
            self.assertEqual(mobilenet("classify", "-m", self.model, *words, self.pictures).code, 2, words)
        camera = mobilenet("classify", "-m", self.model, "--csv", self.path("v.csv"), "/dev/video77")
        self.assertEqual(camera.code, 2)
        self.assertIn("--csv is for pictures", camera.err)
        existing = self.path("there.html")
        existing.write_text("mine")
        refused = mobilenet("classify", "-m", self.model, "--html", existing, self.pictures)
        self.assertEqual(refused.code, 1)
        self.assertEqual(existing.read_text(), "mine")


if __name__ == "__main__":
    unittest.main()
