// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// From a spec to a network: the checks that come first, then the architecture's own file.

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "models/assembly.h"
#include "models/registry.h"
#include "spec/limits.h"

namespace mobilenet {
namespace {

Result<void> check_block(const BlockSpec& block, int inputs, const Backbone& backbone) {
  if (block.inputs != inputs)
    return failure(ErrorCode::bad_format, "reads ", block.inputs, " channels, the layer before it writes ", inputs);
  for (const int channels : {block.hidden, block.outputs})
    if (channels < 1 || channels > kMostChannels)
      return failure(ErrorCode::bad_format, "has ", channels, " channels, expected 1 to ", kMostChannels);
  if (block.stride != 1 && block.stride != 2)
    return failure(ErrorCode::bad_format, "has stride ", block.stride, ", expected 1 or 2");
  if (block.dilation < 1 || block.dilation > kMostDilation)
    return failure(ErrorCode::bad_format, "has dilation ", block.dilation, ", expected 1 to ", kMostDilation);
  if (!block.expand && block.hidden != block.inputs)
    return failure(ErrorCode::bad_format, "has ", block.hidden, " hidden channels without expansion, expected ",
                   block.inputs);
  if (block.residual && (block.stride != 1 || block.inputs != block.outputs))
    return failure(ErrorCode::bad_format, "cannot add its input of ", block.inputs, " channels to its output of ",
                   block.outputs, " at stride ", block.stride);
  switch (backbone.blocks) {
    case BlockKind::separable:
      if (block.expand || block.residual)
        return failure(ErrorCode::bad_format, "has an expansion or a residual, which ", title_of(backbone.architecture),
                       " has not");
      break;
    case BlockKind::inverted_residual:
      break;
  }
  return {};
}

Result<void> check_no_classifier(const ModelSpec& spec, const char* head) {
  if (spec.classes != 0)
    return failure(ErrorCode::bad_format, "has a classifier of ", spec.classes, " classes beside its ", head);
  if (spec.pooling != HeadPooling::average)
    return failure(ErrorCode::bad_format, "has a pooling of its own in front of a ", head);
  return {};
}

Result<void> check_no_detector(const ModelSpec& spec) {
  if (spec.detection.classes == 0) return {};
  return failure(ErrorCode::bad_format, "has ", spec.detection.classes, " classes to detect, but is no detector");
}

Result<void> check_no_segmenter(const ModelSpec& spec) {
  if (spec.segmentation.classes == 0) return {};
  return failure(ErrorCode::bad_format, "has ", spec.segmentation.classes,
                 " classes to tell apart, but is no segmenter");
}

// One kind of answer, and a head that makes it.
Result<void> check_head(const ModelSpec& spec) {
  switch (row_of(spec.architecture).head) {
    case Head::classifier:
      if (spec.pooling == HeadPooling::none && spec.classes > 0)
        return failure(ErrorCode::bad_format, "has a classifier of ", spec.classes,
                       " classes behind a map without pooling");
      MOBILENET_CHECK(check_no_detector(spec));
      return check_no_segmenter(spec);
    case Head::detector:
      MOBILENET_CHECK(check_no_classifier(spec, "detector"));
      MOBILENET_CHECK(check_no_segmenter(spec));
      return check_ssd(spec);
    case Head::segmenter:
      MOBILENET_CHECK(check_no_classifier(spec, "segmenter"));
      MOBILENET_CHECK(check_no_detector(spec));
      return check_deeplab(spec);
  }
  return {};
}

void assemble_classifier(const ModelSpec& spec, const BackboneTensors& backbone, Assembly& net) {
  const TensorId pooled = net.pool(backbone.output, spec.pooling);
  const int channels = spec.pooling == HeadPooling::both ? 2 * backbone.channels : backbone.channels;
  net.end(spec.classes > 0 ? net.dense(pooled, channels, spec.classes) : pooled);
}

std::vector<BlockTensors> assemble_blocks(const ModelSpec& spec, TensorId x, Assembly& net) {
  switch (backbone_of(spec.architecture).blocks) {
    case BlockKind::separable:
      return assemble_separable_blocks(spec, x, net);
    case BlockKind::inverted_residual:
      return assemble_inverted_residuals(spec, x, net);
  }
  return {};
}

// Blocks between two convolutions, the second of which published V1 networks have not, but timm's mobilenetv1_100h.
BackboneTensors assemble_backbone(const ModelSpec& spec, Assembly& net) {
  const TensorId stem = net.convolution("stem", net.input(), 3, {.outputs = spec.stem, .kernel = 3, .stride = 2});
  BackboneTensors backbone;
  backbone.blocks = assemble_blocks(spec, stem, net);
  backbone.output = backbone.blocks.back().output;
  backbone.channels = spec.blocks.back().outputs;
  if (spec.last > 0) {
    backbone.output = net.convolution("last", backbone.output, backbone.channels, {.outputs = spec.last});
    backbone.channels = spec.last;
  }
  return backbone;
}

// The spec has been checked.
void assemble(const ModelSpec& spec, Assembly& net) {
  const BackboneTensors backbone = assemble_backbone(spec, net);
  switch (row_of(spec.architecture).head) {
    case Head::classifier:
      return assemble_classifier(spec, backbone, net);
    case Head::detector:
      return assemble_ssd(spec, backbone, net);
    case Head::segmenter:
      return assemble_deeplab(spec, backbone, net);
  }
}

// Ports of TensorFlow's networks write down where SAME's windows begin at one input size, and begin there at any other;
// what lies behind them is as much as ever fits a window, so that maps have SAME's sizes everywhere. (In Caffe's terms:
// a pad of 2 whose first row and column are sliced away, or a pad of 1.)
Result<void> fix_padding(int side, const Parameters& parameters, Network& network) {
  const Shape input{1, side, side, 3};
  MOBILENET_TRY(const std::vector<Shape> shapes, infer_shapes(network, parameters, {&input, 1}));
  const auto behind = [](int kernel, int dilation, const WindowExtent& extent) {
    return (kernel - 1) * dilation - static_cast<int>(extent.pad_before);
  };
  for (Node& node : network.nodes)
    std::visit(
        [&](auto& op) {
          if constexpr (requires { op.window; }) {
            Window& w = op.window;
            if (w.padding.rule != Padding::Rule::same) return;
            const Shape& map = shape_of(shapes, node.inputs[0]);
            const WindowExtent rows = window_height(w, map[1]), columns = window_width(w, map[2]);
            w.padding = {Padding::Rule::explicit_, static_cast<int>(rows.pad_before),
                         static_cast<int>(columns.pad_before), behind(w.kernel_height, w.dilation_height, rows),
                         behind(w.kernel_width, w.dilation_width, columns)};
          }
        },
        node.op);
  return {};
}

}  // namespace

Result<void> check_structure(const ModelSpec& spec) {
  if (spec.architecture == Architecture::graph)
    return failure(ErrorCode::invalid_argument, "a graph has no structure to build a network from");
  if (spec.stem < 1 || spec.stem > kMostChannels)
    return failure(ErrorCode::bad_format, "stem has ", spec.stem, " channels, expected 1 to ", kMostChannels);
  if (spec.blocks.empty() || spec.blocks.size() > kMostBlocks)
    return failure(ErrorCode::bad_format, "has ", spec.blocks.size(), " blocks, expected 1 to ", kMostBlocks);
  int channels = spec.stem;
  for (std::size_t i = 0; i < spec.blocks.size(); ++i) {
    if (auto fits = check_block(spec.blocks[i], channels, backbone_of(spec.architecture)); !fits)
      return at("block" + std::to_string(i + 1), std::move(fits).error());
    channels = spec.blocks[i].outputs;
  }
  if (spec.last < 0 || spec.last > kMostChannels)
    return failure(ErrorCode::bad_format, "last has ", spec.last, " channels, expected 0 to ", kMostChannels);
  if (spec.classes < 0 || spec.classes > kMostClasses)
    return failure(ErrorCode::bad_format, "logits has ", spec.classes, " classes, expected 0 to ", kMostClasses);
  MOBILENET_CHECK(check_head(spec));
  const int classes = class_count(spec);
  if (!spec.labels.empty() && spec.labels.size() != static_cast<std::size_t>(classes))
    return failure(ErrorCode::bad_format, "has ", spec.labels.size(), " labels for ", classes, " classes");
  if (!(spec.epsilon > 0) || !std::isfinite(spec.epsilon))
    return failure(ErrorCode::bad_format, "batch norm's epsilon is ", spec.epsilon, ", expected more than 0");
  return {};
}

Result<std::vector<NeededWeight>> needed_weights(const ModelSpec& spec) {
  MOBILENET_CHECK(check_structure(spec));
  Assembly net(spec, nullptr, nullptr);
  assemble(spec, net);
  return std::move(net).needed();
}

Result<Network> build_network(const ModelSpec& spec, const Parameters& parameters, const WeightIndex& weights) {
  MOBILENET_CHECK(check_structure(spec));
  Assembly net(spec, &parameters, &weights);
  assemble(spec, net);
  if (spec.padding_size == 0) return net.finish();
  MOBILENET_TRY(Network network, net.finish());
  MOBILENET_CHECK(fix_padding(spec.padding_size, parameters, network));
  return network;
}

ModelSpec published_spec(Architecture architecture, double depth_multiplier, int input_size, int classes) {
  constexpr int kImageNetWithBackground = 1001;
  const ArchitectureRow& row = row_of(architecture);
  ModelSpec spec = backbone_spec(*row.backbone, depth_multiplier, input_size);
  spec.architecture = architecture;
  switch (row.head) {
    case Head::classifier:
      spec.classes = classes;
      spec.has_background = classes == kImageNetWithBackground;
      break;
    case Head::detector:
      add_ssd(row, classes, spec);
      break;
    case Head::segmenter:
      add_deeplab(row, classes, spec);
      break;
  }
  return spec;
}

}  // namespace mobilenet
