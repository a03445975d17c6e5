#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The mobilenet.cpp authors
"""The page in a browser, Chromium: what a person sees of the stream, what buttons and keys do, and what a page of
somebody else gets."""

import http.server
import io
import threading
import time
import unittest

import chromium
import probe

try:
    from PIL import Image
except ImportError:
    Image = None

JPEG_TOLERANCE = 4  # as in page_test.py
# The smallest part of the screenshot that a quarter of the frame fills.
LEAST_PIXELS = 5000


class StrangersPage(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<title>a stranger</title>")

    def log_message(self, *_):
        pass


@unittest.skipUnless(chromium.PROGRAM, "no Chromium is installed (Debian: chromium)")
class BrowserTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.browser = chromium.Chromium()
        cls.addClassCleanup(cls.browser.close)

    def setUp(self):
        self.probe = probe.Probe("page", 0)
        self.ended = False
        self.addCleanup(self.end)

    def end(self):
        if not self.ended:
            self.ended = True
            self.assertEqual(self.probe.end(), 0)

    def open(self):
        self.browser.open(self.probe.first)
        self.browser.wait_for("document.querySelector('#statistics dd') !== null")
        self.assertEqual(self.browser.value("document.querySelector('#message').textContent"), "")

    def shown_colours(self):
        """How many pixels of the window have each colour of the frame."""
        counts = [0] * len(probe.COLOURS)
        shot = Image.open(io.BytesIO(self.browser.screenshot())).convert("RGB")
        for count, pixel in shot.getcolors(2**24):
            for i, colour in enumerate(probe.COLOURS):
                counts[i] += count * all(abs(a - b) <= JPEG_TOLERANCE for a, b in zip(pixel, colour))
        return counts

    def assert_frames_are_seen(self):
        end = time.monotonic() + chromium.PATIENCE
        while min(counts := self.shown_colours()) < LEAST_PIXELS:
            self.assertLess(time.monotonic(), end, counts)

    @unittest.skipUnless(Image, "Pillow is not installed")
    def test_frames_are_seen_in_the_dark_and_the_light(self):
        corners = []
        for scheme in ("dark", "light"):
            self.browser.prefer(scheme)
            self.open()
            self.assert_frames_are_seen()
            corners.append(sum(Image.open(io.BytesIO(self.browser.screenshot())).convert("RGB").getpixel((2, 2))))
        self.assertLess(corners[0], 3 * 64, "the dark page")
        self.assertGreater(corners[1], 3 * 192, "the light page")

    def test_results_and_statistics_are_text(self):
        self.open()
        self.assertEqual(self.browser.value("document.querySelector('#source').textContent"), "made <b>frames")
        self.assertEqual(self.browser.value("document.querySelector('#model').textContent"), "no model, cpu")
        self.assertEqual(self.browser.value("[...document.querySelectorAll('dd')].slice(0, 3).map(d => d.textContent)"),
                         ["30.0", "12.5 ms", "21.3 ms"])
        self.assertEqual(self.browser.value("document.querySelector('caption').textContent"), "detections")
        self.assertEqual(self.browser.value("[...document.querySelectorAll('td')].map(d => d.textContent)"),
                         ["a <i>cup", "0.750", "1, 2, 3, 4"])
        self.assertEqual(self.browser.value("document.querySelectorAll('i, b').length"), 0)

    def test_buttons_and_keys_are_wishes(self):
        self.open()
        for name, wish in [("save", "save"), ("overlay", "next_overlay"), ("pause", "pause")]:
            self.browser.value(f"document.querySelector('[data-wish={name}]').click()")
            self.assertEqual(self.probe.line(), wish)
        self.browser.wait_for("document.querySelector('[data-wish=pause]').textContent === 'Continue'")
        for key, wish in [(" ", "pause"), ("s", "save"), ("o", "next_overlay")]:
            self.browser.press(key)
            self.assertEqual(self.probe.line(), wish)
        self.browser.wait_for("document.querySelector('[data-wish=pause]').textContent === 'Pause'")
        self.assertEqual(self.browser.value("document.querySelector('#message').textContent"), "")

    @unittest.skipUnless(Image, "Pillow is not installed")
    def test_it_comes_back_with_the_program(self):
        self.open()
        port = self.probe.first.rstrip("/").rsplit(":", 1)[1]
        self.end()
        self.browser.wait_for("document.querySelector('#message').textContent !== ''")
        self.probe, self.ended = probe.Probe("page", port), False
        self.browser.wait_for("document.querySelector('#message').textContent === ''")
        self.probe.say("size 180 320")
        self.browser.wait_for("document.querySelector('#frame').naturalHeight === 320")
        self.assert_frames_are_seen()

    def test_a_strangers_page_gets_nothing(self):
        with http.server.ThreadingHTTPServer(("127.0.0.1", 0), StrangersPage) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            self.browser.open(f"http://127.0.0.1:{server.server_port}/")
            self.browser.wait_for("document.title === 'a stranger'")
            ours = self.probe.first
            picture = f"new Promise(done => {{ const i = new Image(); i.onload = () => done('seen'); " \
                      f"i.onerror = () => done('refused'); i.src = '{ours}PATH'; }})"
            for path in ("frame.jpg", "stream"):
                self.assertEqual(self.browser.value(picture.replace("PATH", path)), "refused")
            asked = f"fetch('{ours}status.json').then(() => 'read', () => 'refused')"
            self.assertEqual(self.browser.value(asked), "refused")
            self.browser.value(f"fetch('{ours}save', {{method: 'POST', mode: 'no-cors'}}).catch(() => 0)")
            server.shutdown()
        self.open()
        self.browser.press("o")
        self.assertEqual(self.probe.line(), "next_overlay", "and not the stranger's wish")


if __name__ == "__main__":
    probe.main()
