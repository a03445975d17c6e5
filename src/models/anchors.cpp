// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "models/anchors.h"

#include <algorithm>
#include <cmath>

#include "network/picture_axes.h"

namespace mobilenet {
namespace {

AnchorShape shape_of(double scale, double ratio) {
  const double root = std::sqrt(ratio);
  return {static_cast<float>(scale / root), static_cast<float>(scale * root)};
}

}  // namespace

std::vector<std::vector<AnchorShape>> in_sides(std::span<const std::vector<AnchorShape>> shapes, AnchorUnit unit,
                                               std::int64_t height, std::int64_t width) {
  const auto scale = [&](std::int64_t side) -> double {
    switch (unit) {
      case AnchorUnit::sides:
        return 1;
      case AnchorUnit::shorter_side:
        return static_cast<double>(std::min(height, width)) / static_cast<double>(side);
      case AnchorUnit::pixel:
        return 1 / static_cast<double>(side);
    }
    return 1;
  };
  const double rows = scale(height), columns = scale(width);
  std::vector<std::vector<AnchorShape>> scaled(shapes.begin(), shapes.end());
  for (std::vector<AnchorShape>& map : scaled)
    for (AnchorShape& shape : map)
      shape = {static_cast<float>(shape.height * rows), static_cast<float>(shape.width * columns)};
  return scaled;
}

std::vector<AnchorBox> generate_anchors(std::span<const std::vector<AnchorShape>> shapes,
                                        std::span<const AnchorGrid> grids) {
  std::vector<AnchorBox> anchors;
  if (shapes.size() != grids.size()) return anchors;
  for (std::size_t map = 0; map < grids.size(); ++map)
    for (int row = 0; row < grids[map].rows; ++row)
      for (int column = 0; column < grids[map].columns; ++column)
        for (const AnchorShape& shape : shapes[map])
          anchors.push_back({static_cast<float>((row + 0.5) / grids[map].rows),
                             static_cast<float>((column + 0.5) / grids[map].columns), shape.height, shape.width});
  return anchors;
}

std::vector<AnchorBox> network_anchors(const DetectionSpec& spec, const Network& network,
                                       std::span<const Shape> shapes) {
  std::vector<AnchorGrid> grids;
  for (const TensorId id : network.anchor_maps) {
    const Shape& map = shape_of(shapes, id);
    grids.push_back({static_cast<int>(map[1]), static_cast<int>(map[2])});
  }
  const Shape& input = shape_of(shapes, network.inputs[0]);
  const PictureAxes axes = map_axes(input);
  return generate_anchors(in_sides(spec.anchor_shapes, spec.anchor_unit, input[axes.height], input[axes.width]), grids);
}

std::vector<std::vector<AnchorShape>> multiple_grid_shapes(int maps, double min_scale, double max_scale) {
  const auto scale_of = [&](int map) {
    if (map >= maps) return 1.0;
    return maps > 1 ? min_scale + (max_scale - min_scale) * map / (maps - 1) : min_scale;
  };
  std::vector<std::vector<AnchorShape>> all;
  for (int map = 0; map < maps; ++map) {
    const double scale = scale_of(map);
    if (map == 0) {
      all.push_back({shape_of(0.1, 1), shape_of(scale, 2), shape_of(scale, 0.5)});
      continue;
    }
    std::vector<AnchorShape> shapes;
    for (const double ratio : {1.0, 2.0, 0.5, 3.0, 0.3333})
      shapes.push_back(shape_of(scale, ratio));  // 0.3333 as there
    shapes.push_back(shape_of(std::sqrt(scale * scale_of(map + 1)), 1));
    all.push_back(std::move(shapes));
  }
  return all;
}

std::vector<AnchorShape> prior_box_shapes(double min_size, double max_size, std::span<const double> ratios) {
  std::vector<AnchorShape> shapes{shape_of(min_size, 1)};
  if (max_size > 0) shapes.push_back(shape_of(std::sqrt(min_size * max_size), 1));
  for (const double ratio : ratios) {
    shapes.push_back(shape_of(min_size, ratio));
    shapes.push_back(shape_of(min_size, 1 / ratio));
  }
  return shapes;
}

}  // namespace mobilenet
