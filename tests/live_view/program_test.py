# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The mobilenet.cpp authors
"""mobilenet live, from a clip of photographs to what is seen: in a window on Xvfb, and on a page in Chromium."""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.request

import chromium
import x_screen
from probe import PATIENCE, main

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "cli"))
from photographs import CLASS_COLOURS  # noqa: E402
from png_file import PngFile  # noqa: E402
from program import PROGRAM, mobilenet  # noqa: E402

MAKE_CLIP = os.environ.get("MOBILENET_MAKE_CLIP", "make_clip")
PHOTOGRAPH = pathlib.Path(__file__).parents[2] / "out/pictures/astronaut.png"
WIDTH = HEIGHT = 512
FRAMES = 50
CLOSE = 80  # of a colour's channels: JPEG, H.264 and scaling soften edges


def near(a, b):
    return max(abs(x - y) for x, y in zip(a, b)) <= CLOSE


class Live(unittest.TestCase):
    """The bundled detector on a photograph of a person that stands still for two seconds."""

    @classmethod
    def setUpClass(cls):
        if not PHOTOGRAPH.exists():
            raise unittest.SkipTest(f"no photograph at {PHOTOGRAPH} (scripts/fetch_pictures)")
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="mobilenet-live-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.clip = cls.folder / "clip.mp4"
        made = subprocess.run([MAKE_CLIP, cls.clip, str(FRAMES), str(WIDTH), str(HEIGHT), PHOTOGRAPH],
                              capture_output=True, text=True)
        if made.returncode:
            raise unittest.SkipTest(made.stderr.strip())
        answer = mobilenet("detect", "--json", PHOTOGRAPH)
        cls.person, = [found for found in answer.lines()[0]["detections"] if found["label"] == "person"]
        # H.264 moves its edges by some pixels, more than a line is wide.
        of_clip = mobilenet("detect", "--json", "--frames", "3", cls.clip)
        cls.drawn, = [found for found in of_clip.lines()[-1]["detections"] if found["label"] == "person"]

    def start(self, *arguments, env=None):
        process = subprocess.Popen([PROGRAM, "live", *map(str, arguments)], stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True, env={**os.environ, **(env or {})})
        self.addCleanup(self.end, process)
        return process

    @staticmethod
    def end(process):
        process.kill()
        process.communicate()

    def assertSamePerson(self, found):
        a, b = found["box"], self.person["box"]
        across, down = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
        area = lambda box: (box[2] - box[0]) * (box[3] - box[1])
        shared = max(across, 0) * max(down, 0)
        self.assertGreater(shared / (area(a) + area(b) - shared), 0.9, (a, b))

    def is_drawn(self, pixel_at, left, top, scale):
        """Whether the colour of the class is along the left and the right line of the person's frame on a screen: at
        half of twenty heights, as thin lines lose colour to what is beside them."""
        colour, box = CLASS_COLOURS[self.drawn["class"]], self.drawn["box"]
        heights = [top + scale * (max(box[1], 0) + (min(box[3], HEIGHT) - max(box[1], 0)) * (i + 0.5) / 20)
                   for i in range(20)]
        for x in (left + scale * max(box[0], 2), left + scale * min(box[2], WIDTH - 2)):
            found = sum(any(near(pixel_at(round(x) + by, round(y)), colour) for by in range(-3, 4)) for y in heights)
            if found < 10:
                return False
        return True

    def test_in_a_window(self):
        if why := x_screen.why_not():
            self.skipTest(why)
        screen = x_screen.XScreen()
        self.addCleanup(screen.close)
        output = self.folder / "recorded.mp4"
        process = self.start("-o", output, "--json", self.clip, env=screen.environment())
        deadline = time.monotonic() + PATIENCE
        seen = False
        while not seen and process.poll() is None and time.monotonic() < deadline:
            pixels = screen.pixels()
            # The window lies somewhere in the middle: its place is where the photograph's frame is found.
            for left in {0, (x_screen.WIDTH - WIDTH) // 2}:
                for top in {0, (x_screen.HEIGHT - HEIGHT) // 2}:
                    seen = seen or self.is_drawn(lambda x, y: pixels[y][x], left, top, 1)
            time.sleep(0.05)
        out, err = process.communicate(timeout=PATIENCE)
        if "SDL" in err and "cannot" in err:
            self.skipTest(err.strip())
        self.assertEqual(process.returncode, 0, err)
        self.assertTrue(seen, "the person's frame was never on the screen; " + err)
        # Every frame was answered, and its answer is the picture's.
        lines = [json.loads(line) for line in out.splitlines()]
        self.assertEqual([line["frame"] for line in lines], list(range(FRAMES)))
        for line in lines:
            self.assertSamePerson(next(found for found in line["detections"] if found["label"] == "person"))
        # As many frames came out as went in, at the same times.
        recorded = mobilenet("detect", "--json", output)
        self.assertEqual(recorded.code, 0, recorded.err)
        times = [line["seconds"] for line in recorded.lines()]
        self.assertEqual(len(times), FRAMES)
        for a, line in zip(times, lines):
            self.assertAlmostEqual(a, line["seconds"], delta=0.002)

    def test_on_a_page(self):
        process = self.start("--mjpeg", 0, "--json", self.clip)
        address = ""
        while "http://" not in address:
            address = process.stderr.readline()
            if not address:
                process.wait()
                self.skipTest("the page does not start")
        address = address.split("watch at ")[1].split()[0]
        status = {"frames": 0}
        while status["frames"] == 0:
            status = json.loads(urllib.request.urlopen(address + "status.json", timeout=PATIENCE).read())
        self.assertEqual(status["source"], str(self.clip))
        if chromium.PROGRAM is None:
            process.communicate(timeout=PATIENCE)
            self.skipTest("Chromium is not installed (Debian: chromium)")
        # Held, so that there is time to look.
        request = urllib.request.Request(address + "pause", method="POST")
        urllib.request.urlopen(request, timeout=PATIENCE).read()
        browser = chromium.Chromium()
        self.addCleanup(browser.close)
        browser.open(address)
        browser.wait_for("document.images.length > 0 && document.images[0].naturalWidth > 0")
        deadline, seen = time.monotonic() + PATIENCE, False
        while not seen and time.monotonic() < deadline:
            # Where the picture is, which moves while the page fills.
            place = json.loads(browser.value(
                "JSON.stringify((r => [r.left, r.top, r.width, r.height])(document.images[0].getBoundingClientRect()))"))
            shot = self.folder / "page.png"
            shot.write_bytes(browser.screenshot())
            picture = PngFile(shot)
            scale = min(place[2] / WIDTH, place[3] / HEIGHT)
            left = place[0] + (place[2] - scale * WIDTH) / 2
            top = place[1] + (place[3] - scale * HEIGHT) / 2
            seen = self.is_drawn(lambda x, y: picture.pixel(x, y)[:3], left, top, scale)
            time.sleep(0.1)
        self.assertTrue(seen, "the person's frame is not on the page")
        urllib.request.urlopen(request, timeout=PATIENCE).read()  # goes on
        out, err = process.communicate(timeout=PATIENCE)
        self.assertEqual(process.returncode, 0, err)
        self.assertEqual(len(out.splitlines()), FRAMES)


if __name__ == "__main__":
    main()
