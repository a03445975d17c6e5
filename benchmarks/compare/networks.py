# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The mobilenet.cpp authors
"""The networks that are timed, with random weights: graphs of a few kinds of nodes that every writer of files knows.

Maps are height, width, channels. Batch norm is folded, padding is TensorFlow's SAME. Detectors end in the raw boxes and
scores of all anchors, the segmenter in logits of the input's size: what follows (suppression, the best class) is no
network, and runtimes do not agree on it.
"""

import dataclasses

import numpy as np

# Depthwise stride and output channels of V1's 13 blocks; expansion, channels, repeats and first stride of V2's stages.
V1_BLOCKS = [(1, 64), (2, 128), (1, 128), (2, 256), (1, 256), (2, 512)] + [(1, 512)] * 5 + [(2, 1024), (1, 1024)]
V2_STAGES = [(1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1)]
IMAGENET, COCO, VOC = 1000, 91, 21
BOXES_A_CELL = [3, 6, 6, 6, 6, 6]
EXTRAS = [(256, 512), (128, 256), (128, 256), (64, 128)]


@dataclasses.dataclass
class Node:
    """One operator. `weights` are [outputs, height, width, inputs], of a depthwise convolution [channels, h, w, 1]."""
    kind: str  # conv, depthwise, dense, add, mean, resize (corners aligned), reshape, concat (of channels or of rows)
    name: str
    inputs: list
    weights: np.ndarray = None
    bias: np.ndarray = None
    stride: int = 1
    dilation: int = 1
    relu6: bool = False
    padding: tuple = ((0, 0), (0, 0))  # (before, after) of height and width


class Network:
    """Nodes in order of computation; `shapes` has every tensor's, without the batch of 1."""

    def __init__(self, name, side, seed=1):
        self.name, self.side, self.nodes, self.outputs = name, side, [], []
        self.shapes = {"x": (side, side, 3)}
        self.random = np.random.default_rng(seed)

    def add(self, kind, name, inputs, shape, **fields):
        self.nodes.append(Node(kind, name, inputs, **fields))
        self.shapes[name] = tuple(shape)
        return name

    def conv(self, name, source, channels=None, kernel=1, stride=1, dilation=1, relu6=True):
        """A convolution; depthwise without `channels`. He's weights keep the numbers of deep networks in range."""
        height, width, inputs = self.shapes[source]
        kind, inputs, channels = ("conv", inputs, channels) if channels else ("depthwise", 1, inputs)
        deviation = ((2 if relu6 else 1) / (inputs * kernel * kernel)) ** 0.5
        weights = self.random.standard_normal((channels, kernel, kernel, inputs)) * deviation
        bias = self.random.uniform(-0.1, 0.1, channels)
        out, padding = [], []
        for size in (height, width):
            out.append(-(-size // stride))
            total = max(0, (out[-1] - 1) * stride + (kernel - 1) * dilation + 1 - size)
            padding.append((total // 2, total - total // 2))
        return self.add(kind, name, [source], (*out, channels), weights=weights.astype(np.float32),
                        bias=bias.astype(np.float32), stride=stride, dilation=dilation, relu6=relu6,
                        padding=tuple(padding))

    def separable(self, name, source, channels, stride=1, relu6=True):
        return self.conv(name, self.conv(f"{name}/depthwise", source, kernel=3, stride=stride), channels, relu6=relu6)

    def classifier(self, source, classes):
        pooled = self.add("mean", "pool", [source], (1, 1, self.shapes[source][2]))
        self.outputs = [self.conv("logits", pooled, classes, relu6=False)]
        self.nodes[-1].kind, self.shapes["logits"] = "dense", (classes,)

    def detector(self, maps, predict):
        """Boxes and scores of all anchors; `predict` makes one map of them."""
        rows = {"boxes": [], "scores": []}
        for at, (source, boxes) in enumerate(zip(maps, BOXES_A_CELL)):
            for kind, numbers in (("boxes", 4), ("scores", COCO)):
                made = predict(f"head{at}/{kind}", source, boxes * numbers)
                shape = (int(np.prod(self.shapes[made])) // numbers, numbers)
                rows[kind].append(self.add("reshape", f"{made}/rows", [made], shape))
        for kind, parts in rows.items():
            shape = (sum(self.shapes[part][0] for part in parts), self.shapes[parts[0]][1])
            self.outputs.append(self.add("concat", kind, parts, shape))


def v1_backbone(network):
    """The outputs of its 13 blocks."""
    outputs, current = [], network.conv("stem", "x", 32, kernel=3, stride=2)
    for at, (stride, channels) in enumerate(V1_BLOCKS, 1):
        current = network.separable(f"pointwise{at}", current, channels, stride)
        outputs.append(current)
    return outputs


def v2_backbone(network, width=1.0, output_stride=32):
    """The last block's output, and the expansion of block 14. Strides beyond `output_stride` become holes."""
    def scaled(channels):
        return max(8, int(channels * width + 4) // 8 * 8)
    at, stride_now, dilation, middle = 0, 2, 1, None
    current = network.conv("stem", "x", scaled(32), kernel=3, stride=2)
    for expansion, channels, repeats, first_stride in V2_STAGES:
        for repeat in range(repeats):
            at, stride = at + 1, first_stride if repeat == 0 else 1
            rate = dilation
            if stride > 1 and stride_now == output_stride:
                dilation, stride = dilation * stride, 1
            stride_now *= stride
            name, source, inside = f"block{at}", current, current
            if expansion > 1:
                inside = network.conv(f"{name}/expand", inside, network.shapes[inside][2] * expansion)
                middle = inside if at == 14 else middle
            inside = network.conv(f"{name}/depthwise", inside, kernel=3, stride=stride, dilation=rate)
            current = network.conv(f"{name}/project", inside, scaled(channels), relu6=False)
            if network.shapes[current] == network.shapes[source] and stride == 1:
                current = network.add("add", f"{name}/add", [current, source], network.shapes[current])
    return current, middle


def v1():
    network = Network("v1", 224)
    network.classifier(v1_backbone(network)[-1], IMAGENET)
    return network


def v2(name="v2", side=224, width=1.0, last=1280, classes=IMAGENET):
    network = Network(name, side)
    network.classifier(network.conv("last", v2_backbone(network, width)[0], last), classes)
    return network


def ssd():
    network = Network("ssd", 300)
    blocks = v1_backbone(network)
    maps = [blocks[10], blocks[12]]
    for at, (reduced, channels) in enumerate(EXTRAS, 1):
        reduce = network.conv(f"extra{at}/reduce", maps[-1], reduced)
        maps.append(network.conv(f"extra{at}", reduce, channels, kernel=3, stride=2))
    network.detector(maps, lambda name, source, channels: network.conv(name, source, channels, relu6=False))
    return network


def ssdlite():
    network = Network("ssdlite", 320)
    last, middle = v2_backbone(network)
    maps = [middle, network.conv("last", last, 1280)]
    for at, (reduced, channels) in enumerate(EXTRAS, 1):
        reduce = network.conv(f"extra{at}/reduce", maps[-1], reduced)
        maps.append(network.separable(f"extra{at}", reduce, channels, stride=2))
    network.detector(maps, lambda name, source, channels: network.separable(name, source, channels, relu6=False))
    return network


def deeplab():
    network = Network("deeplab", 513)
    features, _ = v2_backbone(network, output_stride=16)
    height, width, channels = network.shapes[features]
    pooled = network.conv("pool_branch", network.add("mean", "pool", [features], (1, 1, channels)), 256)
    spread = network.add("resize", "pool_branch/up", [pooled], (height, width, 256))
    joined = network.add("concat", "joined", [spread, network.conv("aspp", features, 256)], (height, width, 512))
    logits = network.conv("logits", network.conv("projection", joined, 256), VOC, relu6=False)
    network.outputs = [network.add("resize", "answer", [logits], (network.side, network.side, VOC))]
    return network


def tiny():
    """For the benchmark's own test: all that V2 has, in a moment."""
    return v2("tiny", side=96, width=0.35, last=64, classes=10)


MAKERS = {"v1": v1, "v2": v2, "ssd": ssd, "ssdlite": ssdlite, "deeplab": deeplab, "tiny": tiny}


def picture(side):
    """[side, side, 3] The input of all: noise of -1 to 1."""
    return np.random.default_rng(7).uniform(-1, 1, (side, side, 3)).astype(np.float32)
