# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The mobilenet.cpp authors
"""The other runtimes: how each opens a file for speed, takes an input, runs, and shows its outputs.

Each is set up as its documentation asks for the shortest time of one picture on a given number of threads. Inputs lie
in memory before a run and outputs stay there behind it, as in `mobilenet bench`. Modules are imported when a peer is
opened: a process has one of them only.
"""

import numpy as np


class OnnxRuntime:
    module = "onnxruntime"

    def __init__(self, path, threads, precision):
        import onnxruntime
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        self.session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        self.as_value, self.binding = onnxruntime.OrtValue.ortvalue_from_numpy, None

    def feed(self, values):
        if self.binding is None:
            self.bind(values)
        np.copyto(self.input, values)

    def bind(self, values):
        """Input and outputs keep their memory, else each run would allocate the outputs."""
        self.input, self.binding = values.copy(), self.session.io_binding()
        name = self.session.get_inputs()[0].name
        self.binding.bind_cpu_input(name, self.input)
        types = {"tensor(float)": np.float32, "tensor(uint8)": np.uint8}
        self.kept = [self.as_value(np.zeros(port.shape, types[port.type])) for port in self.session.get_outputs()]
        for port, value in zip(self.session.get_outputs(), self.kept):
            self.binding.bind_ortvalue_output(port.name, value)

    def run(self):
        self.session.run_with_iobinding(self.binding)

    def outputs(self):
        return [value.numpy() for value in self.kept]


class OpenVino:
    module = "openvino"

    def __init__(self, path, threads, precision):
        import openvino
        config = {"PERFORMANCE_HINT": "LATENCY", "NUM_STREAMS": "1", "INFERENCE_NUM_THREADS": threads}
        if precision in ("f32", "bf16"):  # it would take bf16 for f32 where the processor has it
            config["INFERENCE_PRECISION_HINT"] = precision
        self.compiled = openvino.Core().compile_model(path, "CPU", config)
        self.request = self.compiled.create_infer_request()

    def feed(self, values):
        self.request.get_input_tensor().data[:] = values

    def run(self):
        self.request.infer()

    def outputs(self):
        return [self.request.get_output_tensor(at).data for at in range(len(self.compiled.outputs))]


class LiteRt:
    module = "ai_edge_litert.interpreter"

    def __init__(self, path, threads, precision):
        from ai_edge_litert.interpreter import Interpreter
        self.interpreter = Interpreter(path, num_threads=threads)
        self.interpreter.allocate_tensors()
        self.input = self.interpreter.get_input_details()[0]["index"]

    def feed(self, values):
        self.interpreter.set_tensor(self.input, values)

    def run(self):
        self.interpreter.invoke()

    def outputs(self):
        return [self.interpreter.get_tensor(item["index"]) for item in self.interpreter.get_output_details()]


class Ncnn:
    module = "ncnn"

    def __init__(self, path, threads, precision):
        import ncnn
        self.matrix, self.net = ncnn.Mat, ncnn.Net()
        options = self.net.opt
        options.num_threads, options.use_vulkan_compute = threads, False
        options.use_fp16_packed = options.use_fp16_storage = options.use_fp16_arithmetic = False
        options.use_bf16_storage = options.use_bf16_packed = precision == "bf16"
        if self.net.load_param(path) or self.net.load_model(path.replace(".param", ".bin")):
            raise RuntimeError(f"ncnn does not open {path}")

    def feed(self, values):
        self.input = self.matrix(np.ascontiguousarray(values[0])).clone()

    def run(self):
        extractor = self.net.create_extractor()
        extractor.input("x", self.input)
        self.kept = [extractor.extract(name)[1] for name in self.net.output_names()]

    def outputs(self):
        return [np.array(value, np.float32)[None] for value in self.kept]


RUNTIMES = {"litert": LiteRt, "ort": OnnxRuntime, "openvino": OpenVino, "ov-tflite": OpenVino, "ncnn": Ncnn}
