# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The mobilenet.cpp authors
"""What shells complete, asked of the shells themselves, and the manual page, read by man and mandoc."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import unittest

from program import ProgramTest, main, mobilenet

KNOWN = [model["name"] for model in json.loads(
    (pathlib.Path(__file__).parents[2] / "apps/cli/models/known_models.json").read_text())["models"]]
VERBS = ["classify", "detect", "segment", "live", "evaluate", "features", "run", "info", "bench", "convert", "models",
         "get", "index", "search", "teach", "completion", "help", "version"]


def needs(program):
    return unittest.skipUnless(shutil.which(program), f"{program} is not installed")


class Completion(ProgramTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.here = cls.folder / "here"
        cls.here.mkdir()
        for name in ("dog.png", "doc with blanks.png", "labels.txt"):
            (cls.here / name).write_text("")
        cls.scripts = {}
        for shell in ("bash", "zsh", "fish"):
            made = mobilenet("completion", shell)
            assert (made.code, made.err) == (0, ""), made.err
            cls.scripts[shell] = cls.folder / f"completion.{shell}"
            cls.scripts[shell].write_text(made.out)

    def shell(self, *command, **env):
        done = subprocess.run(command, capture_output=True, text=True, cwd=self.here, timeout=60,
                              env={**os.environ, "HOME": str(self.folder), "XDG_CONFIG_HOME": str(self.folder),
                                   **{name: str(value) for name, value in env.items()}})
        self.assertEqual((done.returncode, done.stderr), (0, ""), command)
        return done.stdout

    # What a shell must offer: the line as it is typed; all answers, or some of them.
    CASES = [
        (["mobilenet", "det"], ["detect"], "all"),
        (["mobilenet", ""], VERBS, "all"),
        (["mobilenet", "--ver"], ["--version"], "all"),
        (["mobilenet", "classify", "--prec"], ["--precision"], "all"),
        (["mobilenet", "classify", "--precision", "bf"], ["bf16", "bf16x3"], "all"),
        (["mobilenet", "classify", "--backend", ""], ["automatic", "cpu", "reference"], "some"),
        (["mobilenet", "bench", "--until", ""], ["logits", "result"], "all"),
        (["mobilenet", "detect", "--json", "--filter", "lan"], ["lanczos"], "all"),
        (["mobilenet", "detect", "-m", "ssdlite_"], ["ssdlite_mobilenet_v2_6"], "all"),
        (["mobilenet", "info", "--model", "deeplabv3_ade"], ["deeplabv3_ade20k"], "all"),
        (["mobilenet", "get", ""], KNOWN, "all"),
        (["mobilenet", "get", "deeplabv3_ade20k", "mobilenet_v1_em"], ["mobilenet_v1_embedding"], "all"),
        (["mobilenet", "help", "seg"], ["segment"], "all"),
        (["mobilenet", "completion", ""], ["bash", "fish", "zsh"], "all"),
        (["mobilenet", "classify", "do"], ["doc with blanks.png", "dog.png"], "all"),
        (["mobilenet", "classify", "--labels", "lab"], ["labels.txt"], "all"),
        (["mobilenet", "detect", "-m", "dog"], ["dog.png"], "all"),
        (["mobilenet", "classify", "--top", ""], [], "all"),
        (["mobilenet", "nonsense", ""], [], "all"),
    ]

    def check(self, words, answers, expected, how):
        with self.subTest(" ".join(words)):
            if how == "all":
                self.assertEqual(sorted(answers), sorted(expected))
            else:
                self.assertLessEqual(set(expected), set(answers))

    @needs("bash")
    def test_bash(self):
        cases = self.CASES + [
            (["mobilenet", "classify", "--precision", "=", "bf"], ["bf16", "bf16x3"], "all"),  # as bash splits it
            (["mobilenet", "classify", "--precision", "="], ["automatic", "bf16"], "some"),
        ]
        for words, expected, how in cases:
            script = (f'source {self.scripts["bash"]}; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _mobilenet; '
                      'for one in "${COMPREPLY[@]}"; do printf "%s\\n" "$one"; done')
            out = self.shell("bash", "--norc", "-u", "-c", script, "-", *words)
            self.check(words, out.splitlines(), expected, how)
        registered = self.shell("bash", "--norc", "-c", f'source {self.scripts["bash"]}; complete -p mobilenet')
        self.assertEqual(registered, "complete -F _mobilenet mobilenet\n")

    @needs("fish")
    def test_fish(self):
        self.shell("fish", "--no-config", "--no-execute", self.scripts["fish"])
        for words, expected, how in self.CASES:
            if words[1] == "nonsense":
                continue  # fish offers files behind what it does not know
            line = " ".join(words)
            out = self.shell("fish", "--no-config", "-c", f'source {self.scripts["fish"]}; complete --do-complete "{line}"')
            answers = [answer.split("\t")[0].replace("\\ ", " ") for answer in out.splitlines()]
            self.check(words, answers, expected, how)

    @needs("zsh")
    def test_zsh(self):
        self.shell("zsh", "--no-rcs", "--no-exec", self.scripts["zsh"])
        # The answers of zsh exist only in its line editor: one is opened on a terminal of its own.
        functions = self.folder / "functions"
        functions.mkdir()
        shutil.copy(self.scripts["zsh"], functions / "_mobilenet")
        (self.folder / ".zshrc").write_text(ZSHRC)
        driver = self.folder / "drive.zsh"
        driver.write_text(ZSH_DRIVER)
        for words, expected, how in self.CASES:
            if words[1] == "nonsense":
                continue
            out = self.shell("zsh", "--no-rcs", driver, " ".join(words), ZDOTDIR=self.folder, FUNCTIONS=functions, TERM="dumb")
            found = re.search(r"<begin>(.*?)<end>", out, re.DOTALL)
            self.assertTrue(found, out)
            answers = [line.strip().replace("\\ ", " ") for line in found[1].splitlines()]
            self.check(words, [answer for answer in answers if answer], expected, how)

    def test_every_command_and_option_is_offered(self):
        for verb in VERBS:
            options = set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", mobilenet(verb, "--help").out.split("Options:")[1]
                                     .split("\n\n")[0])) if verb not in ("help", "version") else {"--help"}
            for shell, script in self.scripts.items():
                with self.subTest(verb, shell=shell):
                    text = script.read_text()
                    self.assertRegex(text, rf"\b{verb}\b")
                    for option in options:
                        self.assertIn(f" -l {option[2:]} " if shell == "fish" else option, text)

    def test_the_manual_page_has_all_commands(self):
        page = mobilenet("help", "--man")
        self.assertEqual((page.code, page.err), (0, ""))
        for verb in VERBS:
            self.assertIn(f"\n.SS {verb}\n", page.out)
        for line in page.out.splitlines():
            self.assertRegex(line, r"^(\.(TH|SH|SS|TP|PP|RS|RE|nf|fi)\b|[^.'])")  # a request, or text that is none by accident
        path = self.path("mobilenet.1")
        path.write_text(page.out)
        for reader, command in (("mandoc", ["mandoc", "-T", "lint", "-W", "warning", path]),
                                ("man", ["man", "--warnings", "--local-file", "-Z", path])):
            with self.subTest(reader):
                if not shutil.which(reader):
                    self.skipTest(f"{reader} is not installed")
                done = subprocess.run(command, capture_output=True, text=True, timeout=60)
                said = (done.stdout if reader == "mandoc" else "") + done.stderr
                # The page has no date, so that the same program makes the same page.
                self.assertEqual([line for line in said.splitlines() if "missing date" not in line], [])


# The startup file of a shell whose lists of answers are printed, and who types into it.
ZSHRC = r"""
PS1= PS2=
fpath=($FUNCTIONS $fpath)
autoload -U compinit
compinit -u -D
bindkey '^I' complete-word
LISTMAX=10000
unsetopt prompt_cr prompt_sp
opened() { print -r -- "<begin>" }
closed() { print -r -- "<end>"; exit }
compprefuncs=(opened)
comppostfuncs=(closed)
compadd() {
  if (( ! ${argv[(I)-[OAD]]} )); then
    typeset -a hits
    builtin compadd -O hits "$@"
    (( $#hits )) && print -rl -- $hits
  fi
  builtin compadd "$@"
}
print -r -- "<ready>"
"""
ZSH_DRIVER = r"""
zmodload zsh/zpty
zpty shell zsh -i
while zpty -r shell line; do [[ $line == *"<ready>"* ]] && break; done
zpty -w -n shell "$1"$'\t'
while zpty -r shell line; do print -rn -- "$line"; [[ $line == *"<end>"* ]] && break; done
"""


if __name__ == "__main__":
    main()
