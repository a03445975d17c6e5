// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Bilinear enlargement of bytes, and of integers of 16 bits.

#include <type_traits>
#include <vector>

#include "backend/cpu/steps/int8/steps.h"
#include "base/error.h"
#include "network/quantized_int16.h"

namespace mobilenet::cpu {
namespace {

// T: the stored type.
template <class T>
struct Resize {
  const Int8ResizeKernels* kernels = nullptr;
  std::vector<ResizeTap> rows, columns;
  ResizeRule rule = ResizeRule::shared;
  std::int64_t batch = 1, input_height = 1, input_width = 1, channels = 1;
  Place input, output;

  void run(RunContext& context) const {
    context.for_each(static_cast<std::size_t>(batch) * rows.size(), [&](std::size_t row) { run_row(context, row); });
  }

  void run_row(RunContext& context, std::size_t row) const {
    const ResizeTap& y = rows[row % rows.size()];
    const T* const image = reinterpret_cast<const T*>(context.at(input)) +
                           static_cast<std::int64_t>(row / rows.size()) * input_height * input_width * channels;
    const T* const top = image + y.low * input_width * channels;
    const T* const bottom = image + y.high * input_width * channels;
    T* out = reinterpret_cast<T*>(context.at(output)) + row * columns.size() * static_cast<std::size_t>(channels);
    if constexpr (sizeof(T) == 1) {
      if (rule == ResizeRule::shared) return blend_row(context, top, bottom, y, out);
    }
    for (const ResizeTap& x : columns)
      for (std::int64_t c = 0; c < channels; ++c) {
        const std::int64_t low = x.low * channels + c, high = x.high * channels + c;
        *out++ = static_cast<T>(resize_element(rule, top[low], top[high], bottom[low], bottom[high], x, y));
      }
  }

  // Bytes of one scale, in vectors.
  void blend_row(RunContext& context, const T* top, const T* bottom, const ResizeTap& y, T* out) const {
    constexpr std::uint8_t kFlip = std::is_signed_v<T> ? 0x80 : 0;
    auto* blended = reinterpret_cast<std::int32_t*>(context.scratch);
    kernels->down(reinterpret_cast<const std::uint8_t*>(top), reinterpret_cast<const std::uint8_t*>(bottom),
                  static_cast<std::size_t>(input_width * channels), kFlip, y.weight, blended);
    kernels->across({blended, columns.data(), columns.size(), static_cast<std::size_t>(channels), kFlip,
                     reinterpret_cast<std::uint8_t*>(out)});
  }
};

template <class T>
CompiledStep resize_step(const StepSource& source, const Node& node, ResizeRule rule) {
  const auto& op = std::get<ResizeBilinearOp>(node.op);
  const Shape& in = source.shape(node.inputs[0]);
  const Shape& out = source.shape(node.output);
  Resize<T> resize;
  resize.kernels = source.kernels.int8_resize;
  resize.rule = rule;
  for (std::int64_t y = 0; y < out[1]; ++y) resize.rows.push_back(resize_tap(y, in[1], out[1], op, rule));
  for (std::int64_t x = 0; x < out[2]; ++x) resize.columns.push_back(resize_tap(x, in[2], out[2], op, rule));
  resize.batch = in[0];
  resize.input_height = in[1], resize.input_width = in[2], resize.channels = in[3];
  resize.input = source.place(node.inputs[0]);
  resize.output = source.place(node.output);
  const auto blended = static_cast<std::size_t>(in[2] * in[3]) * sizeof(std::int32_t);
  return step_of(std::move(resize), padded_lines(blended));
}

}  // namespace

Result<CompiledStep> compile_integer_resize(const StepSource& source) {
  const Node& node = source.node(source.step.nodes.front());
  const Tensor &input = source.tensor(node.inputs[0]), &output = source.tensor(node.output);
  if (output.type == DataType::i16) {
    MOBILENET_TRY(const ResizeRule rule, int16_resize_rule(input, output));
    return resize_step<std::int16_t>(source, node, rule);
  }
  MOBILENET_TRY(const ResizeRule rule, resize_rule(input, output));
  return output.type == DataType::i8 ? resize_step<std::int8_t>(source, node, rule)
                                     : resize_step<std::uint8_t>(source, node, rule);
}

}  // namespace mobilenet::cpu
