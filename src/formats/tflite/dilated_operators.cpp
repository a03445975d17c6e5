// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// SPACE_TO_BATCH_ND, a convolution, BATCH_TO_SPACE_ND: what TensorFlow makes of a convolution with holes, and old
// converters leave as it is. It is read as that convolution.

#include <algorithm>
#include <utility>

#include "formats/tflite/operator_reader.h"

namespace mobilenet::tflite {
namespace {

constexpr std::int64_t kMaxBlock = 1 << 12;  // pixels, of zeros around the picture too

Result<void> check_numbers(const std::vector<std::int64_t>& block, const std::vector<std::int64_t>& border) {
  if (block.size() != 2 || border.size() != 4)
    return failure(ErrorCode::unsupported, "is supported along height and width only");
  for (const std::int64_t number : block)
    if (number < 1 || number > kMaxBlock)
      return failure(ErrorCode::bad_format, "a block of ", number, " pixels is impossible");
  for (const std::int64_t number : border)
    if (number < 0 || number > kMaxBlock)
      return failure(ErrorCode::bad_format, "a border of ", number, " pixels is impossible");
  return {};
}

}  // namespace

Result<void> OperatorReader::space_to_batch(const Call& call) {
  MOBILENET_TRY(const std::vector<TensorId> operands, activations(call, 1));
  const Shape& x = shape(operands[0]);
  MOBILENET_TRY(const std::vector<std::int64_t> block, integers(call, 1));
  MOBILENET_TRY(const std::vector<std::int64_t> border, integers(call, 2));
  MOBILENET_CHECK(check_numbers(block, border));
  if (x.rank() != 4 || (x[1] + border[0] + border[1]) % block[0] != 0 || (x[2] + border[2] + border[3]) % block[1] != 0)
    return failure(ErrorCode::bad_format, "cannot spread ", to_string(x), " by blocks of ", block[0], "x", block[1]);
  Spread spread{call.inputs[0], static_cast<int>(block[0]), static_cast<int>(block[1])};
  spread.top = static_cast<int>(border[0]), spread.bottom = static_cast<int>(border[1]);
  spread.left = static_cast<int>(border[2]), spread.right = static_cast<int>(border[3]);
  return tensors_.set_spread(call.output, std::make_shared<const Spread>(spread));
}

bool OperatorReader::waits_for_space(const Call& call) const {
  return spread_ == nullptr && call.has(0) && tensors_.spread(call.inputs[0]) != nullptr;
}

Result<void> OperatorReader::wait_for_space(const Call& call) {
  Spread spread = *tensors_.spread(call.inputs[0]);
  if (spread.convolution)
    return failure(ErrorCode::unsupported,
                   "is the second operator between SPACE_TO_BATCH_ND and BATCH_TO_SPACE_ND, one "
                   "convolution is supported");
  spread.convolution = call;
  return tensors_.set_spread(call.output, std::make_shared<const Spread>(std::move(spread)));
}

// Steps of 1 over the pixels of one part are steps of a block over the picture. Zeros that the rule `same` puts around
// every part are as many blocks of zeros around the picture.
Result<void> spread_window(const Spread& spread, Window& window) {
  if (window.stride_height != 1 || window.stride_width != 1 || window.dilation_height != 1 ||
      window.dilation_width != 1)
    return failure(ErrorCode::unsupported,
                   "between SPACE_TO_BATCH_ND and BATCH_TO_SPACE_ND, strides and holes are not "
                   "supported");
  window.dilation_height = spread.block_height;
  window.dilation_width = spread.block_width;
  const bool same = window.padding.rule == Padding::Rule::same;
  const int above = same ? (window.kernel_height - 1) / 2 : 0, before = same ? (window.kernel_width - 1) / 2 : 0;
  const int below = same ? window.kernel_height - 1 - above : 0, after = same ? window.kernel_width - 1 - before : 0;
  window.padding = {Padding::Rule::explicit_, spread.top + above * spread.block_height,
                    spread.left + before * spread.block_width, spread.bottom + below * spread.block_height,
                    spread.right + after * spread.block_width};
  const Padding& p = window.padding;
  if (std::min({p.top, p.left, p.bottom, p.right}) < 0)
    return failure(ErrorCode::unsupported,
                   "between SPACE_TO_BATCH_ND and BATCH_TO_SPACE_ND: more is cut off than was "
                   "put around");
  return {};
}

Result<void> OperatorReader::batch_to_space(const Call& call) {
  const std::shared_ptr<const Spread> spread = call.has(0) ? tensors_.spread(call.inputs[0]) : nullptr;
  if (spread == nullptr || !spread->convolution)
    return failure(ErrorCode::unsupported,
                   "is supported behind SPACE_TO_BATCH_ND and a convolution only, which are read as one with holes");
  MOBILENET_TRY(const std::vector<std::int64_t> block, integers(call, 1));
  MOBILENET_TRY(const std::vector<std::int64_t> border, integers(call, 2));
  MOBILENET_CHECK(check_numbers(block, border));
  if (block[0] != spread->block_height || block[1] != spread->block_width)
    return failure(ErrorCode::unsupported, "blocks of ", block[0], "x", block[1], " behind SPACE_TO_BATCH_ND's of ",
                   spread->block_height, "x", spread->block_width, " are not supported");
  Spread cropped = *spread;
  cropped.top -= static_cast<int>(border[0]), cropped.bottom -= static_cast<int>(border[1]);
  cropped.left -= static_cast<int>(border[2]), cropped.right -= static_cast<int>(border[3]);
  Call convolution = *spread->convolution;
  convolution.inputs[0] = spread->source;
  convolution.output = call.output;
  OperatorReader reader(tensors_, network_);
  reader.spread_ = &cropped;
  return convolution.code == schema::BuiltinOperator::CONV_2D ? reader.convolution(convolution)
                                                              : reader.depthwise(convolution);
}

}  // namespace mobilenet::tflite
