// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Model: a file or a name becomes a network with what was decided about it, and what of it is asked for.

#include <mobilenet/model.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <optional>

#include "api/model_description.h"
#include "api/model_state.h"
#include "base/caught.h"
#include "base/error.h"
#include "base/file_bytes.h"
#include "formats/labels/labels.h"
#include "formats/safetensors/write_safetensors.h"
#include "models/registry.h"
#include "network/cost.h"
#include "network/parameter.h"
#include "network/picture_axes.h"
#include "network/precision.h"
#include "preprocess/picture_input.h"
#include "preprocess/preprocess_options.h"

namespace mobilenet {
namespace {

TensorInfo describe_tensor(const Tensor& tensor, const Shape& shape, SourceLayout layout) {
  return {tensor.name, tensor.type, framework_shape(shape, layout)};
}

// Labels the user named win over those that the reader found.
Result<void> apply_labels(LoadedModel& loaded, const ModelOptions& options) {
  if (options.labels.empty() && options.labels_file.empty()) return {};
  if (!options.labels.empty() && !options.labels_file.empty())
    return failure(ErrorCode::invalid_argument, "labels: ", options.labels.size(), " names and the file ",
                   options.labels_file.string(), " are given, expected one of the two");
  if (options.labels.empty()) return set_labels_from_file(options.labels_file, loaded.spec, loaded.decisions);
  return set_labels(label_source("the list of labels", options.labels), loaded.spec, loaded.decisions);
}

// What the description says wins over what the reader decided.
Result<void> apply_description_to(LoadedModel& loaded, const ModelOptions& options) {
  if (!options.description.empty()) return apply_description(options.description, loaded);
  if (loaded.path.empty()) return {};
  const std::filesystem::path beside = description_path(loaded.path);
  std::error_code ignored;
  return std::filesystem::exists(beside, ignored) ? apply_description(beside, loaded) : Result<void>();
}

// What the caller says of the preprocessing wins over what the reader decided.
Result<void> apply_preprocess(LoadedModel& loaded, const PreprocessOptions& options) {
  MOBILENET_TRY(loaded.spec.preprocess, with_options(std::move(loaded.spec.preprocess), options));
  const auto given = [&](std::string_view what) {
    std::erase_if(loaded.decisions, [&](const Decision& decision) { return decision.what == what; });
    loaded.decisions.push_back({std::string(what), "given by the caller"});
  };
  if (options.geometry) given("resize");
  if (options.filter) given("filter");
  if (options.encoding) given("encoding");
  if (options.channels) given("channel order");
  return {};
}

Result<std::shared_ptr<const ModelState>> load_state(const SourceFile& file, const ModelOptions& options) {
  MOBILENET_TRY(LoadedModel loaded, load_model(file));
  if (auto described = apply_description_to(loaded, options); !described)
    return at(file.name, std::move(described).error());
  ModelState::ReadAgain again;
  if (loaded.sizes == InputSizes::example || loaded.sizes == InputSizes::unsaid)
    again = [file, options](int height, int width) {
      SourceFile other = file;
      other.input_height = height;
      other.input_width = width;
      return load_state(other, options);
    };
  return ModelState::make(std::move(loaded), file.name, options, std::move(again));
}

// Fails where no device of this build can run the network; the sentence is that of the first.
Result<void> check_devices(const ModelGraph& graph) {
  std::optional<Error> first;
  for (const DeviceInfo& device : devices()) {
    const auto backend = backend_for(device.device);
    if (!backend) continue;  // not on this machine
    auto runs = (*backend)->supports(graph);
    if (runs) return {};
    if (!first) first = std::move(runs).error();
  }
  return first ? Result<void>(*std::move(first)) : Result<void>();
}

std::int64_t channels(const Shape& shape) { return shape.rank() > 0 ? shape[shape.rank() - 1] : 1; }

}  // namespace

std::vector<std::int64_t> framework_shape(const Shape& shape, SourceLayout layout) {
  std::vector<std::int64_t> axes(shape.axes().begin(), shape.axes().end());
  if (layout == SourceLayout::nchw && axes.size() == 4) axes = {shape[0], shape[3], shape[1], shape[2]};
  return axes;
}

bool takes_pictures(const Network& network) { return picture_axes(network).has_value(); }

InputElements input_elements(const Network& network) {
  const Tensor& input = network.tensor(network.inputs[0]);
  InputElements elements{input.type};
  if (const auto picture = picture_axes(network)) {
    elements.channels = static_cast<int>(input.shape[picture->channels]);
    elements.order = picture->order;
  }
  if (input.type == DataType::f32 || !input.quantization || input.quantization->scales.empty()) return elements;
  const ChannelQuantization q = channel_quantization(input, 0);
  elements.scale = q.scale;
  elements.zero_point = q.zero_point;
  return elements;
}

Shape input_shape(const Network& network, std::size_t index, std::int64_t batch, int height, int width) {
  Shape shape = network.tensor(network.inputs[index]).shape;
  const std::int64_t stored = stored_batch(network);
  if (shape.rank() > 0) shape[0] = std::max<std::int64_t>(shape[0], 1) * (batch / stored);
  if (shape.rank() != 4 || network.fixed_size) return shape;
  if (height > 0) shape[1] = height;
  if (width > 0) shape[2] = width;
  return shape;
}

Result<std::shared_ptr<const ModelState>> ModelState::make(LoadedModel loaded, std::string source,
                                                           const ModelOptions& options, ReadAgain read_again) {
  if (auto applied = apply_labels(loaded, options); !applied) return at(source, std::move(applied).error());
  if (auto applied = apply_preprocess(loaded, options.preprocess); !applied)
    return at(source, std::move(applied).error());
  const Network& network = loaded.network();
  const ModelSpec& spec = loaded.spec;
  if (network.inputs.empty() || network.outputs.empty())
    return failure(ErrorCode::bad_format, source, ": the network has no ", network.inputs.empty() ? "input" : "output");

  std::vector<Shape> inputs;
  for (std::size_t i = 0; i < network.inputs.size(); ++i)
    inputs.push_back(input_shape(network, i, stored_batch(network), spec.input_height, spec.input_width));
  auto shapes = infer_shapes(network, loaded.parameters(), inputs);
  if (!shapes) return at(source, std::move(shapes).error());

  if (auto runs = check_devices(*loaded.graph); !runs) return at(source, std::move(runs).error());

  auto state = std::make_shared<ModelState>();
  ModelInfo& info = state->info;
  info.source = std::move(source);
  info.format = loaded.format;
  info.architecture = name_of(spec.architecture);
  info.task = spec.detection.classes > 0      ? Task::detect
              : spec.segmentation.classes > 0 ? Task::segment
              : is_classifier(spec)           ? Task::classify
                                              : Task::features;
  info.depth_multiplier = spec.depth_multiplier;
  info.input_height = spec.input_height;
  info.input_width = spec.input_width;
  // What a NetworkBuilder put on a graph has the graph's size.
  info.any_input_size = loaded.sizes == InputSizes::any ? !network.fixed_size : loaded.sizes != InputSizes::own;
  info.classes = info.task == Task::features ? 0 : class_count(spec);
  info.has_background = spec.has_background;
  info.preprocess = takes_pictures(network)
                        ? describe(spec.preprocess, spec.input_height, spec.input_width, input_elements(network))
                        : "none: the input is not one picture";
  info.labels = spec.labels;
  info.decisions = loaded.decisions;
  const NetworkCost cost = cost_of(network, loaded.parameters(), *shapes);
  info.macs = cost.macs;
  info.parameters = cost.parameters;
  const auto shape = [&](TensorId id) -> const Shape& { return shape_of(*shapes, id); };
  for (const TensorId id : network.inputs)
    info.inputs.push_back(describe_tensor(network.tensor(id), shape(id), spec.layout));
  for (const TensorId id : network.outputs)
    info.outputs.push_back(describe_tensor(network.tensor(id), shape(id), spec.layout));
  for (const Layer& layer : network.layers)
    info.layers.push_back(
        {layer.name, framework_shape(shape(layer.tensor), spec.layout), channels(shape(layer.tensor))});
  info.quantized = computes_in_integers(network);
  state->loaded = std::move(loaded);
  state->read_again_ = std::move(read_again);
  return std::shared_ptr<const ModelState>(std::move(state));
}

Result<Model> Model::open(const std::filesystem::path& path, const ModelOptions& options) try {
  MOBILENET_TRY(const auto file, FileBytes::read(path));
  MOBILENET_TRY(auto state, load_state({path.string(), path, file->bytes(), file}, options));
  return Model(std::move(state));
} catch (...) {
  return caught(path.native());
}

Result<Model> Model::from_memory(std::span<const std::byte> file, const ModelOptions& options,
                                 std::string_view name) try {
  const auto copy = std::make_shared<std::vector<std::byte>>(file.begin(), file.end());
  MOBILENET_TRY(auto state, load_state({std::string(name), {}, *copy, copy}, options));
  return Model(std::move(state));
} catch (...) {
  return caught(name);
}

Result<Model> Model::from_memory(std::span<const std::byte> file, std::shared_ptr<const void> owner,
                                 const ModelOptions& options, std::string_view name) try {
  constexpr std::uintptr_t kFileAlignment = 16;  // what a reader of FlatBuffers relies on
  if (reinterpret_cast<std::uintptr_t>(file.data()) % kFileAlignment != 0) return from_memory(file, options, name);
  MOBILENET_TRY(auto state, load_state({std::string(name), {}, file, std::move(owner)}, options));
  return Model(std::move(state));
} catch (...) {
  return caught(name);
}

Result<Model> Model::random(std::string_view architecture, const ModelOptions& options) try {
  LoadedModel loaded;
  MOBILENET_TRY(loaded.spec, spec_from_name(architecture));
  RandomWeights weights = random_weights(loaded.spec);
  loaded.format = "random weights";
  MOBILENET_TRY(Network network, build_network(loaded.spec, weights.parameters, weights.index));
  loaded.weights = std::move(weights.index);
  loaded.graph = std::make_shared<const ModelGraph>(ModelGraph{std::move(network), std::move(weights.parameters)});
  loaded.decisions.push_back({"random weights", "for tests and benchmarks: the answers mean nothing"});
  MOBILENET_TRY(auto state, ModelState::make(std::move(loaded), std::string(architecture), options));
  return Model(std::move(state));
} catch (...) {
  return caught(architecture);
}

const ModelInfo& Model::info() const { return state_->info; }

Result<std::string> Model::description() const try { return description_of(state_->loaded); } catch (...) {
  return caught(state_->info.source);
}

Result<void> Model::save(const std::filesystem::path& path, DataType weights) const try {
  const LoadedModel& loaded = state_->loaded;
  if (loaded.format == kBuiltFormat)
    return failure(
        ErrorCode::unsupported, state_->info.source,
        ": was made by a NetworkBuilder, which cannot be written as a file; build it anew from its backbone");
  if (loaded.weights.empty())
    return failure(
        ErrorCode::unsupported, state_->info.source, ": is a graph file (", loaded.format,
        "); only weights-only models can be written as .safetensors, and graph files are opened as they are");
  return write_safetensors(path, loaded.spec, loaded.parameters(), loaded.weights, weights);
} catch (...) {
  return caught(path.native());
}

}  // namespace mobilenet
