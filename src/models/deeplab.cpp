// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// DeepLabv3 as Google's MobileNet checkpoints and Hugging Face have it (image pooling beside one 1x1 convolution), and
// DeepLabv3+ (atrous branches, and a decoder at the resolution of an early block).

#include "base/error.h"
#include "models/assembly.h"
#include "models/registry.h"
#include "spec/limits.h"

namespace mobilenet {
namespace {

// Of every head, whatever the backbone has.
constexpr double kHeadEpsilon = 1e-5;
constexpr BlockActivation kHeadActivation = BlockActivation::relu;

// Depthwise 3x3, then 1x1; both normalised and activated.
TensorId separable(const std::string& layer, TensorId x, int inputs, int outputs, int rate, Assembly& net) {
  x = net.depthwise(layer + "/depthwise", x, inputs, {.kernel = 3, .dilation = rate});
  return net.convolution(layer, x, inputs, {.outputs = outputs});
}

TensorId decode(const ModelSpec& spec, const BackboneTensors& backbone, TensorId x, Assembly& net) {
  const SegmentationHeadSpec& head = spec.segmentation_head;
  const auto block = static_cast<std::size_t>(head.low_level) - 1;
  const TensorId fine = net.convolution("low_level", backbone.blocks[block].depthwise, spec.blocks[block].hidden,
                                        {.outputs = head.low_level_channels});
  x = net.concat("decoder", {net.resize("decoder/resized", x, fine), fine}, 3);
  x = separable("decoder1", x, head.channels + head.low_level_channels, head.channels, 1, net);
  return separable("decoder2", x, head.channels, head.channels, 1, net);
}

}  // namespace

Result<void> check_deeplab(const ModelSpec& spec) {
  const SegmentationHeadSpec& head = spec.segmentation_head;
  if (spec.segmentation.classes < 2 || spec.segmentation.classes > kMostMaskClasses)
    return failure(ErrorCode::bad_format, "has ", spec.segmentation.classes, " classes to tell apart, expected 2 to ",
                   kMostMaskClasses);
  for (const int channels : {head.channels, head.low_level_channels})
    if (channels < 1 || channels > kMostChannels)
      return failure(ErrorCode::bad_format, "the segmentation head has ", channels, " channels, expected 1 to ",
                     kMostChannels);
  const bool plus = row_of(spec.architecture).low_level > 0;
  if (!plus && (!head.rates.empty() || head.low_level != 0))
    return failure(ErrorCode::bad_format, "has atrous branches or a decoder, which DeepLabv3 on MobileNet has not");
  if (head.rates.size() > kMostRates)
    return failure(ErrorCode::bad_format, "has ", head.rates.size(), " atrous branches, at most ", kMostRates);
  for (const int rate : head.rates)
    if (rate < 1 || rate > kMostRate)
      return failure(ErrorCode::bad_format, "an atrous branch has rate ", rate, ", expected 1 to ", kMostRate);
  if (plus && (head.low_level < 1 || static_cast<std::size_t>(head.low_level) > spec.blocks.size()))
    return failure(ErrorCode::bad_format, "the decoder joins block ", head.low_level, ", there are ",
                   spec.blocks.size(), " blocks");
  return {};
}

void assemble_deeplab(const ModelSpec& spec, const BackboneTensors& backbone, Assembly& net) {
  const SegmentationHeadSpec& head = spec.segmentation_head;
  net.use_convention(kHeadEpsilon, kHeadActivation);
  const TensorId x = backbone.output;
  const TensorId pooled =
      net.convolution("pool_branch", net.pool_map("pool", x), backbone.channels, {.outputs = head.channels});
  // The pooled branch comes first, as in the sources.
  std::vector<TensorId> branches{net.resize("pool_branch/resized", pooled, x)};
  branches.push_back(net.convolution("aspp", x, backbone.channels, {.outputs = head.channels}));
  for (std::size_t i = 0; i < head.rates.size(); ++i)
    branches.push_back(
        separable("aspp" + std::to_string(i + 1), x, backbone.channels, head.channels, head.rates[i], net));
  const int joined = static_cast<int>(branches.size()) * head.channels;
  TensorId y =
      net.convolution("projection", net.concat("branches", std::move(branches), 3), joined, {.outputs = head.channels});
  if (head.low_level > 0) y = decode(spec, backbone, y, net);
  net.end_segmenter(net.convolution("logits", y, head.channels,
                                    {.outputs = spec.segmentation.classes, .activated = false, .norm = false}));
}

void add_deeplab(const ArchitectureRow& row, int classes, ModelSpec& spec) {
  constexpr int kOutputStride = 16;
  spec.last = 0;
  limit_output_stride(spec.blocks, kOutputStride);
  spec.segmentation.classes = classes;
  spec.segmentation.enlargement = Enlargement::align_corners;
  spec.segmentation_head.rates.assign(row.rates.begin(), row.rates.end());
  spec.segmentation_head.low_level = row.low_level;
  spec.preprocess.mode = ResizeMode::pad;
}

}  // namespace mobilenet
