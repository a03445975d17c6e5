// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Bilinear enlargement.

#include <vector>

#include "backend/cpu/steps/int8/steps.h"
#include "base/error.h"

namespace mobilenet::cpu {
namespace {

struct Resize {
  std::vector<ResizeTap> rows, columns;
  DataType type = DataType::u8;
  ResizeRule rule = ResizeRule::shared;
  std::int64_t batch = 1, input_height = 1, input_width = 1, channels = 1;
  Place input, output;

  void run(RunContext& context) const {
    context.for_each(static_cast<std::size_t>(batch) * rows.size(), [&](std::size_t row) { run_row(context, row); });
  }

  void run_row(RunContext& context, std::size_t row) const {
    const ResizeTap& y = rows[row % rows.size()];
    const std::uint8_t* image =
        bytes_at(context, input) + static_cast<std::int64_t>(row / rows.size()) * input_height * input_width * channels;
    const std::uint8_t* top = image + y.low * input_width * channels;
    const std::uint8_t* bottom = image + y.high * input_width * channels;
    std::uint8_t* out = bytes_at(context, output) + row * columns.size() * static_cast<std::size_t>(channels);
    const std::uint8_t flip = flip_of(type);
    const std::int32_t lift = to_unsigned(type, 0);
    const auto fill = [&](const auto& blend) {
      for (const ResizeTap& x : columns)
        for (std::int64_t c = 0; c < channels; ++c) {
          const std::int64_t low = x.low * channels + c, high = x.high * channels + c;
          *out++ = static_cast<std::uint8_t>(blend((top[low] ^ flip) - lift, (top[high] ^ flip) - lift,
                                                   (bottom[low] ^ flip) - lift, (bottom[high] ^ flip) - lift, x));
        }
    };
    if (rule == ResizeRule::shared)
      fill([&](int a, int b, int c, int d, const ResizeTap& x) {
        return resize_element(a, b, c, d, x.weight, y.weight);
      });
    else
      fill([&](int a, int b, int c, int d, const ResizeTap& x) { return resize_element(rule, a, b, c, d, x, y); });
  }
};

}  // namespace

Result<CompiledStep> compile_int8_resize(const StepSource& source, const Node& node, const ResizeBilinearOp& op) {
  const Tensor& output = source.tensor(node.output);
  const Shape& in = source.shape(node.inputs[0]);
  const Shape& out = source.shape(node.output);
  Resize resize;
  MOBILENET_TRY(resize.rule, resize_rule(source.tensor(node.inputs[0]), output));
  for (std::int64_t y = 0; y < out[1]; ++y) resize.rows.push_back(resize_tap(y, in[1], out[1], op, resize.rule));
  for (std::int64_t x = 0; x < out[2]; ++x) resize.columns.push_back(resize_tap(x, in[2], out[2], op, resize.rule));
  resize.type = output.type;
  resize.batch = in[0];
  resize.input_height = in[1], resize.input_width = in[2], resize.channels = in[3];
  resize.input = source.place(node.inputs[0]);
  resize.output = source.place(node.output);
  return step_of(std::move(resize));
}

}  // namespace mobilenet::cpu
