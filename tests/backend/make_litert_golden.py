#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The mobilenet.cpp authors
"""Writes litert_golden_rows.inc: one-operator networks and what the real runtime answers, byte for byte.

Needs `pip install ai-edge-litert flatbuffers numpy` and runs nowhere but on a developer's machine. Every model is run
through the default (XNNPACK) path. Rows cover where implementations part: ties, fused bounds that fall between two
integers, double rounding, zero points at the ends of their types.
"""

import pathlib
import re

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter

TYPES = {  # name in DataType: (numpy, schema)
    "f32": (np.float32, schema.TensorType.FLOAT32),
    "i32": (np.int32, schema.TensorType.INT32),
    "u8": (np.uint8, schema.TensorType.UINT8),
    "i8": (np.int8, schema.TensorType.INT8),
}
BUILTIN, OPTIONS = schema.BuiltinOperator, schema.BuiltinOptions
ACTIVATIONS = {"none": 0, "relu": 1, "relu_n1_to_1": 2, "relu6": 3}


class Tensor:
    """scale None: not quantised. seed None: no data; 0: a ramp; otherwise pseudo-random (litert_golden.cpp agrees)."""

    def __init__(self, type_, shape, scale=None, zero=0, seed=None, layout="none", axis=0, constant=False):
        self.type, self.shape, self.seed, self.layout, self.axis = type_, list(shape), seed, layout, axis
        self.constant = constant
        self.scales = [] if scale is None else [float(np.float32(s)) for s in np.atleast_1d(scale)]
        self.zeros = [int(z) for z in np.atleast_1d(zero)] * (len(self.scales) if np.ndim(zero) == 0 else 1)

    def data(self):
        count = int(np.prod(self.shape))
        if self.seed == 0:
            return (np.arange(count) % 256).astype(np.uint8).view(TYPES[self.type][0]).reshape(self.shape)
        states, state = np.empty(count, np.uint32), self.seed
        for i in range(count):
            state = (state * 1664525 + 1013904223) & 0xFFFFFFFF
            states[i] = state
        if self.type == "i32":
            values = (states >> 20).astype(np.int32) - 2048
        elif self.type == "f32":
            values = ((states >> 8).astype(np.float64) - 2**23) * 2.0**-20
            values = values.astype(np.float32)
        else:
            values = (states >> 24).astype(np.uint8)
            values = values.view(np.int8) if self.type == "i8" else values
            if self.type == "i8" and self.constant:
                values = np.maximum(values, -127)  # weights are symmetric
        return values.reshape(self.shape)


def options(kind, **values):
    table = getattr(schema, kind + "T")()
    for name, value in values.items():
        if not hasattr(table, name):
            raise AttributeError(name)
        setattr(table, name, value)
    return getattr(OPTIONS, kind), table


def answer(code, version, option, inputs, output, extra=()):
    """The runtime's output bytes; `extra` are constant int32 arrays that only TensorFlow Lite has as tensors."""
    model = schema.ModelT()
    model.version, model.buffers = 3, [schema.BufferT()]
    graph = schema.SubGraphT()
    graph.tensors, ids = [], []

    def add(name, type_, shape, scales, zeros, axis, data):
        tensor = schema.TensorT()
        tensor.name, tensor.shape, tensor.type, tensor.buffer = name, shape, TYPES[type_][1], 0
        if scales:
            tensor.quantization = schema.QuantizationParametersT()
            tensor.quantization.scale, tensor.quantization.zeroPoint = scales, zeros
            tensor.quantization.quantizedDimension = axis
        if data is not None:
            buffer = schema.BufferT()
            buffer.data = np.frombuffer(data.tobytes(), np.uint8)
            model.buffers.append(buffer)
            tensor.buffer = len(model.buffers) - 1
        graph.tensors.append(tensor)
        return len(graph.tensors) - 1

    for i, t in enumerate(inputs):
        axis = t.axis if len(t.scales) > 1 else 0
        ids.append(add(f"x{i}", t.type, t.shape, t.scales, t.zeros, axis, t.data() if t.constant else None))
    for array in extra:
        ids.append(add("extra", "i32", list(np.shape(array)), [], [], 0, np.asarray(array, np.int32)))
    out = add("y", output.type, output.shape, output.scales, output.zeros, 0, None)
    graph.inputs = [i for i, t in zip(ids, inputs) if not t.constant]
    graph.outputs = [out]
    operator = schema.OperatorT()
    operator.opcodeIndex, operator.inputs, operator.outputs = 0, ids, [out]
    if option:
        operator.builtinOptionsType, operator.builtinOptions = option
    graph.operators, model.subgraphs = [operator], [graph]
    opcode = schema.OperatorCodeT()
    opcode.builtinCode, opcode.deprecatedBuiltinCode, opcode.version = code, min(code, 127), version
    model.operatorCodes = [opcode]
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    interpreter = Interpreter(model_content=bytes(builder.Output()), num_threads=1)
    interpreter.allocate_tensors()
    for detail, t in zip(interpreter.get_input_details(), (t for t in inputs if not t.constant)):
        interpreter.set_tensor(detail["index"], t.data())
    interpreter.invoke()
    return interpreter.get_tensor(interpreter.get_output_details()[0]["index"])


ROWS = []


def numbers(values):
    return "{" + ", ".join(str(v) for v in values) + "}"


def cpp(t):
    scales = "{" + ", ".join(re.sub("0*p", "p", np.float32(s).item().hex()) + "f" for s in t.scales) + "}"
    seed = "kNoData" if t.seed is None else f"{t.seed}u"
    return (f"{{DataType::{t.type}, {numbers(t.shape)}, {scales}, {numbers(t.zeros)}, {t.axis}, "
            f"WeightLayout::{t.layout}, {str(t.constant).lower()}, {seed}}}")


def row(name, op, code, version, option, inputs, output, extra=()):
    got = answer(code, version, option, inputs, output, extra)
    assert list(got.shape) == output.shape, (name, got.shape, output.shape)
    hexadecimal = got.tobytes().hex()
    lines = "\n     ".join(f'"{hexadecimal[i:i + 100]}"' for i in range(0, len(hexadecimal), 100))
    ROWS.append(f'    {{"{len(ROWS) + 1}: {name}", {op},\n     {{' + ",\n      ".join(cpp(t) for t in inputs) +
                f"}},\n     {cpp(output)},\n     {lines}}},\n")


def ends(type_):
    return (0, 255) if type_ == "u8" else (-128, 127)


def window(kernel, stride, dilation=1, same=True):
    rule = "Padding::Rule::same" if same else "Padding::Rule::explicit_"
    return f"{{{kernel}, {kernel}, {stride}, {stride}, {dilation}, {dilation}, {{{rule}}}}}"


def same(size, stride):
    return -(-size // stride)


def weighted():
    tie = 6 / 12.5  # relu6 ends between two integers
    for kind in ("convolution", "depthwise", "dense"):
        for type_, per_channel, activation, zero_x, zero_w, scale_y, zero_y, stride in (
                ("u8", False, "none", 128, 131, 0.9, 120, 1), ("u8", False, "relu6", 0, 131, tie, 0, 2),
                ("u8", False, "relu6", 255, 120, tie, 3, 1), ("u8", False, "relu", 120, 255, 1.3, 11, 2),
                ("i8", False, "none", 0, 0, 0.7, -5, 1), ("i8", False, "relu6", -128, 0, tie, -128, 2),
                ("i8", True, "none", 127, 0, 1.1, 127, 1), ("i8", True, "relu6", -3, 0, tie, -125, 2),
                ("i8", True, "relu", 5, 0, 0.6, -128, 1)):
            if kind == "dense" and per_channel and activation == "relu":
                continue
            inputs_, outputs = 5, 10 if kind == "depthwise" else 7
            seed = 1 + len(ROWS)
            x = Tensor(type_, [2, 5, 4, inputs_] if kind != "dense" else [2, 40], 0.037, zero_x, seed)
            shape = {"convolution": [outputs, 3, 3, inputs_], "depthwise": [1, 3, 3, outputs],
                     "dense": [outputs, 40]}[kind]
            axis = 3 if kind == "depthwise" and per_channel else 0
            scales = 0.013 * (1 + 0.11 * np.arange(outputs)) if per_channel else 0.011
            layout = {"convolution": "ohwi", "depthwise": "hwc", "dense": "oi"}[kind]
            w = Tensor(type_, shape, scales, zero_w, seed + 1000, layout, axis, True)
            b = Tensor("i32", [outputs], np.float32(0.037) * np.float32(scales), 0, seed + 2000, "none", 0, True)
            height, width = same(5, stride), same(4, stride)
            y = Tensor(type_, [2, height, width, outputs] if kind != "dense" else [2, outputs], scale_y, zero_y)
            name = f"{kind}, {type_}{' per channel' if per_channel else ''}, {activation}"
            activation_cpp = f"Activation::{activation}"
            code = ACTIVATIONS[activation]
            if kind == "convolution":
                row(name, f"Conv2dOp{{{window(3, stride)}, 1, {activation_cpp}}}", BUILTIN.CONV_2D, 3,
                    options("Conv2DOptions", padding=0, strideH=stride, strideW=stride, dilationHFactor=1,
                            dilationWFactor=1, fusedActivationFunction=code), [x, w, b], y)
            elif kind == "depthwise":
                row(name, f"DepthwiseConv2dOp{{{window(3, stride)}, 2, {activation_cpp}}}", BUILTIN.DEPTHWISE_CONV_2D, 3,
                    options("DepthwiseConv2DOptions", padding=0, strideH=stride, strideW=stride, depthMultiplier=2,
                            dilationHFactor=1, dilationWFactor=1, fusedActivationFunction=code), [x, w, b], y)
            else:
                row(name, f"DenseOp{{{activation_cpp}}}", BUILTIN.FULLY_CONNECTED, 5 if per_channel else 4,
                    options("FullyConnectedOptions", fusedActivationFunction=code), [x, w, b], y)


def elementwise():
    for type_ in ("u8", "i8"):
        low, high = ends(type_)
        for activation, a, b, y in (("none", (0.05, low + 100), (0.07, low + 3), (0.11, low + 90)),
                                    ("relu6", (0.03, high), (0.031, low), (6 / 12.5, low + 1)),
                                    ("relu", (0.8, low), (0.004, high), (0.9, low + 40)),
                                    ("none", (0.05, low), (0.05, low), (0.1, low)),
                                    ("none", (0.0004, low + 9), (0.2, low + 128), (0.17, low + 128))):
            row(f"add, {type_}, {activation}", f"AddOp{{Activation::{activation}}}", BUILTIN.ADD, 2,
                options("AddOptions", fusedActivationFunction=ACTIVATIONS[activation]),
                [Tensor(type_, [1, 64], *a, 11), Tensor(type_, [1, 64], *b, 12)], Tensor(type_, [1, 64], *y))
        for scale, zero in ((0.05, low + 128), (0.11, low + 31)):
            x = Tensor(type_, [1, 256], scale, zero, 0)
            row(f"sigmoid, {type_}", "ActivationOp{Activation::sigmoid}", BUILTIN.LOGISTIC, 2, None, [x],
                Tensor(type_, [1, 256], 1 / 256, low))
            row(f"relu6, {type_}", "ActivationOp{Activation::relu6}", BUILTIN.RELU6, 2, None, [x],
                Tensor(type_, [1, 256], scale * 1.37, low + 2))
        row(f"relu, same scale, {type_}", "ActivationOp{Activation::relu}", BUILTIN.RELU, 2, None,
            [Tensor(type_, [1, 256], 0.05, low + 100, 0)], Tensor(type_, [1, 256], 0.05, low + 100))
        for beta, scale in ((1.0, 0.166), (0.5, 0.05)):
            row(f"softmax, {type_}, beta {beta}", f"SoftmaxOp{{{beta}f}}", BUILTIN.SOFTMAX, 2,
                options("SoftmaxOptions", beta=beta), [Tensor(type_, [3, 21], scale, low + 66, 21)],
                Tensor(type_, [3, 21], 1 / 256, low))
        for other in ("u8", "i8"):
            other_low = ends(other)[0]
            for scale_x, zero_x, scale_y, zero_y in ((0.05, low + 120, 0.0713, other_low + 99),
                                                     (0.05, low + 231, 0.1, other_low + 128),
                                                     (0.05, low + 255, 0.2357, other_low + 200),
                                                     (0.05, low + 127, 0.05, other_low + 127),
                                                     (0.05, low + 127, 0.019, other_low + 127)):
                row(f"rescale, {type_} to {other}", "QuantizeOp{}", BUILTIN.QUANTIZE, 2, options("QuantizeOptions"),
                    [Tensor(type_, [1, 256], scale_x, zero_x, 0)], Tensor(other, [1, 256], scale_y, zero_y))
        row(f"quantise to {type_}", "QuantizeOp{}", BUILTIN.QUANTIZE, 2, options("QuantizeOptions"),
            [Tensor("f32", [1, 96], seed=31)], Tensor(type_, [1, 96], 0.0625, low + 117))
        row(f"dequantise from {type_}", "QuantizeOp{}", BUILTIN.DEQUANTIZE, 2, options("DequantizeOptions"),
            [Tensor(type_, [1, 40], 0.0371, low + 100, 32)], Tensor("f32", [1, 40]))
    row("concatenation of three scales, u8", "ConcatOp{1}", BUILTIN.CONCATENATION, 2,
        options("ConcatenationOptions", axis=1),
        [Tensor("u8", [1, 256], 0.05, 120, 0), Tensor("u8", [1, 256], 0.0213, 3, 0), Tensor("u8", [1, 64], 0.04, 99, 5)],
        Tensor("u8", [1, 576], 0.04, 99))


def spatial():
    for type_ in ("u8", "i8"):
        low, _ = ends(type_)
        for activation, kernel, stride in (("none", 3, 1), ("relu6", 2, 2), ("none", 4, 1)):
            quantisation = (6 / 12.5, low + 3) if activation == "relu6" else (0.05, low + 128)
            padded = kernel != 4
            size = same(5, stride) if padded else 2
            x, y = Tensor(type_, [1, 5, 5, 4], *quantisation, 41), Tensor(type_, [1, size, size, 4], *quantisation)
            for kind, code in (("average", BUILTIN.AVERAGE_POOL_2D), ("max", BUILTIN.MAX_POOL_2D)):
                row(f"{kind} pool, {type_}, {activation}",
                    f"PoolOp{{PoolKind::{kind}, {window(kernel, stride, 1, padded)}, Activation::{activation}}}", code, 2,
                    options("Pool2DOptions", padding=0 if padded else 1, strideH=stride, strideW=stride,
                            filterHeight=kernel, filterWidth=kernel,
                            fusedActivationFunction=ACTIVATIONS[activation]), [x], y)
        for size, (scale_x, zero_x), (scale_y, zero_y) in ((4, (0.05, low + 69), (0.05, low + 69)),
                                                          (7, (0.05, low + 9), (0.031, low + 200)),
                                                          (2, (0.05, low + 255), (0.025, low + 255)),
                                                          (6, (0.05, low + 110), (0.05, low + 111))):
            row(f"mean of {size}x{size}, {type_}", "GlobalAveragePoolOp{true}", BUILTIN.MEAN, 2,
                options("ReducerOptions", keepDims=True), [Tensor(type_, [1, size, size, 40], scale_x, zero_x, 51)],
                Tensor(type_, [1, 1, 1, 40], scale_y, zero_y), [[1, 2]])
        for what, enlargement in (("corners", "align_corners"), ("legacy", "top_left"),
                                  ("centres", "half_pixel_centers")):
            row(f"resize, {type_}, {what}", f"ResizeBilinearOp{{5, 7, Enlargement::{enlargement}}}", BUILTIN.RESIZE_BILINEAR, 3,
                options("ResizeBilinearOptions", alignCorners=enlargement == "align_corners",
                        halfPixelCenters=enlargement == "half_pixel_centers"),
                [Tensor(type_, [1, 3, 4, 3], 0.05, low + 20, 61)], Tensor(type_, [1, 5, 7, 3], 0.05, low + 20), [[5, 7]])
        row(f"pad, {type_}", "pad_of_map(1, 0, 0, 2)", BUILTIN.PAD, 2, options("PadOptions"),
            [Tensor(type_, [1, 2, 2, 3], 0.05, low + 77, 71)], Tensor(type_, [1, 3, 4, 3], 0.05, low + 77),
            [[[0, 0], [1, 0], [0, 2], [0, 0]]])


def ends_of_vectors():
    """Ties of elements beyond a multiple of 16, which one runtime loop rounds and another does not."""
    for type_, other in (("u8", "i8"), ("i8", "u8")):
        for count in (8, 15, 16, 24, 41):
            row(f"rescale of {count}, {type_} to {other}", "QuantizeOp{}", BUILTIN.QUANTIZE, 2, options("QuantizeOptions"),
                [Tensor(type_, [1, count], 0.02, sum(ends(type_)) // 2 + 1, 80 + count)],
                Tensor(other, [1, count], 0.08, sum(ends(other)) // 2 + 1))


def main():
    weighted()
    elementwise()
    spatial()
    ends_of_vectors()
    path = pathlib.Path(__file__).with_name("litert_golden_rows.inc")
    path.write_text("// Written by make_litert_golden.py with ai-edge-litert; see there.\n" + "".join(ROWS))
    print(f"{len(ROWS)} rows")


if __name__ == "__main__":
    main()
