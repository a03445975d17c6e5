# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The mobilenet.cpp authors
"""The real weights and pictures, and the colours that annotated pictures are drawn in."""

import os
import pathlib


def test_data():
    """$MOBILENET_TEST_DATA, else ../shared/data beside the checkout; None without."""
    default = pathlib.Path(__file__).parents[2] / "../shared/data"
    folder = pathlib.Path(os.environ.get("MOBILENET_TEST_DATA", default))
    return folder if (folder / "models").is_dir() else None


# class_colour() of src/draw/palette.h for the first twenty classes, written down again: the same in every version.
CLASS_COLOURS = [
    (255, 64, 64), (0, 170, 255), (255, 190, 0), (0, 195, 105), (185, 80, 255), (255, 120, 0), (0, 215, 215),
    (255, 70, 170), (165, 215, 0), (60, 90, 255), (255, 150, 140), (0, 140, 130), (225, 140, 255), (160, 100, 35),
    (120, 235, 160), (200, 0, 90), (130, 185, 255), (240, 230, 80), (115, 55, 185), (95, 150, 30)
]


def class_colour(index):
    return CLASS_COLOURS[index]


def instance_colour(index, instance):
    """instance_colour() of src/draw/palette.h: mixed with white or black from the second object of a class on."""
    amount, other = [(0, 0), (0.42, 255), (0.3, 0), (0.22, 255), (0.5, 0)][instance % 5]
    return tuple(int(sample + amount * (other - sample) + 0.5) for sample in class_colour(index))


def voc_colour(index):
    """PASCAL VOC's colour map: three bits of the index at a time become the next lower bit of red, green and blue."""
    colour = [0, 0, 0]
    for bit in range(8):
        for channel in range(3):
            colour[channel] |= (index >> (3 * bit + channel) & 1) << (7 - bit)
    return tuple(colour)
