# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The mobilenet.cpp authors
"""Writes a network as ONNX, planes first: float32, or 8-bit codes between QuantizeLinear and DequantizeLinear.

Integers are u8 activations with i8 weights, which runtimes prefer on x86; as in the .tflite the input and the outputs
are codes, so that nobody converts more numbers than others.
"""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from quantise import weight_codes

OPSET, IR_VERSION = 13, 8


def planes_first(shape):
    return (shape[2], *shape[:2]) if len(shape) == 3 else shape


class OnnxFile:
    def __init__(self, network, codes):
        self.network, self.codes = network, codes
        self.nodes, self.constants, self.readable = [], {}, {}

    def constant(self, name, value):
        self.constants[name] = numpy_helper.from_array(np.asarray(value), name)
        return name

    def add(self, kind, inputs, output, **attributes):
        self.nodes.append(helper.make_node(kind, inputs, [output], **attributes))
        return output

    def code(self, name):
        scale, zero = self.codes[name]
        return [self.constant(f"{name}/scale", np.float32(scale)), self.constant(f"{name}/zero", np.uint8(zero))]

    def finish(self, node, computed):
        """`computed` under the node's name; in integers the codes have that name, and readers get them dequantised."""
        name = node.name
        if not self.codes:
            if node.relu6:
                limits = [self.constant("zero", np.float32(0)), self.constant("six", np.float32(6))]
                computed = self.add("Clip", [computed, *limits], name)
            elif computed != name:
                self.nodes[-1].output[0] = name
            self.readable[name] = name
            return
        self.add("QuantizeLinear", [computed, *self.code(name)], name)  # its limits are ReLU6's, see codes_of
        if name not in self.network.outputs:
            self.readable[name] = self.add("DequantizeLinear", [name, *self.code(name)], f"{name}/real")

    def weights(self, node):
        """Names of weights and biases."""
        def laid_out(weights):
            return weights[:, 0, 0, :] if node.kind == "dense" else weights.transpose(0, 3, 1, 2)
        names = [f"{node.name}/weights", f"{node.name}/bias"]
        if not self.codes:
            return [self.constant(names[0], laid_out(node.weights)), self.constant(names[1], node.bias)]
        weights, scales, bias, bias_scales = weight_codes(node, self.codes)
        for name, values, steps in ((names[0], laid_out(weights), scales), (names[1], bias, bias_scales)):
            parts = [self.constant(f"{name}/codes", values), self.constant(f"{name}/scales", steps),
                     self.constant(f"{name}/zeros", np.zeros(len(steps), values.dtype))]
            self.add("DequantizeLinear", parts, name, axis=0)
        return names

    def node(self, node):
        inputs, computed = [self.readable[name] for name in node.inputs], f"{node.name}/computed"
        shape = self.network.shapes[node.name]
        if node.kind in ("conv", "depthwise"):
            (top, bottom), (left, right) = node.padding
            self.add("Conv", inputs + self.weights(node), computed, pads=[top, left, bottom, right],
                     kernel_shape=node.weights.shape[1:3], strides=[node.stride] * 2, dilations=[node.dilation] * 2,
                     group=len(node.bias) if node.kind == "depthwise" else 1)
        elif node.kind == "dense":
            flat = self.add("Flatten", inputs, f"{node.name}/flat")
            self.add("Gemm", [flat, *self.weights(node)], computed, transB=1)
        elif node.kind == "add":
            self.add("Add", inputs, computed)
        elif node.kind == "mean":
            self.add("GlobalAveragePool", inputs, computed)
        elif node.kind == "resize":
            sizes = self.constant(f"{node.name}/sizes", np.array([1, *planes_first(shape)], np.int64))
            self.add("Resize", [inputs[0], "", "", sizes], computed, mode="linear",
                     coordinate_transformation_mode="align_corners")
        elif node.kind == "reshape":
            target = self.constant(f"{node.name}/shape", np.array([1, *shape], np.int64))
            channels_last = self.add("Transpose", inputs, f"{node.name}/transposed", perm=[0, 2, 3, 1])
            self.add("Reshape", [channels_last, target], computed)
        else:
            self.add("Concat", inputs, computed, axis=1)  # channels of maps, or rows
        self.finish(node, computed)


def write_onnx(path, network, codes=None):
    file = OnnxFile(network, codes)
    file.readable["x"] = file.add("DequantizeLinear", ["x", *file.code("x")], "x/real") if codes else "x"
    for node in network.nodes:
        file.node(node)
    kind = TensorProto.UINT8 if codes else TensorProto.FLOAT

    def port(name):
        return helper.make_tensor_value_info(name, kind, [1, *planes_first(network.shapes[name])])

    graph = helper.make_graph(file.nodes, network.name, [port("x")], [port(name) for name in network.outputs],
                              list(file.constants.values()))
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)])
    model.ir_version = IR_VERSION
    onnx.save(model, str(path))
