#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The mobilenet.cpp authors
"""Writes int16_golden_rows.inc, int16_element_golden_rows.inc and weighted_golden_rows.inc: networks with 16-bit activations, weights of 4 bits, and other
convolutions that XNNPACK does not take, with a hash of what the real runtime answers. See make_quantized_golden.py.
"""

import argparse
import pathlib

import numpy as np
from make_quantized_golden import ACTIVATIONS, BUILTIN, TYPES, Draw, Given, affine, answer, cpp, fnv, options, schema
from make_litert_golden import Tensor

TYPES["i16"] = (np.int16, schema.TensorType.INT16)
TYPES["i64"] = (np.int64, schema.TensorType.INT64)
TYPES["i4"] = (np.void, schema.TensorType.INT4)
UNIT = (np.float32(1 / 32768), 0)


def states(seed, count):
    state, all_ = seed, np.empty(count, np.uint32)
    for i in range(count):
        state = (state * 1664525 + 1013904223) & 0xFFFFFFFF
        all_[i] = state
    return all_


def drawn(type_, seed, shape):
    """As drawn() in golden.h."""
    bits = states(seed, int(np.prod(shape)))
    if type_ == "i16":
        values = (bits >> 16).astype(np.uint16).view(np.int16)
    elif type_ == "i4":
        values = ((bits >> 28).astype(np.int8) ^ 8) - 8
    elif type_ in ("i32", "i64"):
        values = ((bits >> 20).astype(np.int64) - 2048).astype(TYPES[type_][0])
    else:
        values = (bits >> 24).astype(np.uint8).view(TYPES[type_][0])
    return values.reshape(shape)


class Packed(Given):
    """Weights of 4 bits."""

    def __init__(self, values, scales, axis):
        nibbles = (values.reshape(-1).astype(np.uint8) & 15)
        nibbles = np.append(nibbles, np.zeros(len(nibbles) % 2, np.uint8))
        super().__init__((nibbles[0::2] | nibbles[1::2] << 4).astype(np.uint8), (scales, 0), True)
        self.type, self.shape, self.axis = "i4", list(values.shape), axis


class Draw16(Draw):
    def scale(self, low, high):
        scale = float(np.exp(self.random.uniform(np.log(low), np.log(high))))
        return np.float32(2.0 ** np.round(np.log2(scale)) if self.random.integers(5) == 0 else scale)


def pair_row(draw, kind):
    code = {"add": BUILTIN.ADD, "subtract": BUILTIN.SUB, "multiply": BUILTIN.MUL}[kind]
    a, b = draw.scale(1e-5, 1e-2), draw.scale(1e-5, 1e-2)
    out = a * b * np.float32(np.exp(draw.random.uniform(5, 11))) if kind == "multiply" else draw.scale(max(a, b) / 2, max(a, b) * 4)
    activation, seed = str(draw.random.choice(list(ACTIVATIONS))), int(draw.random.integers(1, 1000))
    fused = {"fusedActivationFunction": ACTIVATIONS[activation]}
    name = {"add": "AddOptions", "subtract": "SubOptions", "multiply": "MulOptions"}[kind]
    if kind != "multiply":
        fused["potScaleInt16"] = False
    got = answer(code, 4, options(name, **fused),
                 [Given(drawn("i16", seed, [1, 4000]), (a, 0)), Given(drawn("i16", seed + 1, [1, 4000]), (b, 0))],
                 Tensor("i16", [1, 4000], out, 0))
    return row16(kind, "i16", "i16", (a, 0), (b, 0), (out, 0), activation, 1, 4000, 1.0, seed, got)


def row16(kind, in_, out_, a, b, out, activation, rows, columns, beta, seed, got):
    return (f"{{Kind::{kind}, DataType::{in_}, DataType::{out_}, {affine(a)}, {affine(b)}, {affine(out)}, "
            f"Activation::{activation}, {rows}, {columns}, {cpp(beta)}, {seed}, {fnv(got.tobytes())}}}")


def mean_row(draw, kind):
    x, seed = draw.scale(1e-5, 1e-2), int(draw.random.integers(1, 1000))
    out = x if draw.random.integers(3) == 0 else draw.scale(x / 3, x * 3)
    rows, columns = draw.random.choice([(64, 1), (64, 2), (64, 7), (32, 49), (4, 1280), (2, 20000)])
    if kind == "sum":
        out *= np.float32(np.sqrt(columns) * 4)
    got = answer(BUILTIN.MEAN if kind == "mean" else BUILTIN.SUM, 2, options("ReducerOptions", keepDims=True),
                 [Given(drawn("i16", seed, [int(rows), int(columns)]), (x, 0))], Tensor("i16", [int(rows), 1], out, 0), [[1]])
    return row16(kind, "i16", "i16", (x, 0), (x, 0), (out, 0), "none", rows, columns, 1.0, seed, got)


def rescale_row(draw, kind):
    in_, out_ = draw.random.choice([("i16", "i16"), ("i8", "i16"), ("u8", "i16"), ("i16", "i8")])
    activation = str(draw.random.choice(["none", "relu", "relu6"])) if in_ == out_ else "none"
    ends = [(draw.scale(1e-4, 1e-1), 0) if t == "i16" else draw.quantization(str(t), 1e-3, 1) for t in (in_, out_)]
    seed = int(draw.random.integers(1, 1000))
    code, version, option = {"none": (BUILTIN.QUANTIZE, 3, options("QuantizeOptions")), "relu": (BUILTIN.RELU, 2, None),
                             "relu6": (BUILTIN.RELU6, 2, None)}[activation]
    got = answer(code, version, option, [Given(drawn(in_, seed, [1, 3001]), ends[0])], Tensor(str(out_), [1, 3001], *ends[1]))
    return row16(kind, in_, out_, ends[0], ends[0], ends[1], activation, 1, 3001, 1.0, seed, got)


def softmax_row(draw, kind):
    x, seed, beta = draw.scale(1e-5, 1e-2), int(draw.random.integers(1, 1000)), float(draw.random.choice([1, 1, 0.5, 2]))
    rows, columns = draw.random.choice([(64, 1), (64, 2), (64, 7), (8, 200), (4, 1001)])
    got = answer(BUILTIN.SOFTMAX, 3, options("SoftmaxOptions", beta=beta),
                 [Given(drawn("i16", seed, [int(rows), int(columns)]), (x, 0))], Tensor("i16", [int(rows), int(columns)], *UNIT))
    return row16(kind, "i16", "i16", (x, 0), (x, 0), UNIT, "none", rows, columns, beta, seed, got)


def curve_row(draw, kind):
    x = draw.scale(1e-6, 1e-1)
    if x in (np.float32(2.0**-11), np.float32(2.0**-12)):  # refused
        x = np.float32(x * 1.5)
    every = np.arange(-32768, 32768).astype(np.int16).reshape(1, -1)
    got = answer(BUILTIN.LOGISTIC if kind == "sigmoid" else BUILTIN.TANH, 3, None, [Given(every, (x, 0))],
                 Tensor("i16", [1, 65536], *UNIT))
    return row16(kind, "i16", "i16", (x, 0), (x, 0), UNIT, "none", 1, 65536, 1.0, 0, got)


def element_row(draw, kind):
    """Of one number: every one of them; of two: 4000 pairs, or 100 numbers of b under 40 of a."""
    builtin, version, option, pairs = ELEMENTS[kind]
    a, b, seed = draw.scale(1e-5, 1e-2), draw.scale(1e-5, 1e-2), int(draw.random.integers(1, 1000))
    alpha = float(np.float32(draw.random.choice([0.01, 0.2, 1.5, -0.25]))) if kind == "UnaryKind::leaky_relu" else 0.0
    activation = str(draw.random.choice(list(ACTIVATIONS))) if kind == "BinaryKind::divide" else "none"
    repeats, zero = bool(pairs and draw.random.integers(2)), 0
    out = draw.scale(a / 3, a * 3)
    if kind == "BinaryKind::divide":
        out = a / b * draw.scale(1e-3, 1)
    elif kind == "BinaryKind::prelu":
        out = a * draw.scale(0.1, 3)
    elif kind in ("UnaryKind::exp", "UnaryKind::log", "UnaryKind::rsqrt"):
        out = draw.scale(1e-4, 1e-2)
    shape = [1, 40, 100] if pairs else [1, 65536]
    x = drawn("i16", seed, shape) if pairs else np.arange(-32768, 32768).astype(np.int16).reshape(shape)
    if kind == "UnaryKind::rsqrt":
        x = np.maximum(x, 0)
    inputs = [Given(x, (a, 0))]
    if pairs:
        slopes = kind == "BinaryKind::prelu"
        zero = int(draw.random.integers(-128, 128)) if slopes else 0
        second = drawn("i8" if slopes else "i16", seed + 1, [1, 1, 100] if repeats else shape)
        inputs.append(Given(second | 1 if kind == "BinaryKind::divide" else second, (b, zero), slopes))
    fused = {"alpha": alpha} if alpha else {"fusedActivationFunction": ACTIVATIONS[activation]} if activation != "none" else {}
    got = answer(builtin, version, option and options(option, **fused), inputs, Tensor("i16", shape, out, 0))
    return (f"{{{kind}, {cpp(alpha)}, {affine((a, 0))}, {affine((b, zero))}, {affine((out, 0))}, Activation::{activation}, "
            f"{str(repeats).lower()}, {seed}, {fnv(got.tobytes())}}}")


ELEMENTS = {  # the operator: (builtin, version, its options, whether it has two operands)
    "BinaryKind::divide": (BUILTIN.DIV, 2, "DivOptions", True),
    "BinaryKind::minimum": (BUILTIN.MINIMUM, 3, "MaximumMinimumOptions", True),
    "BinaryKind::maximum": (BUILTIN.MAXIMUM, 3, "MaximumMinimumOptions", True),
    "BinaryKind::prelu": (BUILTIN.PRELU, 1, None, True),
    "UnaryKind::absolute": (BUILTIN.ABS, 3, "AbsOptions", False),
    "UnaryKind::leaky_relu": (BUILTIN.LEAKY_RELU, 2, "LeakyReluOptions", False),
    "UnaryKind::exp": (BUILTIN.EXP, 2, "ExpOptions", False),
    "UnaryKind::log": (BUILTIN.LOG, 2, None, False),
    "UnaryKind::rsqrt": (BUILTIN.RSQRT, 3, None, False),
}


def weighted_row(draw, kind):
    int4, wide = kind.startswith("int4"), kind.endswith("16")
    type_ = "i16" if wide else "i8"
    layer = kind.removeprefix("int4_").removesuffix("16")
    bias = {"convolution16": ["i64"], "depthwise16": ["i64", "none"], "dense16": ["none", "i32", "i64"],
            "int4_dense": ["none", "i32"], "transposed": ["none", "i32"]}.get(kind, ["i32"])
    bias = str(draw.random.choice(bias))
    pixels, inputs, outputs = int(draw.random.integers(20, 60)), int(draw.random.integers(1, 40)), int(draw.random.integers(1, 24))
    if kind == "int4_dense":
        inputs |= 1
    if layer == "depthwise":
        outputs = inputs
    x = (draw.scale(1e-5, 1e-3), 0) if wide else draw.quantization(type_, 1e-2, 1)
    out = (draw.scale(1e-4, 1e-2), 0) if wide else draw.quantization(type_, 1e-1, 10)
    one, per_channel = draw.scale(1e-3, 1e-2), bool(draw.random.integers(2))
    scales = one * (1 + np.arange(outputs, dtype=np.float32) / 16) if per_channel else one
    activation, seed = str(draw.random.choice(list(ACTIVATIONS))), int(draw.random.integers(1, 1000))
    if layer == "transposed":
        activation = "none"
    shape = {"convolution": [outputs, 1, 1, inputs], "depthwise": [1, 1, 1, outputs], "dense": [outputs, inputs],
             "transposed": [outputs, 1, 1, inputs]}[layer]
    values, axis = drawn("i4" if int4 else "i8", seed + 1, shape), 3 if layer == "depthwise" else 0
    if int4:
        weight = Packed(values, scales, axis)
    else:
        weight = Given(values, (scales, 0), True)
        weight.axis = axis
    data = Given(drawn(type_, seed, [pixels, inputs] if layer == "dense" else [1, 1, pixels, inputs]), x)
    tensors = [data, weight]
    if bias != "none":
        tensors.append(Given(drawn(bias, seed + 2, [outputs]), (np.float32(x[0]) * scales, 0), True))
    fused, steps = {"fusedActivationFunction": ACTIVATIONS[activation]}, {"strideH": 1, "strideW": 1}
    result = Tensor(type_, [pixels, outputs] if layer == "dense" else [1, 1, pixels, outputs], *out)
    if layer == "dense":
        got = answer(BUILTIN.FULLY_CONNECTED, 4, options("FullyConnectedOptions", **fused), tensors, result)
    elif layer == "convolution":
        got = answer(BUILTIN.CONV_2D, 4, options("Conv2DOptions", dilationHFactor=1, dilationWFactor=1, **fused, **steps),
                     tensors, result)
    elif layer == "depthwise":
        got = answer(BUILTIN.DEPTHWISE_CONV_2D, 4, options("DepthwiseConv2DOptions", dilationHFactor=1, dilationWFactor=1,
                                                           depthMultiplier=1, **fused, **steps), tensors, result)
    else:  # a kernel of 1 in steps of 2
        result = Tensor(type_, [1, 2, 2 * pixels, outputs], *out)
        size = Given(np.array(result.shape, np.int32), ([], []), True)
        got = answer(BUILTIN.TRANSPOSE_CONV, 3, options("TransposeConvOptions", padding=0, strideH=2, strideW=2),
                     [size, weight, data] + tensors[2:], result)
    return (f"{{Weighted::{kind}, DataType::{type_}, {affine(x)}, {cpp(one)}, {str(per_channel).lower()}, "
            f"{affine(out)}, Activation::{activation}, Bias::{bias}, {pixels}, {inputs}, {outputs}, {seed}, "
            f"{fnv(got.tobytes())}}}")


def write(name, cases, seed, makers):
    draw, lines = Draw16(seed), []
    for kind, make in makers.items():
        lines += [f"    {make(draw, kind)},\n" for _ in range(cases)]
    path = pathlib.Path(__file__).with_name(name)
    path.write_text("// Written by make_int16_golden.py with ai-edge-litert; see there.\n" + "".join(lines))
    print(f"{name}: {len(lines)} rows")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--cases", type=int, default=10, help="of each operator")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    write("int16_golden_rows.inc", arguments.cases, arguments.seed, {
        "add": pair_row, "subtract": pair_row, "multiply": pair_row, "mean": mean_row, "sum": mean_row, "rescale": rescale_row,
        "softmax": softmax_row, "sigmoid": curve_row, "tanh": curve_row})
    write("int16_element_golden_rows.inc", arguments.cases, arguments.seed, dict.fromkeys(ELEMENTS, element_row))
    write("weighted_golden_rows.inc", arguments.cases, arguments.seed, dict.fromkeys((
        "convolution16", "depthwise16", "dense16", "int4_convolution", "int4_depthwise", "int4_dense", "transposed"),
        weighted_row))


if __name__ == "__main__":
    main()
