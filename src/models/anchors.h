// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Anchors: the boxes that a single-shot detector's outputs are relative to.

#include <cstdint>
#include <span>
#include <vector>

#include "network/network.h"
#include "spec/detection_spec.h"

namespace mobilenet {

struct AnchorGrid {
  int rows = 0, columns = 0;  // of a feature map
};

// Shapes in an input of height x width, in units of its sides.
std::vector<std::vector<AnchorShape>> in_sides(std::span<const std::vector<AnchorShape>> shapes, AnchorUnit unit,
                                               std::int64_t height, std::int64_t width);

// Map by map, row by row, cell by cell, shape by shape. As many grids as shapes, which are in units of the picture's
// sides, else empty.
std::vector<AnchorBox> generate_anchors(std::span<const std::vector<AnchorShape>> shapes,
                                        std::span<const AnchorGrid> grids);

// Those of a network whose anchors are generated, for its anchor_maps and its first input; `shapes` are of all its
// tensors.
std::vector<AnchorBox> network_anchors(const DetectionSpec& spec, const Network& network,
                                       std::span<const Shape> shapes);

// The shapes of TensorFlow's multiple_grid_anchor_generator, in units of the shorter side: scales evenly from
// `min_scale` to `max_scale`; 3 shapes on the first map (scale 0.1, then ratios 2 and 1/2), 6 on the others (ratios 1,
// 2, 1/2, 3, 1/3 and a square of the geometric mean with the next scale, which is 1 after the last).
std::vector<std::vector<AnchorShape>> multiple_grid_shapes(int maps, double min_scale = 0.2, double max_scale = 0.95);

// The shapes of one Caffe PriorBox layer: the minimum size, the geometric mean with the maximum size (where it is above
// 0), then per ratio r: wide and tall. In pixels of the input, whatever its size.
std::vector<AnchorShape> prior_box_shapes(double min_size, double max_size, std::span<const double> ratios);

}  // namespace mobilenet
