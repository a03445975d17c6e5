# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The mobilenet.cpp authors
"""How real numbers go into and come out of the files of one network: layouts, types and 8-bit codes."""

import dataclasses

import numpy as np


@dataclasses.dataclass
class ModelFile:
    """A file that peers open. `codes`: (scale, zero point as of bytes) of input and outputs, empty in float."""
    path: str
    planes_first: bool  # codes are then unsigned, else signed
    side: int = 0
    codes: dict = dataclasses.field(default_factory=dict)

    def input_from(self, values):
        """A batch of one as the file takes it, of [side, side, 3] real numbers."""
        if self.codes:
            scale, zero = self.codes["input"]
            return self.input_from_bytes(np.clip(np.rint(values / np.float32(scale)) + zero, 0, 255).astype(np.uint8))
        return self.laid_out(values)

    def input_from_bytes(self, values):
        """The same of a picture: of codes its bytes are taken as they are, in float they become -1 to 1."""
        if not self.codes:
            values = values.astype(np.float32) / np.float32(127.5) - 1
        elif not self.planes_first:
            values = (values.astype(np.int16) - 128).astype(np.int8)
        return self.laid_out(values)

    def laid_out(self, values):
        return np.ascontiguousarray((values.transpose(2, 0, 1) if self.planes_first else values)[None])

    def real(self, outputs):
        """Real numbers, channels last, of what the file leaves."""
        made = []
        for at, values in enumerate(outputs):
            if self.codes and values.dtype.kind in "iu":
                scale, zero = self.codes["outputs"][at]
                zero -= 128 if values.dtype == np.int8 else 0
                values = (values.astype(np.float32) - zero) * np.float32(scale)
            made.append(values.transpose(0, 2, 3, 1) if self.planes_first and values.ndim == 4 else values)
        return made
