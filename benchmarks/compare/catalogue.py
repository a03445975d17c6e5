# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The mobilenet.cpp authors
"""What can take part, by name: networks and peers. Needs nothing but Python, so that it can say what to install."""

import dataclasses
import importlib.metadata

NETWORKS = {
    "v1": "MobileNet V1 1.0 224",
    "v2": "MobileNet V2 1.0 224",
    "ssd": "SSD on V1 1.0 300",
    "ssdlite": "SSDLite on V2 1.0 320",
    "deeplab": "DeepLab v3 on V2 1.0 513",
    "tiny": "MobileNet V2 0.35 96",  # for the benchmark's own test
}
PRECISIONS = {"f32": "float32", "bf16": "bfloat16", "int8": "int8"}
BESIDE_PEERS = ("flatbuffers==25.12.19", "numpy==2.4.6", "onnx==1.23.2", "pillow==13.0.0")


@dataclasses.dataclass(frozen=True)
class Peer:
    title: str
    package: str
    version: str  # the one that numbers were taken with
    format: str
    precisions: tuple
    optional: bool = False

    def installed(self):
        try:
            return importlib.metadata.version(self.package)
        except importlib.metadata.PackageNotFoundError:
            return None


PEERS = {
    "litert": Peer("LiteRT", "ai-edge-litert", "2.3.0", "tflite", ("f32", "int8")),
    "ort": Peer("ONNX Runtime", "onnxruntime", "1.31.1", "onnx", ("f32", "int8")),
    "openvino": Peer("OpenVINO", "openvino", "2026.4.1", "onnx", ("f32", "bf16", "int8")),
    # Which of the two files OpenVINO likes better differs from network to network.
    "ov-tflite": Peer("OpenVINO, .tflite", "openvino", "2026.4.1", "tflite", ("f32", "bf16", "int8")),
    "ncnn": Peer("ncnn", "ncnn", "1.0.20261020", "ncnn", ("f32", "bf16"), optional=True),
}


def requirements():
    """For pip; what is optional is commented out."""
    needed = sorted({*BESIDE_PEERS, *(f"{p.package}=={p.version}" for p in PEERS.values() if not p.optional)})
    optional = [f"# optional: {p.package}=={p.version}" for p in PEERS.values() if p.optional]
    return "\n".join([*needed, *optional, ""])
