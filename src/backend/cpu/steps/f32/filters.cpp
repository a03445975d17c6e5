// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "backend/cpu/steps/f32/filters.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "backend/cpu/kernels/f16_depthwise.h"
#include "base/error.h"
#include "base/half.h"

namespace mobilenet::cpu {
namespace {

PackKey key_of(const FusedGroup& group, PackKey::Kind kind, int block) {
  return {.kind = kind,
          .layout = {.block = block},
          .weight = group.head->inputs[1],
          .bias = bias_of(*group.head),
          .batch_norm = group.batch_norm_index};
}

// Weight (o..o + outputs, all depths) of a panel whose elements are zero so far. A cache line of each output at a time:
// 3.8 million weights take 1.5 ms, one by one, with an offset and a factor for each, 2.9, and in longer runs, whose
// reads wait for each other, 3.3 (Zen 4).
void fill_panel(const FoldedFilter& filter, int o, int outputs, const PanelLayout& layout, float* panel) {
  constexpr int kAtOnce = 16;
  const FilterView& view = filter.view;
  auto* halves = reinterpret_cast<std::uint16_t*>(panel);
  const std::ptrdiff_t part = static_cast<std::ptrdiff_t>(layout.packed_depth(view.height * view.width * view.inputs)) /
                              layout.parts * layout.columns * 2;
  const int shift = layout.group == 4 ? 2 : 1;  // of bf16; a division for each weight would be most of the time
  int depth = 0;                                // of the first of these inputs
  for (int y = 0; y < view.height; ++y)
    for (int x = 0; x < view.width; ++x)
      for (int i = 0, count = 0; i < view.inputs; i += count, depth += count) {
        count = std::min(kAtOnce, view.inputs - i);
        for (int j = 0; j < outputs; ++j) {
          std::array<float, kAtOnce> folded;
          const float* const weights = filter.weights(o + j, y, x, i, count, folded.data());
          if (layout.group == 1)
            for (int k = 0; k < count; ++k)
              panel[static_cast<std::ptrdiff_t>(depth + k) * layout.columns + j] = weights[k];
          else
            for (int k = 0; k < count; ++k) {
              const std::ptrdiff_t row = static_cast<std::ptrdiff_t>((depth + k) >> shift) * layout.columns;
              std::uint16_t* const half = halves + (row + j) * layout.group + ((depth + k) & (layout.group - 1));
              half[0] = float_to_bf16(weights[k]);
              if (layout.parts == 2) half[part] = float_to_bf16(weights[k] - bf16_to_float(half[0]));
            }
        }
      }
}

}  // namespace

Result<PackedMatrix> packed_matrix(const StepSource& source, const FusedGroup& group, const FilterView& view,
                                   int groups, const PanelLayout& layout) {
  PackedMatrix matrix;
  matrix.columns = view.outputs / groups;
  matrix.depth = view.height * view.width * view.inputs;
  matrix.packed_depth = layout.packed_depth(matrix.depth);
  matrix.panels = (matrix.columns + layout.columns - 1) / layout.columns;
  const auto group_panels = static_cast<std::size_t>(matrix.panels);
  const auto panels = static_cast<std::size_t>(groups) * group_panels;
  const auto width = static_cast<std::size_t>(layout.columns);
  const auto panel_floats = static_cast<std::size_t>(matrix.packed_depth) * width;
  const std::size_t bytes = panels * (panel_floats + width) * sizeof(float);
  const auto fill = [&](AlignedBuffer& buffer) {
    const FoldedFilter filter = folded_filter(source.network, source.parameters, group, view);
    float* to = buffer.as<float>();
    float* bias = to + panels * panel_floats;
    for (std::size_t p = 0; p < panels; ++p, to += panel_floats, bias += width) {
      const int first = static_cast<int>(p % group_panels) * layout.columns;
      const int outputs = std::min(layout.columns, matrix.columns - first);
      const int o = static_cast<int>(p / group_panels) * matrix.columns + first;
      fill_panel(filter, o, outputs, layout, to);
      std::copy_n(filter.bias.begin() + o, outputs, bias);
    }
  };
  PackKey key = key_of(group, PackKey::Kind::matrix, layout.columns);
  key.layout.group = layout.group;
  key.parts = layout.parts;
  key.first = view.first, key.inputs = view.inputs;
  key.groups = groups;
  MOBILENET_TRY(matrix.memory, source.pack(key, bytes, fill));
  if (matrix.memory->size() == 0) return matrix;
  matrix.weights = matrix.memory->as<float>();
  matrix.bias = matrix.weights + panels * panel_floats;
  return matrix;
}

namespace {

template <class Number, class Convert>
void fill_depthwise(const FoldedFilter& filter, int lanes, Convert convert, Number* to) {
  const FilterView& view = filter.view;
  for (int first = 0; first < view.outputs; first += lanes) {
    const int channels = std::min(lanes, view.outputs - first);
    const float* const bias = filter.bias.data() + first;
    for (int j = 0; j < channels; ++j) to[j] = convert(bias[j]);
    to += lanes;
    for (int y = 0; y < view.height; ++y)
      for (int x = 0; x < view.width; ++x, to += lanes)
        for (int j = 0; j < channels; ++j) to[j] = convert(filter.weight(first + j, y, x, 0));
  }
}

}  // namespace

Result<PackedDepthwise> packed_depthwise(const StepSource& source, const FusedGroup& group, int lanes, DataType type) {
  MOBILENET_TRY(const FilterView view, checked_view(source.network, source.parameters, group));
  PackedDepthwise depthwise;
  const int channels = whole_bf16_channels(view.outputs);
  const int rows = 1 + view.height * view.width;
  const std::size_t bytes = static_cast<std::size_t>(channels) * static_cast<std::size_t>(rows) * size_of(type);
  const auto fill = [&](AlignedBuffer& buffer) {
    const FoldedFilter filter = folded_filter(source.network, source.parameters, group, view);
    if (type == DataType::f16)
      fill_depthwise(filter, lanes, &float_to_half, buffer.as<std::uint16_t>());
    else
      fill_depthwise(
          filter, lanes, [](float x) { return x; }, buffer.as<float>());
  };
  PackKey key = key_of(group, PackKey::Kind::depthwise, lanes);
  key.type = type;
  MOBILENET_TRY(depthwise.memory, source.pack(key, bytes, fill));
  depthwise.packed = depthwise.memory->data();
  return depthwise;
}

}  // namespace mobilenet::cpu
