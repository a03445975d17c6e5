// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Finds a MobileNet in a graph by its structure alone: which operator reads which tensor, kernels and strides.
// Names in the file differ from converter to converter and are never looked at.

#include <algorithm>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "models/models.h"
#include "models/registry.h"

namespace mobilenet {
namespace {

enum class Kind { stem, depthwise, pointwise, pool };

// An operator that was found, and the output of its layer.
struct Found {
  const Node* node = nullptr;
  TensorId output = kNoTensor;
};

class Graph {
 public:
  explicit Graph(const Network& network) : network_(network), readers_(network.tensors.size()) {
    for (const Node& node : network.nodes)
      for (const TensorId input : node.inputs)
        if (input != kNoTensor) readers_[static_cast<std::size_t>(input)].push_back(&node);
  }

  const std::vector<const Node*>& readers(TensorId id) const { return readers_[static_cast<std::size_t>(id)]; }
  const Shape& shape(TensorId id) const { return network_.tensor(id).shape; }
  int channels(TensorId id) const {
    const Shape& s = shape(id);
    return s.rank() == 0 ? 0 : static_cast<int>(s[s.rank() - 1]);
  }

  // The operators of that kind that read `from`, perhaps through padding or a change of type.
  std::vector<Found> all(TensorId from, Kind kind) const {
    std::vector<Found> found;
    const auto consider = [&](const Node* node) {
      if (is(*node, kind)) found.push_back({node, end_of_layer(node->output)});
    };
    for (const Node* reader : readers(from)) {
      consider(reader);
      if (passes(*reader))
        for (const Node* second : readers(reader->output)) consider(second);
    }
    return found;
  }

  bool leads_to(TensorId from, Kind kind) const { return !all(from, kind).empty(); }

  // One of them. Where there are several (heads of a detector start in the middle of the backbone), the one with the
  // published stride wins, then one whose output `then` reads, then the first.
  std::optional<Found> next(TensorId from, Kind kind, int stride, Kind then) const {
    std::optional<Found> best;
    int best_score = -1;
    for (const Found& found : all(from, kind)) {
      const int found_stride = stride_of(*found.node);
      if (found_stride != stride && found_stride != 1) continue;  // 1: it became a dilation (segmentation)
      const int score = (found_stride == stride ? 2 : 0) + (leads_to(found.output, then) ? 1 : 0);
      if (score > best_score) {
        best = found;
        best_score = score;
      }
    }
    return best;
  }

  // The sum of `a` and `b`, kNoTensor when nothing adds them.
  TensorId sum(TensorId a, TensorId b) const {
    for (const Node* reader : readers(a))
      if (std::holds_alternative<AddOp>(reader->op) && (reader->inputs[0] == b || reader->inputs[1] == b))
        return end_of_layer(reader->output);
    return kNoTensor;
  }

  // The tensor that the first convolution reads: the input after changes of type, rescaling and padding.
  TensorId after_entry(TensorId input) const {
    constexpr int kMaxSteps = 8;
    for (int step = 0; step < kMaxSteps; ++step) {
      const auto& nodes = readers(input);
      if (nodes.size() != 1) break;
      if (!passes(*nodes[0]) && !std::holds_alternative<BatchNormOp>(nodes[0]->op)) break;
      input = nodes[0]->output;
    }
    return input;
  }

 private:
  static bool passes(const Node& node) {
    return std::holds_alternative<PadOp>(node.op) || std::holds_alternative<QuantizeOp>(node.op);
  }

  static int stride_of(const Node& node) {
    if (const auto* op = std::get_if<Conv2dOp>(&node.op)) return op->window.stride_height;
    if (const auto* op = std::get_if<DepthwiseConv2dOp>(&node.op)) return op->window.stride_height;
    return 1;
  }

  bool is(const Node& node, Kind kind) const {
    const auto* conv = std::get_if<Conv2dOp>(&node.op);
    const auto* depthwise = std::get_if<DepthwiseConv2dOp>(&node.op);
    const auto kernel = [](const Window& w, int size) { return w.kernel_height == size && w.kernel_width == size; };
    switch (kind) {
      case Kind::stem:
        return conv && conv->groups == 1 && kernel(conv->window, 3);
      case Kind::depthwise:
        return depthwise && depthwise->multiplier == 1 && kernel(depthwise->window, 3);
      case Kind::pointwise:
        return conv && conv->groups == 1 && kernel(conv->window, 1);
      case Kind::pool: {
        if (std::holds_alternative<GlobalAveragePoolOp>(node.op)) return true;
        const auto* pool = std::get_if<PoolOp>(&node.op);
        const Shape& s = shape(node.output);
        return pool && pool->kind == PoolKind::average && s.rank() == 4 && s[1] == 1 && s[2] == 1;
      }
    }
    return false;
  }

  // Past the batch norm and the activation that belong to a layer, where they are operators of their own.
  TensorId end_of_layer(TensorId id) const {
    constexpr int kMaxSteps = 2;
    for (int step = 0; step < kMaxSteps; ++step) {
      const auto& nodes = readers(id);
      if (nodes.size() != 1) break;
      const Op& op = nodes[0]->op;
      if (!std::holds_alternative<BatchNormOp>(op) && !std::holds_alternative<ActivationOp>(op)) break;
      id = nodes[0]->output;
    }
    return id;
  }

  const Network& network_;
  std::vector<std::vector<const Node*>> readers_;
};

// What one attempt at an architecture has found.
struct Match {
  std::vector<Layer> layers;
  std::vector<Layer> aliases;
  std::vector<BlockSpec> blocks;
  int stem = 0;
  int last = 0;
  TensorId end = kNoTensor;  // of the convolutions
  BlockActivation activation = BlockActivation::relu6;
  bool tf_padding = false;
};

void name(Match& match, std::string layer, TensorId tensor) { match.layers.push_back({std::move(layer), tensor}); }

void name_hidden(Match& match, TensorId tensor) {
  match.aliases.push_back({"hidden_" + std::to_string(match.aliases.size()), tensor});
}

// Fills the stem; its output, or nothing when the graph does not begin like a MobileNet.
std::optional<Found> match_stem(const Graph& graph, const Network& network, Match& match) {
  if (network.inputs.size() != 1) return std::nullopt;
  const auto stem = graph.next(graph.after_entry(network.inputs[0]), Kind::stem, 2, Kind::depthwise);
  if (!stem) return std::nullopt;
  const auto& op = std::get<Conv2dOp>(stem->node->op);
  if (op.window.stride_height != 2) return std::nullopt;
  if (op.activation == Activation::relu) match.activation = BlockActivation::relu;
  match.tf_padding = op.window.padding.rule == Padding::Rule::same;
  match.stem = graph.channels(stem->output);
  name(match, "stem", stem->output);
  return stem;
}

BlockSpec block_of(const Graph& graph, TensorId input, const Found& depthwise, TensorId output) {
  const Window& window = std::get<DepthwiseConv2dOp>(depthwise.node->op).window;
  BlockSpec block;
  block.inputs = graph.channels(input);
  block.hidden = graph.channels(depthwise.output);
  block.outputs = graph.channels(output);
  block.stride = window.stride_height;
  block.dilation = window.dilation_height;
  return block;
}

// Whether the graph goes on from a layer as a backbone does behind a block, whose depthwise convolution is one of
// `branches`: to more convolutions, to the pool, or not at all. The same two convolutions are also a detector's
// predictor or an atrous branch; those are reshaped or joined, and there are several.
bool backbone_goes_on(const Graph& graph, TensorId output, Kind then, std::size_t branches) {
  return graph.leads_to(output, then) || graph.leads_to(output, Kind::pool) ||
         (branches == 1 && graph.readers(output).empty());
}

bool separable_block_follows(const Graph& graph, TensorId end) {
  const std::vector<Found> depthwises = graph.all(end, Kind::depthwise);
  for (const Found& depthwise : depthwises)
    for (const Found& pointwise : graph.all(depthwise.output, Kind::pointwise))
      if (backbone_goes_on(graph, pointwise.output, Kind::depthwise, depthwises.size())) return true;
  return false;
}

bool inverted_residual_follows(const Graph& graph, TensorId end) {
  for (const Found& expand : graph.all(end, Kind::pointwise)) {
    if (graph.channels(expand.output) <= graph.channels(end)) continue;  // an extra feature map begins by reducing
    const std::vector<Found> depthwises = graph.all(expand.output, Kind::depthwise);
    for (const Found& depthwise : depthwises)
      for (const Found& project : graph.all(depthwise.output, Kind::pointwise)) {
        const TensorId sum = graph.sum(project.output, end);
        const TensorId output = sum == kNoTensor ? project.output : sum;
        if (backbone_goes_on(graph, output, Kind::pointwise, depthwises.size())) return true;
      }
  }
  return false;
}

std::optional<Match> match_separable_blocks(std::span<const StageBlock> blocks, const Graph& graph,
                                            const Network& network) {
  Match match;
  const auto stem = match_stem(graph, network, match);
  if (!stem) return std::nullopt;
  TensorId end = stem->output;
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    const std::string number = std::to_string(i + 1);
    const auto depthwise = graph.next(end, Kind::depthwise, blocks[i].stride, Kind::pointwise);
    if (!depthwise) return std::nullopt;
    const Kind then = i + 1 < blocks.size() ? Kind::depthwise : Kind::pool;
    const auto pointwise = graph.next(depthwise->output, Kind::pointwise, 1, then);
    if (!pointwise) return std::nullopt;
    match.blocks.push_back(block_of(graph, end, *depthwise, pointwise->output));
    name(match, "depthwise" + number, depthwise->output);
    name(match, "pointwise" + number, pointwise->output);
    name_hidden(match, depthwise->output);
    name_hidden(match, pointwise->output);
    end = pointwise->output;
  }
  if (separable_block_follows(graph, end)) return std::nullopt;
  match.end = end;
  return match;
}

std::optional<Match> match_inverted_residuals(std::span<const StageBlock> blocks, const Graph& graph,
                                              const Network& network) {
  Match match;
  const auto stem = match_stem(graph, network, match);
  if (!stem) return std::nullopt;
  TensorId input = stem->output;
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    const std::string block_name = "block" + std::to_string(i + 1) + "/";
    // The first block expands by 1, that is not at all, but some ports write the convolution.
    const auto expand = graph.next(input, Kind::pointwise, 1, Kind::depthwise);
    if (!expand && i > 0) return std::nullopt;
    const TensorId hidden = expand ? expand->output : input;
    const auto depthwise = graph.next(hidden, Kind::depthwise, blocks[i].stride, Kind::pointwise);
    if (!depthwise) return std::nullopt;
    const auto project = graph.next(depthwise->output, Kind::pointwise, 1, Kind::pointwise);
    if (!project) return std::nullopt;
    const TensorId sum = graph.sum(project->output, input);
    const TensorId output = sum == kNoTensor ? project->output : sum;

    BlockSpec block = block_of(graph, input, *depthwise, output);
    block.expand = expand.has_value();
    block.residual = sum != kNoTensor;
    match.blocks.push_back(block);
    if (expand) name(match, block_name + "expand", expand->output);
    name(match, block_name + "depthwise", depthwise->output);
    name(match, block_name + "project", project->output);
    name(match, block_name + "output", output);
    if (i > 0) name_hidden(match, output);  // Hugging Face counts the stem and the first block as one module
    input = output;
  }
  if (inverted_residual_follows(graph, input)) return std::nullopt;
  match.end = input;
  // 1280 channels after 320, or in proportion; an ASPP branch that reads the same tensor has fewer.
  const auto last = graph.next(input, Kind::pointwise, 1, Kind::pool);
  if (last && graph.channels(last->output) >= 3 * graph.channels(input)) {
    match.last = graph.channels(last->output);
    match.end = last->output;
    name(match, "last", last->output);
  }
  return match;
}

std::optional<Match> match_backbone(const Backbone& backbone, const Graph& graph, const Network& network) {
  const std::vector<StageBlock> blocks = blocks_of(backbone);
  switch (backbone.blocks) {
    case BlockKind::separable:
      return match_separable_blocks(blocks, graph, network);
    case BlockKind::inverted_residual:
      return match_inverted_residuals(blocks, graph, network);
  }
  return std::nullopt;
}

// Follows pool, classifier and softmax from the end of the convolutions and names pool and logits. True when the
// graph's outputs are layers of this chain or of the backbone: then the graph is this network and nothing else.
bool match_tail(const Graph& graph, const Network& network, Match& match) {
  std::vector<TensorId> chain{match.end};
  TensorId logits = kNoTensor;
  bool classified = false;
  const auto pool = graph.next(match.end, Kind::pool, 1, Kind::pointwise);
  TensorId end = pool ? pool->output : match.end;
  if (pool) chain.push_back(end);
  const auto continues = [](const Node* node) {
    return std::holds_alternative<Conv2dOp>(node->op) || std::holds_alternative<DenseOp>(node->op) ||
           std::holds_alternative<ReshapeOp>(node->op) || std::holds_alternative<QuantizeOp>(node->op) ||
           std::holds_alternative<ActivationOp>(node->op) || std::holds_alternative<SoftmaxOp>(node->op);
  };
  constexpr std::size_t kMaxTail = 32;  // operators; a head of a few dense layers has ten
  bool scored = false;
  while (chain.size() < kMaxTail) {
    const auto& readers = graph.readers(end);
    const auto reader = std::find_if(readers.begin(), readers.end(), continues);
    if (reader == readers.end()) break;
    const Op& op = (*reader)->op;
    const auto* activation = std::get_if<ActivationOp>(&op);
    if (std::holds_alternative<SoftmaxOp>(op) || (activation && activation->activation == Activation::sigmoid))
      scored = true;
    const TensorId output = (*reader)->output;
    const bool weights = std::holds_alternative<Conv2dOp>(op) || std::holds_alternative<DenseOp>(op);
    const bool map = graph.shape(output).elements() != graph.channels(output);
    if (weights && map) break;  // a head over positions, no classifier
    classified = classified || weights;
    if (classified && !scored && !std::holds_alternative<QuantizeOp>(op)) logits = output;
    end = output;
    chain.push_back(end);
  }
  const bool whole = std::all_of(network.outputs.begin(), network.outputs.end(), [&](TensorId output) {
    const auto names_output = [&](const Layer& layer) { return layer.tensor == output; };
    return std::find(chain.begin(), chain.end(), output) != chain.end() ||
           std::any_of(match.layers.begin(), match.layers.end(), names_output);
  });
  if (whole && pool) name(match, "pool", pool->output);
  if (whole && logits != kNoTensor) name(match, "logits", logits);
  return whole;
}

// How a port of TensorFlow's networks turns 24 x 0.35 into a number of channels.
struct PortRounding {
  int divisor = 8;
  int min_depth = 8;
};

constexpr PortRounding kDown[] = {{1, 8}, {1, 16}};
// Classifiers; detectors; DeepLab's feature extractor, which does not round at all below 1.0.
constexpr PortRounding kNearest[] = {{8, 8}, {8, 16}, {1, 8}};

std::span<const PortRounding> ports_of(ChannelRounding rounding) {
  switch (rounding) {
    case ChannelRounding::down:
      return kDown;
    case ChannelRounding::nearest_8:
      return kNearest;
  }
  return {};
}

int rounded_width(ChannelRounding rounding, int width, double multiplier, PortRounding port) {
  const double exact = width * multiplier;
  if (rounding == ChannelRounding::down) return std::max(port.min_depth, static_cast<int>(exact + 1e-9));
  const int nearest = static_cast<int>(exact + port.divisor / 2.0) / port.divisor * port.divisor;
  const int rounded = std::max(port.min_depth, nearest);
  return rounded < 0.9 * exact ? rounded + port.divisor : rounded;
}

// The published multipliers first, then every twentieth, then every hundredth; 0: none explains the widths.
double depth_multiplier(const Backbone& backbone, const Match& match) {
  std::vector<double> multipliers{1.0, 0.75, 0.5, 0.35, 0.25, 1.3, 1.4};
  for (int i = 1; i <= 60; ++i) multipliers.push_back(i / 20.0);
  for (int i = 1; i <= 300; ++i) multipliers.push_back(i / 100.0);
  const std::vector<StageBlock> blocks = blocks_of(backbone);
  const auto explains = [&](double multiplier, PortRounding port) {
    const auto fits = [&](int found, int width) {
      return found == rounded_width(backbone.rounding, width, multiplier, port);
    };
    if (!fits(match.stem, backbone.stem)) return false;
    for (std::size_t i = 0; i < blocks.size(); ++i)
      if (!fits(match.blocks[i].outputs, blocks[i].outputs)) return false;
    return true;
  };
  for (const PortRounding port : ports_of(backbone.rounding))
    for (const double multiplier : multipliers)
      if (explains(multiplier, port)) return multiplier;
  return 0;
}

}  // namespace

void recognise_graph(Network& network, ModelSpec& spec) {
  const Graph graph(network);
  const Backbone* backbone = nullptr;
  std::optional<Match> match;
  for (const ArchitectureRow& row : architectures()) {
    switch (row.head) {
      case Head::classifier:
        break;
      case Head::detector:
      case Head::segmenter:
        continue;  // on the backbone of a classifier
    }
    backbone = row.backbone;
    match = match_backbone(*backbone, graph, network);
    if (match) break;
  }
  if (!match) return;

  const bool headless = backbone->last > 0 && match->last == 0;
  const bool whole = match_tail(graph, network, *match) && !headless;
  network.layers = std::move(match->layers);
  network.aliases = std::move(match->aliases);
  spec.depth_multiplier = depth_multiplier(*backbone, *match);
  if (!whole) return;
  spec.architecture = backbone->architecture;
  spec.stem = match->stem;
  spec.blocks = std::move(match->blocks);
  spec.last = match->last;
  spec.activation = match->activation;
  spec.tf_padding = match->tf_padding;
}

}  // namespace mobilenet
