#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The mobilenet.cpp authors
"""Writes binary_, unary_ and reduction_golden_rows.inc: scales and zero points, and a hash of what the real runtime answers to every byte, or
to every pair of bytes; in reductions to rows of random bytes.

Needs `pip install ai-edge-litert flatbuffers numpy` and runs nowhere but on a developer's machine:

    make_quantized_golden.py                         # the rows of the repository
    make_quantized_golden.py --cases 500 --seed 7    # more of them, to build the tests once and throw away
"""

import argparse
import pathlib
import re
import sys

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "backend"))
from make_litert_golden import ACTIVATIONS, BUILTIN, TYPES, Tensor, answer, ends, options, schema  # noqa: E402, F401

BINARY = {  # BinaryKind: (builtin, its options, the types it has)
    "add": (BUILTIN.ADD, "AddOptions", ("i8", "u8")),
    "subtract": (BUILTIN.SUB, "SubOptions", ("i8", "u8")),
    "multiply": (BUILTIN.MUL, "MulOptions", ("i8", "u8")),
    "divide": (BUILTIN.DIV, "DivOptions", ("i8", "u8")),
    "minimum": (BUILTIN.MINIMUM, "MaximumMinimumOptions", ("i8", "u8")),
    "maximum": (BUILTIN.MAXIMUM, "MaximumMinimumOptions", ("i8", "u8")),
    "squared_difference": (BUILTIN.SQUARED_DIFFERENCE, "SquaredDifferenceOptions", ("i8",)),
    "prelu": (BUILTIN.PRELU, None, ("i8", "u8")),
}
UNARY = {  # what makes the table: (builtin, version, its options, the types it has)
    "UnaryKind::absolute": (BUILTIN.ABS, 2, "AbsOptions", ("i8",)),
    "UnaryKind::elu": (BUILTIN.ELU, 1, None, ("i8",)),
    "UnaryKind::exp": (BUILTIN.EXP, 2, "ExpOptions", ("i8",)),
    "UnaryKind::leaky_relu": (BUILTIN.LEAKY_RELU, 2, "LeakyReluOptions", ("i8", "u8")),
    "UnaryKind::log": (BUILTIN.LOG, 2, None, ("i8",)),
    "UnaryKind::negate": (BUILTIN.NEG, 1, "NegOptions", ("i8",)),
    "UnaryKind::rsqrt": (BUILTIN.RSQRT, 2, None, ("i8",)),
    "UnaryKind::sqrt": (BUILTIN.SQRT, 2, None, ("i8",)),
    "UnaryKind::tanh": (BUILTIN.TANH, 2, None, ("i8", "u8")),
    "Activation::sigmoid": (BUILTIN.LOGISTIC, 2, None, ("i8", "u8")),
    "Activation::hard_swish": (BUILTIN.HARD_SWISH, 1, "HardSwishOptions", ("i8", "u8")),
    "Activation::relu": (BUILTIN.RELU, 2, None, ("i8", "u8")),
    "Activation::relu6": (BUILTIN.RELU6, 2, None, ("i8", "u8")),
    "Activation::relu_n1_to_1": (BUILTIN.RELU_N1_TO_1, 1, None, ("i8", "u8")),
    "Activation::relu_0_to_1": (BUILTIN.RELU_0_TO_1, 1, None, ("i8", "u8")),
}
REDUCTIONS = {  # Reduction: (builtin, its options, the types it has)
    "mean": (BUILTIN.MEAN, "ReducerOptions", ("i8", "u8")),
    "sum": (BUILTIN.SUM, "ReducerOptions", ("i8", "u8")),
    "maximum": (BUILTIN.REDUCE_MAX, "ReducerOptions", ("i8", "u8")),
    "minimum": (BUILTIN.REDUCE_MIN, "ReducerOptions", ("i8", "u8")),
    "l2": (BUILTIN.L2_NORMALIZATION, "L2NormOptions", ("i8", "u8")),
    "log_softmax": (BUILTIN.LOG_SOFTMAX, "LogSoftmaxOptions", ("i8", "u8")),
}


class Given(Tensor):
    """A tensor of given data."""

    def __init__(self, values, quantization, constant=False):
        name = next(name for name, (numpy, _) in TYPES.items() if numpy == values.dtype.type)
        super().__init__(name, values.shape, *quantization, constant=constant)
        self.values = values

    def data(self):
        return self.values


def every(type_):
    low, high = ends(type_)
    return np.arange(low, high + 1).astype(TYPES[type_][0])


def fnv(data):
    """FNV-1a, which takes no library on either side."""
    value = 0xcbf29ce484222325
    for byte in data:
        value = ((value ^ byte) * 0x100000001b3) & 0xFFFFFFFFFFFFFFFF
    return f"0x{value:016x}u"


class Draw:
    def __init__(self, seed):
        self.random = np.random.default_rng(seed)

    def quantization(self, type_, low, high):
        """A third of the scales are powers of two and a third are fractions with few bits, which makes ties."""
        scale = float(np.exp(self.random.uniform(np.log(low), np.log(high))))
        kind = self.random.integers(3)
        if kind == 0:
            scale = 2.0 ** np.round(np.log2(scale))
        elif kind == 1:
            scale = max(round(scale * 64), 1) / 64
        least, most = ends(type_)
        zero = self.random.choice([least, most, (least + most + 1) // 2, self.random.integers(least, most + 1)])
        return np.float32(scale), int(zero)


def cpp(number):
    return re.sub("0*p", "p", np.float32(number).item().hex()) + "f"


def affine(quantization):
    return f"{{{cpp(quantization[0])}, {quantization[1]}}}"


def binary_row(draw, kind, type_):
    builtin, option, _ = BINARY[kind]
    a, b = (draw.quantization(type_, 1e-3, 1) for _ in range(2))
    out = draw.quantization(type_, 1e-2, 30) if kind == "divide" else draw.quantization(type_, 3e-3, 1)
    fine = draw.random.integers(6) == 0
    if fine and kind in ("add", "subtract"):  # beyond what the delegate takes
        a = (np.float32(out[0] * 2.0 ** draw.random.uniform(-14, -8)), a[1])
    elif fine and kind == "multiply":
        out = (np.float32(a[0] * b[0] * 2.0 ** draw.random.uniform(14, 20)), out[1])
    if kind in ("add", "subtract"):  # finer outputs are refused
        out = (max(out[0], max(a[0], b[0]) / np.float32(200)), out[1])
    activation = str(draw.random.choice(list(ACTIVATIONS))) if kind in ("add", "subtract", "multiply", "divide") else "none"
    first, second = np.meshgrid(every(type_), every(type_), indexing="ij")
    if kind == "divide":  # never by zero
        second = np.where(second == b[1], np.where(b[1] == ends(type_)[0], b[1] + 1, b[1] - 1), second).astype(second.dtype)
    first, second = first.reshape(256, 1, 256), second.reshape(256, 1, 256)
    if kind == "prelu":
        second = second[0]
    fused = {"fusedActivationFunction": ACTIVATIONS[activation]} if activation != "none" else {}
    got = answer(builtin, 1 if kind == "prelu" else 2, option and options(option, **fused),
                 [Given(first, a), Given(second, b, kind == "prelu")], Tensor(type_, [256, 1, 256], *out))
    return (f"{{BinaryKind::{kind}, DataType::{type_}, {affine(a)}, {affine(b)}, {affine(out)}, "
            f"Activation::{activation}, {fnv(got.tobytes())}}}")


def unary_row(draw, kind, type_):
    builtin, version, option, _ = UNARY[kind]
    x, out = draw.quantization(type_, 2e-3, 1), draw.quantization(type_, 2e-3, 1)
    alpha = float(np.float32(draw.random.choice([0.01, 0.1, 0.2, 0.3, 0.5, 1.5, -0.25]))) if "leaky" in kind else 0.0
    if kind == "Activation::hard_swish" and out[0] <= x[0] / 100:
        out = (x[0], out[1])  # finer outputs are refused
    values = every(type_)
    if kind.endswith("sqrt"):  # only of what is not negative
        values = np.maximum(values, x[1]).astype(values.dtype)
    got = answer(builtin, version, option and options(option, **({"alpha": alpha} if alpha else {})),
                 [Given(values.reshape(1, 256), x)], Tensor(type_, [1, 256], *out))
    return f"{{{kind}, {cpp(alpha)}, DataType::{type_}, {affine(x)}, {affine(out)}, {fnv(got.tobytes())}}}"


def reduction_row(draw, kind, type_):
    builtin, option, _ = REDUCTIONS[kind]
    _, high = ends(type_)
    x, out = draw.quantization(type_, 2e-3, 1), draw.quantization(type_, 2e-3, 1)
    sizes = [(64, 1), (64, 2), (64, 7), (32, 49), (8, 200), (4, 1280), (2, 150000)]
    rows, columns = draw.random.choice(sizes[:-1] if kind == "l2" else sizes)  # whose sum has 32 bits
    seed = int(draw.random.integers(1, 1000))
    dropped = int(draw.random.choice([0, 0, 3]))  # bits of each byte: rows of similar numbers, then near an end
    raised = int(draw.random.choice([0, high - (high >> dropped)]))
    data = (Tensor(type_, [int(rows), int(columns)], seed=seed).data().astype(np.int32) >> dropped) + raised
    shape, extra = [int(rows), int(columns)], []
    if option == "ReducerOptions":
        shape, extra = [int(rows), 1], [[1]]
    elif kind == "l2":
        out = (np.float32(1 / 128), 0 if type_ == "i8" else 128)
    else:
        out = (np.float32(1 / 16), high)
    chosen = options(option, keepDims=True) if option == "ReducerOptions" else options(option)
    got = answer(builtin, 2, chosen, [Given(data.astype(TYPES[type_][0]), x)], Tensor(type_, shape, *out), extra)
    return (f"{{Reduction::{kind}, DataType::{type_}, {affine(x)}, {affine(out)}, {rows}, {columns}, {seed}, {dropped}, "
            f"{raised}, {fnv(got.tobytes())}}}")


def write(name, cases, seed, make, kinds):
    draw, lines = Draw(seed), []
    for kind, (*_, types) in kinds.items():
        for i in range(cases):
            lines.append(f"    {make(draw, kind, types[i % len(types)])},\n")
    path = pathlib.Path(__file__).with_name(name)
    path.write_text("// Written by make_quantized_golden.py with ai-edge-litert; see there.\n" + "".join(lines))
    print(f"{name}: {len(lines)} rows")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--cases", type=int, default=12, help="of each operator")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    write("binary_golden_rows.inc", arguments.cases, arguments.seed, binary_row, BINARY)
    write("unary_golden_rows.inc", arguments.cases, arguments.seed, unary_row, UNARY)
    write("reduction_golden_rows.inc", arguments.cases, arguments.seed, reduction_row, REDUCTIONS)


if __name__ == "__main__":
    main()
