# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The mobilenet.cpp authors
"""scripts/check_includes on small trees: one case per way to keep or break the rule."""

import pathlib
import subprocess
import sys
import tempfile

# name, file, its include line, does it keep the rule?
CASES = [
    ("a public header includes a public header", "include/mobilenet/a.h", "#include <mobilenet/b.h>", True),
    ("a public header includes the standard library", "include/mobilenet/a.h", "#include <vector>", True),
    ("a public header includes an internal one", "include/mobilenet/a.h", '#include "base/x.h"', False),
    ("a public header includes an outside library", "include/mobilenet/a.h", "#include <hwy/highway.h>", False),
    ("base stands alone", "src/base/a.h", '#include "spec/x.h"', False),
    ("network sits on spec", "src/network/a.h", '#include "spec/x.h"', True),
    ("network does not know plans", "src/network/a.h", '#include "plan/x.h"', False),
    ("formats build networks through models", "src/formats/a.cpp", '#include "models/x.h"', True),
    ("plan does not know backends", "src/plan/a.cpp", '#include "backend/x.h"', False),
    ("a backend includes the interface", "src/backend/cpu/a.cpp", '#include "backend/x.h"', True),
    ("a backend includes its own files", "src/backend/cpu/a.cpp", '#include "backend/cpu/x.h"', True),
    ("a backend includes another backend", "src/backend/cpu/a.cpp", '#include "backend/reference/x.h"', False),
    ("a backend reads no files", "src/backend/cpu/a.cpp", '#include "formats/x.h"', False),
    ("the glue goes through the interface", "src/api/model.cpp", '#include "backend/x.h"', True),
    ("the glue does not know a backend", "src/api/model.cpp", '#include "backend/cpu/x.h"', False),
    ("the list of backends does", "src/backend/registry.cpp", '#include "backend/cpu/x.h"', True),
    ("drawing stands on public headers", "src/draw/a.cpp", "#include <mobilenet/b.h>", True),
    ("drawing makes its errors as all do", "src/draw/a.cpp", '#include "base/error.h"', True),
    ("drawing has no threads of its own", "src/draw/a.cpp", '#include "base/thread_pool.h"', False),
    ("drawing does not know the rest of the library", "src/draw/a.cpp", '#include "plan/x.h"', False),
    ("the core does not know drawing", "src/api/a.cpp", '#include "draw/x.h"', False),
    ("a program does not know how pictures are drawn", "apps/cli/a.cpp", '#include "draw/x.h"', False),
    ("a folder that the rule does not know", "src/new/a.cpp", '#include "base/x.h"', False),
    ("a way around by ..", "src/base/a.cpp", '#include "../spec/x.h"', False),
    ("an internal header in angle brackets", "src/plan/a.cpp", "#include <base/x.h>", False),
    ("a public header in quotes", "src/plan/a.cpp", '#include "mobilenet/b.h"', False),
    ("an outside library", "src/plan/a.cpp", "#include <hwy/highway.h>", True),
    ("a program includes the library", "apps/cli/a.cpp", "#include <mobilenet/b.h>", True),
    ("a program includes its own file", "apps/cli/a.cpp", '#include "options.h"', True),
    ("a program includes the library's inside", "apps/cli/a.cpp", '#include "base/x.h"', False),
    ("an example includes the library's inside", "examples/a.cpp", '#include "plan/x.h"', False),
    ("an indented include", "src/base/a.cpp", '#  include "plan/x.h"', False),
]
FOLDERS = ["base", "spec", "network", "models", "formats", "plan", "backend", "backend/cpu", "backend/reference", "draw",
           "new"]
FILES = ["include/mobilenet/b.h", "apps/cli/options.h", "src/base/error.h", "src/base/thread_pool.h"]


def keeps_the_rule(script, file, line):
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        for name in [f"src/{folder}/x.h" for folder in FOLDERS] + FILES:
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).touch()
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        (root / file).write_text(f"#pragma once\n\n{line}\n")
        return subprocess.run([sys.executable, script, root], stdout=subprocess.DEVNULL).returncode == 0


def main():
    wrong = [name for name, file, line, kept in CASES if keeps_the_rule(sys.argv[1], file, line) != kept]
    for name in wrong:
        print(f"wrong verdict: {name}")
    print(f"{len(CASES)} cases, {len(wrong)} wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
