#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The mobilenet.cpp authors
"""Fits the model of what a block's tiling costs (src/backend/cuda/steps/block_tiling.cpp) to measured tilings.

    build/developer/bin/block_tilings v2.tflite 1 100 v2.txt       and so on, on a GPU
    python3 benchmarks/gpu/fit_tilings.py v2.txt ...

Needs numpy and scipy. Prints the constants in the order of cost_of(), and how much slower than the best measured
tiling of each block the one is that the fitted model likes best.
"""

import argparse
import functools

import numpy as np
from scipy.optimize import minimize

PROCESSORS, SHARED, HELD_IN_CLUSTERS, NORM = 132, 227 * 1024, 0.86, 4
COLUMNS = ("source images in_channels height width hidden out_height out_width out_channels stride dilation residual "
           "slab tiles_m tiles_n tile_images tile_height tile_width strip columns across slabs_each cost measured").split()
EXPANSION, STEM, NONE = 0, 1, 2


def up(count, of):
    return np.ceil(count / of)


@functools.cache
def conflicts(slab, strip, stride):
    """As bank_conflicts()."""
    groups, words = slab // 4, (slab + 8) // 2
    lanes, worst = 256 // groups * groups, []
    for first in range(0, lanes, 16):
        banks = {}
        for lane in range(first, min(first + 16, lanes)):
            for word in range(2):
                at = lane // groups * strip * stride * words + lane % groups * 2 + word
                banks.setdefault(at % 32, set()).add(at)
        worst.append(max(map(len, banks.values())))
    return np.mean(worst)


def features(t):
    """What a tiling waits for, what it works, and how that adds up: arrays over all rows of the table."""
    none, stem, expands = t["source"] == NONE, t["source"] == STEM, t["source"] == EXPANSION
    region = [(t[f"tile_{side}"] - 1) * t["stride"] + 2 * t["dilation"] + 1 for side in ("height", "width")]
    inside = np.minimum(region[0], t["height"]) * np.minimum(region[1], t["width"]) * t["tile_images"]
    all_inside = region[0] * region[1] * t["tile_images"]
    picture = (2 * region[0] + 1) * (2 * region[1] + 1) * t["tile_images"]
    slab, columns, slabs = t["slab"], t["columns"], t["slabs_each"]
    channels = np.where(none, 0, up(t["in_channels"], 16) * 16)
    out = t["tile_images"] * t["tile_height"] * t["tile_width"]
    parts = up(up(t["hidden"], slab), slabs)
    clusters = parts > 1

    line = lambda count: up(count, 128) * 128
    front = 20 * slab + np.where(none, 0, channels * slab * 2 + slab * 4)
    given = np.where(expands, line(up(inside, 16) * 16 * (channels + 8) * 2), np.where(stem, line(picture * 8), 0))
    memory = (given + line(all_inside * (slab + 8) * 2) * np.where(none, 2, 1) + line(up(out, 16) * 16 * (slab + 8) * 2) +
              line(2 * (front + columns * slab * 2)))
    memory = np.maximum(memory, np.where(t["residual"] == 1, given, 0) + line(out * (columns + 8) * 4))
    memory += line(up(out, 2) * 8 + out / t["strip"] * 8 + columns * 4 + t["residual"] * out * 4 +
                   np.where(stem, inside * 4, np.where(none, all_inside * 4, inside * 6)))
    held = np.where((t["tiles_m"] * t["tiles_n"] > 8) | (expands & (slab > 96)), 1, 2)
    at_a_time = np.clip(np.floor(SHARED / (memory + 1024)), 1, held)
    blocks = (up(t["images"], t["tile_images"]) * up(t["out_height"], t["tile_height"]) *
              up(t["out_width"], t["tile_width"]) * up(t["out_channels"], columns) * parts)
    most = PROCESSORS * at_a_time
    rounds = up(blocks, np.where(clusters, np.floor(most * HELD_IN_CLUSTERS / parts) * parts, most))
    beside = np.minimum(at_a_time, up(blocks, np.where(clusters, PROCESSORS / 2, PROCESSORS)))

    two = np.where(slab == 32, 2, 1)
    expand_rounds = np.where(none, 0, up(up(inside, 16), 8 * two))
    depthwise_rounds = up(out / t["strip"], np.floor(256 / (slab / 4)))
    rows, across = up(up(out, 16), 8 / t["across"]), 2 * up(columns / 16, t["across"])
    waits = [np.ones_like(slab), up(inside, 64) + up(out, 64), rows * across, np.where(clusters, parts, 0), slabs,
             slabs * ~none, slabs * expand_rounds, slabs * expand_rounds * slab / 8 * two, slabs * depthwise_rounds,
             slabs * depthwise_rounds * t["strip"], slabs * rows * slab / 16,
             ~((blocks <= most / 2) & (at_a_time > 1))]
    loads = np.where(t["dilation"] > 1, 9, 3 * ((t["strip"] - 1) * t["stride"] + 3) / t["strip"])
    loads *= [conflicts(int(a), int(b), int(c)) for a, b, c in zip(slab, t["strip"], t["stride"])]
    lanes = slabs * out * slab / 128
    work = [np.ones_like(slab), slabs * (up(inside, 16) * 16 * channels * slab + up(out, 16) * 16 * columns * slab),
            np.where(none, 0, slabs * up(inside, 16) * channels / 16 * (1 + slab / 16)), lanes, lanes * loads,
            slabs * (front + columns * slab * 2),
            np.where(none, all_inside * slab * 2 * slabs, np.where(stem, picture * 12, inside * t["in_channels"] * 2)),
            np.where(clusters, out * columns / 256, 0)]
    return np.stack(waits, 1).astype(float), np.stack(work, 1).astype(float), rounds, beside


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tables", nargs="+", metavar="TABLE", help="as block_tilings writes them")
    rows, block_of = [], []
    for number, path in enumerate(parser.parse_args().tables):
        for row in np.loadtxt(path, ndmin=2):
            if row[-1] > 0:
                rows.append(row)
                block_of.append((number, *row[:12]))
    table = dict(zip(COLUMNS, np.array(rows).T))
    measured = table["measured"]
    blocks = np.unique(np.array(block_of), axis=0, return_inverse=True)[1].ravel()
    best = np.full(blocks.max() + 1, np.inf)
    np.minimum.at(best, blocks, measured)
    weight = np.minimum(1, best[blocks] / measured) ** 2  # what is far from the best is never chosen
    waits, work, rounds, beside = features(table)
    scale = np.concatenate([np.maximum(waits.max(0), 1e-9), np.maximum(work.max(0), 1e-9)])
    first = np.log(np.full(len(scale), 0.3))

    def model(logs):
        constants = np.exp(logs) / scale
        waiting, working = waits @ constants[:waits.shape[1]], beside * (work @ constants[waits.shape[1]:])
        return rounds * (waiting ** NORM + working ** NORM) ** (1 / NORM)

    def loss(logs):
        return np.average((np.log(model(logs)) - np.log(measured)) ** 2, weights=weight) + 1e-5 * np.sum((logs - first) ** 2)

    fitted = minimize(loss, first, method="L-BFGS-B", options={"maxiter": 1000, "maxfun": 100000}).x
    constants, answer = np.exp(fitted) / scale, model(fitted)
    print("microseconds waited:", " ".join(f"{c:.3g}" for c in constants[:waits.shape[1]]))
    print("microseconds worked:", " ".join(f"{c:.3g}" for c in constants[waits.shape[1]:]))
    for name, cost in (("fitted", answer), ("in the table", table["cost"])):
        chosen = np.array([measured[i[np.argmin(cost[i])]] for i in (np.flatnonzero(blocks == b) for b in range(len(best)))])
        print(f"chosen by the model {name}: {np.mean(chosen / best):.3f} times the best on average, "
              f"{np.max(chosen / best):.2f} at most, of {len(best)} blocks")


if __name__ == "__main__":
    main()
