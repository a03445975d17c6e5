#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The mobilenet.cpp authors
"""Writes detection_golden_rows.inc: what TFLite_Detection_PostProcess of the real runtime answers.

Needs `pip install ai-edge-litert flatbuffers numpy` and runs nowhere but on a developer's machine. Scores of an anchor
are all different where several of its classes are wanted: the runtime leaves the order of equal ones to its sort.
"""

import pathlib
import re

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter
from flatbuffers import flexbuffers


def uniform(seed, count, low, high):
    """The same numbers as in detection_golden_test.cpp."""
    state, values = seed, []
    for _ in range(count):
        state = (state * 1664525 + 1013904223) & 0xFFFFFFFF
        values.append(low + (high - low) * ((state >> 16) / 65536))
    return np.array(values).astype(np.float32)


def answer(anchors, boxes, scores, options):
    model, graph = schema.ModelT(), schema.SubGraphT()
    model.version, model.buffers, graph.tensors = 3, [schema.BufferT(), schema.BufferT()], []
    model.buffers[1].data = np.frombuffer(anchors.tobytes(), np.uint8)
    shapes = [boxes.shape, scores.shape, anchors.shape, [], [], [], []]
    for i, shape in enumerate(shapes):
        tensor = schema.TensorT()
        tensor.name, tensor.shape, tensor.type = f"tensor {i}", list(shape), schema.TensorType.FLOAT32
        tensor.buffer = 1 if i == 2 else 0
        graph.tensors.append(tensor)
    graph.inputs, graph.outputs = [0, 1], [3, 4, 5, 6]
    operator, code, map_ = schema.OperatorT(), schema.OperatorCodeT(), flexbuffers.Builder()
    with map_.Map():
        for name, value in options.items():
            {bool: map_.Bool, int: map_.Int, float: map_.Float}[type(value)](name, value)
    operator.opcodeIndex, operator.inputs, operator.outputs = 0, [0, 1, 2], [3, 4, 5, 6]
    operator.customOptions = np.frombuffer(bytes(map_.Finish()), np.uint8)
    code.builtinCode, code.deprecatedBuiltinCode, code.version = schema.BuiltinOperator.CUSTOM, 32, 1
    code.customCode = "TFLite_Detection_PostProcess"
    graph.operators, model.subgraphs, model.operatorCodes = [operator], [graph], [code]
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    interpreter = Interpreter(model_content=bytes(builder.Output()), num_threads=1)
    interpreter.allocate_tensors()
    for detail, values in zip(interpreter.get_input_details(), (boxes, scores)):
        interpreter.set_tensor(detail["index"], values)
    interpreter.invoke()
    return [interpreter.get_tensor(detail["index"]) for detail in interpreter.get_output_details()]


def number(value):
    return re.sub(r"\.?0*p", "p", float(value).hex()) + "f"


def row(seed, count, classes, background, regular, most, per_anchor, per_class, score, iou, steps=0):
    """`steps`: scores are multiples of 1 / steps, for ties."""
    anchors = np.concatenate([uniform(seed, count * 2, 0, 1).reshape(count, 2),
                              uniform(seed + 1, count * 2, 0.125, 0.625).reshape(count, 2)], axis=1)
    boxes = uniform(seed + 2, count * 4, -3, 3).reshape(1, count, 4)
    columns = classes + background
    scores = uniform(seed + 3, count * columns, 0, 1).reshape(1, count, columns)
    if steps:
        scores = np.floor(scores * np.float32(steps)) / np.float32(steps)
    found = answer(anchors, boxes, scores, {
        "max_detections": most, "max_classes_per_detection": per_anchor, "detections_per_class": per_class,
        "use_regular_nms": regular, "nms_score_threshold": float(np.float32(score)),
        "nms_iou_threshold": float(np.float32(iou)), "num_classes": classes,
        "y_scale": 10.0, "x_scale": 10.0, "h_scale": 5.0, "w_scale": 5.0})
    rows = int(found[3][0]) * (1 if regular else per_anchor)
    text = ",\n".join("      {" + ", ".join(map(number, (*found[0][0][i], found[1][0][i], found[2][0][i]))) + "}"
                      for i in range(rows))
    rule = "per_class" if regular else "fast"
    return (f"    {{{seed}u, {count}, {classes}, {str(bool(background)).lower()}, SuppressionRule::{rule}, {most}, "
            f"{per_anchor}, {per_class}, {number(np.float32(score))}, {number(np.float32(iou))}, {steps},\n"
            f"     {{{text.lstrip()}}}}},\n")


def main():
    rows = [
        row(100, 20, 3, 1, False, 10, 1, 100, 0.3, 0.5),
        row(200, 30, 4, 0, False, 6, 1, 100, 0.0, 0.25, 8),
        row(300, 12, 5, 1, False, 4, 3, 100, 0.5, 0.6),
        row(400, 20, 3, 1, True, 10, 1, 100, 0.3, 0.5),
        row(500, 30, 4, 0, True, 8, 1, 2, 0.0, 0.25, 8),
        row(600, 10, 1, 1, True, 50, 1, 3, 0.99, 0.5),
        row(700, 3, 2, 1, False, 50, 1, 100, 1.5, 0.5),
    ]
    path = pathlib.Path(__file__).with_name("detection_golden_rows.inc")
    path.write_text("// Written by make_detection_golden.py with ai-edge-litert; see there.\n" + "".join(rows))
    print(f"{len(rows)} rows")


if __name__ == "__main__":
    main()
