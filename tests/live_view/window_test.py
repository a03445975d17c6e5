#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The mobilenet.cpp authors
"""The window on a screen: what can be seen of a frame, and what keys and the desktop's button do."""

import time
import unittest

import probe
import x_screen

BLACK = (0, 0, 0)


def lit(pixels):
    """The rectangle that is not black: left, top, width, height."""
    rows = [y for y, row in enumerate(pixels) if any(pixel != BLACK for pixel in row)]
    if not rows:
        return None
    columns = [x for x in range(len(pixels[0])) if any(pixels[y][x] != BLACK for y in rows)]
    return columns[0], rows[0], columns[-1] - columns[0] + 1, rows[-1] - rows[0] + 1


@unittest.skipIf(x_screen.why_not(), x_screen.why_not())
class WindowTest(unittest.TestCase):
    def setUp(self):
        self.screen = x_screen.XScreen()
        self.addCleanup(self.screen.close)
        self.probe = probe.Probe("window", env=self.screen.environment())
        if self.probe.first is None:
            self.probe.end()
            self.skipTest("this build opens no window")
        self.assertEqual(self.probe.first, "open")

    def assert_shows(self, left, top, width, height):
        """The frame fills this rectangle, give or take a pixel of rounding, and nothing else is lit; soon."""
        expected = (left, top, width, height)
        end = time.monotonic() + probe.PATIENCE
        while (wrong := self.what_differs(expected)) is not None:
            self.assertLess(time.monotonic(), end, wrong)
            time.sleep(0.05)

    def what_differs(self, expected):
        pixels = self.screen.pixels()
        seen = lit(pixels)
        if not seen or any(abs(a - b) > 1 for a, b in zip(seen, expected)):
            return f"{seen} is lit, not {expected}"
        found = [pixels[y][x] for x, y in probe.centres(*expected)]
        return None if found == probe.COLOURS else f"the colours are {found}"

    def test_a_frame_keeps_its_proportions(self):
        width, height = probe.SIZE
        self.screen.resize(width, height)  # also moves it to the corner
        self.assert_shows(0, 0, width, height)
        self.screen.resize(800, 300)
        self.assert_shows((800 - 533) // 2, 0, 533, 300)
        self.screen.resize(320, 600)
        self.assert_shows(0, (600 - 180) // 2, 320, 180)
        self.probe.say("size 100 200")
        self.assert_shows((320 - 300) // 2, 0, 300, 600)
        self.assertEqual(self.probe.end(), 0)

    def test_frames_larger_than_the_screen(self):
        self.screen.resize(800, 600)
        self.probe.say("size 4000 1000")
        self.assert_shows(0, (600 - 200) // 2, 800, 200)
        self.assertEqual(self.probe.end(), 0)

    def test_it_stays_when_no_frame_follows(self):
        self.screen.resize(*probe.SIZE)
        self.assert_shows(0, 0, *probe.SIZE)
        self.probe.say("still")
        time.sleep(0.1)
        self.screen.resize(2 * probe.SIZE[0], 2 * probe.SIZE[1])
        self.assert_shows(0, 0, 2 * probe.SIZE[0], 2 * probe.SIZE[1])
        self.assertEqual(self.probe.end(), 0)

    def test_keys(self):
        for key, wish in [("space", "pause"), ("s", "save"), ("o", "next_overlay"), ("Tab", "next_overlay"),
                          ("q", "quit")]:
            self.screen.press("x")
            self.screen.press(key)
            self.assertEqual(self.probe.line(), wish)
        self.assertIsNone(self.probe.line())
        self.assertEqual(self.probe.end(), 0)

    def test_closing_the_window_ends(self):
        self.screen.close_window()
        self.assertEqual(self.probe.line(), "quit")
        self.assertEqual(self.probe.end(), 0)


if __name__ == "__main__":
    probe.main()
