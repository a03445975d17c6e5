# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The mobilenet.cpp authors
"""8-bit codes of a network: ranges of activations from one run in float, weights per output channel.

Codes are given as those of bytes 0 to 255; a file with signed ones subtracts 128 from the zero point.
"""

import numpy as np

# Of these the output has the code of what goes in: nothing is computed, or TensorFlow Lite asks for it.
ONE_CODE = ("mean", "resize", "reshape", "concat")


def codes_of(network, values):
    """{tensor: (scale, zero point)} from all tensors' values in float. Of a ReLU6 the range begins at 0 and ends at 6
    at most, so that the code's own limits do what it does."""
    leader = {name: name for name in network.shapes}

    def root(name):
        while leader[name] != name:
            name = leader[name]
        return name

    for node in network.nodes:
        if node.kind in ONE_CODE:
            for name in node.inputs:
                leader[root(name)] = root(node.name)
    ranges = {}
    for name in network.shapes:
        low, high = float(values[name].min()), float(values[name].max())
        before = ranges.get(root(name), (0.0, 0.0))
        ranges[root(name)] = min(low, before[0]), max(high, before[1])
    codes = {}
    for name in network.shapes:
        low, high = ranges[root(name)]
        scale = float(np.float32((high - low) / 255 or 1))
        codes[name] = scale, round(-low / scale)
    codes["x"] = 1 / 128, 128  # a picture's bytes, as TensorFlow's own networks have it
    return codes


def weight_codes(node, codes):
    """(weights as int8, their scales, biases as int32, their scales), a scale for each output channel."""
    channels = len(node.bias)
    scales = (np.abs(node.weights).reshape(channels, -1).max(axis=1) / 127).astype(np.float32)
    bias_scales = scales * np.float32(codes[node.inputs[0]][0])
    weights = np.rint(node.weights / scales.reshape(channels, 1, 1, 1)).astype(np.int8)
    return weights, scales, np.rint(node.bias / bias_scales).astype(np.int32), bias_scales
