# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The mobilenet.cpp authors
"""From what was asked for to rows: makes the files, calls all contestants of a network together, measures the parts."""

import sys

from catalogue import NETWORKS
from contestants import Ours, Rival
from measure import Group, first_results, pictures, speed
from model_file import ModelFile
from model_files import make_files, noise_for
from networks import picture
from photograph import photograph


class Bench:
    """One call of the benchmark: what was asked for, who is installed, where files lie, and the rows so far."""

    def __init__(self, options, peers, folder, log):
        self.options, self.peers, self.folder, self.log, self.rows = options, peers, folder, log, []

    def group(self, about, precision, threads, files, values=None, ours_precision=None):
        """All who can take part, ours first. `files`: {format: ModelFile}."""
        def input_of(file):
            return file.input_from(picture(file.side)) if values is None else values

        ours = files["tflite"]
        contestants = [Ours(self.options.program, ours, ours_precision or precision, threads, input_of(ours),
                            self.folder)]
        for name, peer in self.peers.items():
            if peer.format in files and precision in peer.precisions:
                file = files[peer.format]
                contestants.append(Rival(name, peer, file, precision, threads, input_of(file), self.folder, self.log,
                                         self.options.timeout))
        return Group({**about, "precision": precision, "threads": threads}, contestants)

    def add(self, rows):
        self.rows += rows
        row = rows[0]
        print(f"{row['network']} {row['precision']}, {row['threads']} threads: {row['part']} done", file=sys.stderr)

    def network(self, name):
        options, about = self.options, {"network": name, "what": NETWORKS[name]}
        formats = {peer.format for peer in self.peers.values()}
        reference, made = make_files(self.folder, name, options.precisions, formats)
        for precision in options.precisions:
            kind = "int8" if precision == "int8" else "float"
            files = {format: file for (format, made_kind), file in made.items() if made_kind == kind}
            if "speed" in options.parts:
                for threads in options.threads:
                    with self.group(about, precision, threads, files) as group:
                        self.add(speed(group, reference, options.rounds, options.seconds))
            if "first" in options.parts:
                with self.group(about, precision, 1, files) as group:
                    self.add(first_results(group, options.starts))
            if "pictures" in options.parts and len(reference) == 1 and reference[0].ndim == 2:
                with self.group(about, precision, 1, files) as group:
                    self.add(pictures(group, photograph(self.folder), options.rounds, options.seconds))

    def tflite(self, path):
        """A file as it is, on noise."""
        values, files = noise_for(path), {"tflite": ModelFile(str(path), False)}
        precisions = ("int8",) if values.dtype.kind in "iu" else ("f32", "bf16")
        for precision in [precision for precision in self.options.precisions if precision in precisions]:
            for threads in self.options.threads:
                about = {"network": path.name, "what": path.name}
                own = "bf16" if precision == "bf16" else "source"
                with self.group(about, precision, threads, files, values, own) as group:
                    self.add(speed(group, None, self.options.rounds, self.options.seconds))
