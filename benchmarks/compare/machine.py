# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The mobilenet.cpp authors
"""What numbers were taken with: the processor and what it has, the program's commit, the peers' versions."""

import os
import pathlib
import platform
import re
import subprocess
import time

from catalogue import PEERS

TOLD = ["avx2", "avx_vnni", "avx512f", "avx512_vnni", "avx512_bf16", "avx512_fp16", "amx_int8", "amx_bf16", "amx_fp16",
        "asimddp", "i8mm", "bf16", "sve"]


def machine():
    try:
        text = pathlib.Path("/proc/cpuinfo").read_text()
    except OSError:
        text = ""

    def field(name):
        found = re.search(rf"^{name}\s*: (.*)$", text, re.MULTILINE)
        return found[1].strip() if found else None

    has = (field("flags") or field("Features") or "").split()
    return {"cpu": field("model name") or platform.processor() or platform.machine(), "family": field("cpu family"),
            "model": field("model"), "cores": len(os.sched_getaffinity(0)),
            "flags": [flag for flag in TOLD if flag in has]}


def about(program, names):
    version = subprocess.run([program, "--version"], check=True, capture_output=True, text=True).stdout.splitlines()
    return {"date": time.strftime("%Y-%m-%d"), "machine": machine(), "program": version[0],
            "peers": {name: PEERS[name].installed() for name in names}}


def sentence(facts):
    cpu = facts["machine"]
    peers = {PEERS[name].title: version for name, version in facts["peers"].items() if name != "ov-tflite"}
    return (f"{facts['date']}; {cpu['cpu']} (family {cpu['family']}, model {cpu['model']}), {cpu['cores']} cores, "
            f"{' '.join(cpu['flags'])}; {facts['program']}; "
            + ", ".join(f"{title} {version}" for title, version in peers.items()))
