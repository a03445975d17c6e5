#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The mobilenet.cpp authors
"""What a caller must not be able to compile, and what every caller must.

compile_fail_test.py misuse COMPILER...    each case of misuse.cpp is refused, for the reason that the case names
compile_fail_test.py headers COMPILER...   every public header compiles alone, and all of them in each way of WAYS
"""

import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
INCLUDE = HERE.parents[1] / "include"
WARNINGS = ["-Wall", "-Wextra", "-Wshadow", "-Wconversion", "-Wno-sign-conversion", "-Werror"]
WAYS = {  # how other people's programs are compiled
    "C++20": ["-std=c++20"],
    "C++23": ["-std=c++2b"],
    "without exceptions and RTTI": ["-std=c++20", "-fno-exceptions", "-fno-rtti"],
}


def compile_text(compiler, flags, text):
    """None when it compiles, else what the compiler says."""
    command = [compiler, "-x", "c++", "-fsyntax-only", "-I", str(INCLUDE), *flags, "-"]
    done = subprocess.run(command, input=text, capture_output=True, text=True, env={**os.environ, "LC_ALL": "C"})
    return None if done.returncode == 0 else done.stderr


def misuse(compiler):
    text = (HERE / "misuse.cpp").read_text()
    flags = ["-std=c++20", "-Werror=unused-result"]
    said = compile_text(compiler, flags, text)
    if said is not None:
        yield f"misuse.cpp does not compile as it stands:\n{said}"
        return
    cases = re.findall(r"^#ifdef (\w+)  // (.+)$", text, re.MULTILINE)
    assert len(cases) == len(re.findall("^#ifdef", text, re.MULTILINE)), "a case without its expected message"
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        answers = pool.map(lambda case: compile_text(compiler, [*flags, "-D" + case[0]], text), cases)
        for (name, expected), said in zip(cases, answers):
            if said is None:
                yield f"{name}: compiles"
            elif not re.search(expected, said):
                yield f"{name}: refused, but not for the reason {expected!r}:\n{said[:2000]}"


def headers(compiler):
    names = sorted(path.name for path in (INCLUDE / "mobilenet").glob("*.h"))
    assert len(names) > 5, names
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        whole = ["mobilenet.h", "draw.h", "encode.h", "evaluate.h", "tracker.h", "runner.h", "video.h"]  # one for each library
        jobs = [(name, "C++20") for name in names] + [(name, way) for name in whole for way in WAYS]
        answers = pool.map(
            lambda job: compile_text(compiler, WARNINGS + WAYS[job[1]], f"#include <mobilenet/{job[0]}>\n"), jobs
        )
        for (name, way), said in zip(jobs, answers):
            if said is not None:
                yield f"{name}, {way}:\n{said[:2000]}"


def main():
    check, compilers = {"misuse": misuse, "headers": headers}[sys.argv[1]], sys.argv[2:]
    failures = [f"{compiler}: {failure}" for compiler in compilers for failure in check(compiler)]
    print(*failures, sep="\n")
    sys.exit(1 if failures else 0)


main()
