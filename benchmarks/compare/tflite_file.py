# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The mobilenet.cpp authors
"""Writes a network as .tflite: float32, or int8 with int8 inputs and outputs. The schema is the one that LiteRT brings.
"""

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

from quantise import weight_codes

TYPES = {"float32": schema.TensorType.FLOAT32, "int8": schema.TensorType.INT8, "int32": schema.TensorType.INT32}


def table(kind, **fields):
    made = getattr(schema, kind + "T")()
    for name, value in fields.items():
        if not hasattr(made, name):  # a misspelt field would be left out in silence
            raise AttributeError(f"{kind} has no {name}")
        setattr(made, name, value)
    return made


class TfliteFile:
    def __init__(self, network, codes):
        self.network, self.codes = network, codes
        self.tensors, self.buffers, self.operators, self.kinds, self.at = [], [table("Buffer")], [], [], {}

    def tensor(self, name, shape, data=None, scales=None, zero=0, axis=0):
        made = table("Tensor", name=name, shape=[int(size) for size in shape], buffer=0)
        kind = data.dtype.name if data is not None else "int8" if self.codes else "float32"
        made.type = TYPES[kind]
        if data is not None:
            made.buffer = len(self.buffers)
            self.buffers.append(table("Buffer", data=np.frombuffer(np.ascontiguousarray(data).tobytes(), np.uint8)))
        if scales is not None:
            scales = np.atleast_1d(scales).tolist()
            made.quantization = table("QuantizationParameters", scale=scales, zeroPoint=[zero] * len(scales),
                                      quantizedDimension=axis)
        self.at[name] = len(self.tensors)
        self.tensors.append(made)
        return self.at[name]

    def activation(self, name, shape=None, tensor=None):
        """The tensor of a node, or one more with its codes under another name and in another shape."""
        scale, zero = self.codes[name] if self.codes else (None, 128)
        return self.tensor(tensor or name, (1, *(shape or self.network.shapes[name])), None, scale, zero - 128)

    def operator(self, kind, inputs, output, versions, options, **fields):
        """`versions`: the operator's in float and in int8, as the schema's history has them."""
        key = getattr(schema.BuiltinOperator, kind), versions[1 if self.codes else 0]
        if key not in self.kinds:
            self.kinds.append(key)
        self.operators.append(table("Operator", opcodeIndex=self.kinds.index(key), inputs=inputs, outputs=[output],
                                    builtinOptionsType=getattr(schema.BuiltinOptions, options),
                                    builtinOptions=table(options, **fields)))

    def convolution(self, node, inputs):
        weights, scales, bias, bias_scales = (weight_codes(node, self.codes) if self.codes
                                              else (node.weights, None, node.bias, None))
        depthwise = node.kind == "depthwise"
        if depthwise:  # one output channel of the file's: height, width, channels
            weights = weights.transpose(3, 1, 2, 0)
        axis = 3 if depthwise else 0  # that of the scales
        inputs = inputs + [self.tensor(f"{node.name}/weights", weights.shape, weights, scales, 0, axis),
                           self.tensor(f"{node.name}/bias", bias.shape, bias, bias_scales)]
        activation = schema.ActivationFunctionType
        fields = dict(padding=schema.Padding.SAME, strideW=node.stride, strideH=node.stride,
                      dilationWFactor=node.dilation, dilationHFactor=node.dilation,
                      fusedActivationFunction=activation.RELU6 if node.relu6 else activation.NONE)
        shape = self.network.shapes[node.name]
        dense = node.kind == "dense"  # a convolution of one cell, then its row: TensorFlow's own networks end so
        output = self.activation(node.name, *([(1, 1, *shape), f"{node.name}/cell"] if dense else []))
        if depthwise:
            versions = (2, 3) if node.dilation > 1 else (1, 3)
            self.operator("DEPTHWISE_CONV_2D", inputs, output, versions, "DepthwiseConv2DOptions", depthMultiplier=1,
                          **fields)
        else:
            self.operator("CONV_2D", inputs, output, (1, 3), "Conv2DOptions", **fields)
        if dense:
            self.reshape([output], node.name)

    def reshape(self, inputs, name):
        shape = [1, *map(int, self.network.shapes[name])]
        self.operator("RESHAPE", inputs, self.activation(name), (1, 1), "ReshapeOptions", newShape=shape)

    def node(self, node):
        inputs, shape = [self.at[name] for name in node.inputs], self.network.shapes[node.name]
        if node.kind in ("conv", "depthwise", "dense"):
            return self.convolution(node, inputs)
        if node.kind == "reshape":
            return self.reshape(inputs, node.name)
        if node.kind == "resize":
            inputs.append(self.tensor(f"{node.name}/size", [2], np.array(shape[:2], np.int32)))
        output = self.activation(node.name)
        if node.kind == "add":
            self.operator("ADD", inputs, output, (1, 2), "AddOptions")
        elif node.kind == "mean":
            height, width, _ = self.network.shapes[node.inputs[0]]
            self.operator("AVERAGE_POOL_2D", inputs, output, (1, 2), "Pool2DOptions", padding=schema.Padding.VALID,
                          strideW=width, strideH=height, filterWidth=width, filterHeight=height)
        elif node.kind == "resize":
            self.operator("RESIZE_BILINEAR", inputs, output, (1, 2), "ResizeBilinearOptions", alignCorners=True)
        else:
            axis = 3 if len(shape) == 3 else 1
            self.operator("CONCATENATION", inputs, output, (1, 2), "ConcatenationOptions", axis=axis)


def write_tflite(path, network, codes=None):
    file = TfliteFile(network, codes)
    file.activation("x")
    for node in network.nodes:
        file.node(node)
    graph = table("SubGraph", tensors=file.tensors, operators=file.operators, inputs=[file.at["x"]],
                  outputs=[file.at[name] for name in network.outputs])
    kinds = [table("OperatorCode", builtinCode=kind, deprecatedBuiltinCode=min(kind, 127), version=version)
             for kind, version in file.kinds]
    model = table("Model", version=3, subgraphs=[graph], buffers=file.buffers, operatorCodes=kinds)
    builder = flatbuffers.Builder(1 << 20)
    builder.Finish(model.Pack(builder), b"TFL3")
    path.write_bytes(bytes(builder.Output()))
