# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The mobilenet.cpp authors
"""Writes a network as ncnn's .param (text, a layer a line) and .bin (float32 weights).

Keys of layers are numbers there; those used are named below. A blob has one reader, more get copies by Split.
"""

import collections

import numpy as np

MAGIC = 7767517
CLIP_AT_6 = {9: 3, -23310: "2,0.0,6.0"}  # activation, its parameters


class NcnnFile:
    def __init__(self, network):
        self.network, self.lines, self.blobs, self.weights, self.copies = network, [], 0, [], {}
        self.readers = collections.Counter(name for node in network.nodes for name in node.inputs)
        self.layer("Input", "x", [], "x")

    def layer(self, kind, name, inputs, output, keys=None):
        self.line(kind, name, inputs, [output], keys)
        readers = self.readers[output]
        if readers > 1:
            self.copies[output] = [f"{output}/copy{at}" for at in range(readers)]
            self.line("Split", f"{output}/split", [output], list(self.copies[output]))

    def line(self, kind, name, inputs, outputs, keys=None):
        self.blobs += len(outputs)
        values = [f"{key}={value}" for key, value in (keys or {}).items()]
        self.lines.append(" ".join([kind, name, str(len(inputs)), str(len(outputs)), *inputs, *outputs, *values]))

    def node(self, node):
        name, shape = node.name, self.network.shapes[node.name]
        inputs = [self.copies[source].pop(0) if source in self.copies else source for source in node.inputs]
        if node.kind in ("conv", "depthwise", "dense"):
            weights = np.ascontiguousarray(node.weights.transpose(0, 3, 1, 2))
            self.weights += [bytes(4), weights.tobytes(), node.bias.tobytes()]  # four zeros: float32 follows
        if node.kind in ("conv", "depthwise"):
            (top, bottom), (left, right) = node.padding
            keys = {0: len(node.bias), 1: weights.shape[3], 11: weights.shape[2], 2: node.dilation, 3: node.stride,
                    4: left, 15: right, 14: top, 16: bottom, 5: 1, 6: weights.size}
            keys |= {7: len(node.bias)} if node.kind == "depthwise" else {}
            kind = "ConvolutionDepthWise" if node.kind == "depthwise" else "Convolution"
            self.layer(kind, name, inputs, name, keys | (CLIP_AT_6 if node.relu6 else {}))
        elif node.kind == "dense":
            self.layer("InnerProduct", name, inputs, name, {0: len(node.bias), 1: 1, 2: weights.size})
        elif node.kind == "add":
            self.layer("BinaryOp", name, inputs, name, {0: 0})
        elif node.kind == "mean":
            self.layer("Pooling", name, inputs, name, {0: 1, 4: 1})  # average, of all
        elif node.kind == "resize":
            corners = {6: 1}  # aligned
            self.layer("Interp", name, inputs, name, {0: 2, 3: shape[0], 4: shape[1]} | corners)
        elif node.kind == "reshape":
            self.layer("Permute", f"{name}/permuted", inputs, f"{name}/permuted", {0: 3})  # channels last
            self.layer("Reshape", name, [f"{name}/permuted"], name, {0: shape[1], 1: shape[0]})
        else:
            self.layer("Concat", name, inputs, name, {0: 0})  # channels of maps, or rows


def write_ncnn(path, network):
    file = NcnnFile(network)
    for node in network.nodes:
        file.node(node)
    path.write_text("\n".join([str(MAGIC), f"{len(file.lines)} {file.blobs}", *file.lines, ""]))
    path.with_suffix(".bin").write_bytes(b"".join(file.weights))
