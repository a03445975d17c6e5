# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The mobilenet.cpp authors
"""Makes a network's files in a folder, in the formats of the peers that take part."""

import importlib.util

import numpy as np
from ai_edge_litert.interpreter import Interpreter, OpResolverType

from model_file import ModelFile
from ncnn_file import write_ncnn
from networks import MAKERS, picture
from quantise import codes_of
from tflite_file import write_tflite


def plain(path):
    """LiteRT without XNNPACK: no other rounding, and inner tensors can be asked for."""
    interpreter = Interpreter(str(path), experimental_preserve_all_tensors=True,
                              experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES)
    interpreter.allocate_tensors()
    return interpreter


def values_of(path, network):
    """{tensor: its values} of one run of the float file."""
    interpreter = plain(path)
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], picture(network.side)[None])
    interpreter.invoke()
    return {item["name"]: interpreter.get_tensor(item["index"]) for item in interpreter.get_tensor_details()
            if item["name"] in network.shapes}


def noise_for(path):
    """An input of a file that was not made here: any codes, or numbers of -1 to 1."""
    port = plain(path).get_input_details()[0]
    random, kind = np.random.default_rng(7), port["dtype"]
    if np.issubdtype(kind, np.integer):
        return random.integers(np.iinfo(kind).min, np.iinfo(kind).max + 1, port["shape"]).astype(kind)
    return random.uniform(-1, 1, port["shape"]).astype(kind)


def make_files(folder, name, precisions, formats):
    """The right answers in float, and {(format, "float" or "int8"): ModelFile}, of a network."""
    network = MAKERS[name]()
    made, base = {}, folder / name
    path = base.with_suffix(".tflite")
    write_tflite(path, network)
    made["tflite", "float"] = ModelFile(str(path), False, network.side)
    values = values_of(path, network)
    codes = codes_of(network, values) if "int8" in precisions else None
    ports = codes and {"input": codes["x"], "outputs": [codes[output] for output in network.outputs]}
    if codes:
        path = base.with_suffix(".int8.tflite")
        write_tflite(path, network, codes)
        made["tflite", "int8"] = ModelFile(str(path), False, network.side, ports)
    if "onnx" in formats and importlib.util.find_spec("onnx"):
        from onnx_file import write_onnx  # only those who have onnx get its files
        for kind, its_codes, its_ports in [("float", None, {})] + ([("int8", codes, ports)] if codes else []):
            path = base.with_suffix(".onnx" if kind == "float" else ".int8.onnx")
            write_onnx(path, network, its_codes)
            made["onnx", kind] = ModelFile(str(path), True, network.side, its_ports)
    if "ncnn" in formats:
        write_ncnn(base.with_suffix(".param"), network)
        made["ncnn", "float"] = ModelFile(str(base.with_suffix(".param")), True, network.side)
    return [values[output] for output in network.outputs], made
