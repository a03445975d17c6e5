# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The mobilenet.cpp authors
"""The picture of all parts that begin with a file."""

import numpy as np
from PIL import Image


def photograph(folder):
    """The path of a JPEG of soft shapes and some noise, in a camera's proportions."""
    path = folder / "photograph.jpg"
    if not path.exists():
        random = np.random.default_rng(3)
        shapes = Image.fromarray(random.integers(0, 256, (36, 64, 3), np.uint8))
        shapes = shapes.resize((1280, 720), Image.Resampling.BICUBIC)
        noisy = np.asarray(shapes, np.float32) + random.normal(0, 6, (720, 1280, 3))
        Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8)).save(path, quality=90)
    return path
