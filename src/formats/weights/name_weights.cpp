// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "formats/weights/name_weights.h"

#include <utility>

#include "base/error.h"
#include "base/text.h"
#include "formats/weights/stored_floats.h"
#include "models/registry.h"

namespace mobilenet {
namespace {

constexpr std::string_view kScale = "_scale";
constexpr std::string_view kCounter = ".num_batches_tracked";  // of PyTorch's batch norm
constexpr std::string_view kClassifier = "logits";

Parameter view_of(const NamedTensor& tensor) {
  Parameter parameter{tensor.saved_as, tensor.type.value_or(DataType::f32), tensor.shape, WeightLayout::none,
                      tensor.bytes};
  if (tensor.shape.rank() == 4) parameter.layout = WeightLayout::oihw;
  if (tensor.shape.rank() == 2) parameter.layout = WeightLayout::oi;
  return parameter;
}

// What the network does not compute with becomes a copy as float32.
Result<void> convert(const NamedTensor& tensor, Parameters& parameters, Parameter& parameter) {
  if (tensor.type == DataType::f32 || tensor.type == DataType::f16) return {};
  if (!converts_to_f32(tensor.dtype))
    return failure(ErrorCode::unsupported, tensor.saved_as, ": is ", tensor.dtype,
                   ", which is not supported for weights; save it as ", float_types());
  MOBILENET_TRY(const auto floats, as_f32(tensor));
  parameter.type = DataType::f32;
  parameter.bytes = std::as_bytes(std::span(*floats));
  parameters.owners.push_back(floats);
  return {};
}

class Naming {
 public:
  Naming(const Convention& convention, Recognition recognition) : convention_(convention) {
    weights_.recognition = std::move(recognition);
  }

  Result<void> place(const NamedTensor& tensor) {
    if (tensor.name.ends_with(kCounter)) return {};
    if (convention_.ignores != nullptr && convention_.ignores(weights_.recognition, tensor.name)) return {};
    if (auto name = convention_.canonical_name(weights_.recognition, tensor.name)) return add(tensor, *std::move(name));
    set_aside(tensor);
    return {};
  }

  // What has no place in the network as its convention has it.
  void set_aside(const NamedTensor& tensor) {
    if (!tensor.name.ends_with(kCounter)) aside_.push_back(&tensor);
  }

  Result<void> settle(std::vector<Decision>& decisions) {
    MOBILENET_CHECK(find_classifier(decisions));
    const NamedTensor* first = nullptr;
    std::size_t count = 0;
    for (const NamedTensor* tensor : aside_) {
      if (!only_serves_training(tensor->name)) return foreign(*tensor);
      if (count++ == 0) first = tensor;
    }
    if (first != nullptr)
      decisions.push_back({text(first->saved_as, count > 1 ? text(" and ", count - 1, " more") : "", " ignored"),
                           "only serves training, by its name"});
    return {};
  }

  Result<NamedWeights> weights() && {
    for (const auto& [tensor, name] : named_) {
      Parameter parameter = view_of(*tensor);
      // Integers are weights where they have scales.
      if (tensor->type != DataType::i8 || !weights_.index.contains(name + std::string(kScale))) {
        MOBILENET_CHECK(convert(*tensor, weights_.parameters, parameter));
      }
      weights_.parameters.values.push_back(std::move(parameter));
    }
    return std::move(weights_);
  }

 private:
  struct Named {
    const NamedTensor* tensor;
    std::string name;  // canonical
  };

  Result<void> add(const NamedTensor& tensor, std::string name) {
    const auto [place, added] = weights_.index.emplace(name, static_cast<int>(named_.size()));
    if (!added)
      return failure(ErrorCode::bad_format, tensor.saved_as, ": is another ", name, " beside ",
                     named_[static_cast<std::size_t>(place->second)].tensor->saved_as);
    named_.push_back({&tensor, std::move(name)});
    return {};
  }

  Error foreign(const NamedTensor& tensor) const {
    return failure(ErrorCode::unsupported, tensor.saved_as, ": ", to_string(tensor.shape), " is not a tensor of a ",
                   title_of(weights_.recognition.architecture), " as ", convention_.name, " saves it");
  }

  // A last layer that somebody put behind the network, in its place or beside it.
  Result<void> find_classifier(std::vector<Decision>& decisions) {
    const Architecture architecture = weights_.recognition.architecture;
    if (architecture == Architecture::graph) return {};
    switch (row_of(architecture).head) {
      case Head::classifier:
        break;
      case Head::detector:
      case Head::segmenter:
        return {};
    }
    if (weights_.index.contains(text(kClassifier, ".weight"))) return {};
    std::string_view layer;
    for (const NamedTensor* tensor : aside_) {
      const std::string_view candidate = last_layer(tensor->name);
      if (candidate.empty()) continue;
      if (!layer.empty() && candidate != layer)
        return failure(ErrorCode::unsupported, "has the layers ", layer, " and ", candidate, " behind its ",
                       title_of(architecture), ", of which one is supported");
      layer = candidate;
    }
    if (layer.empty()) return {};
    for (const NamedTensor* tensor : std::exchange(aside_, {})) {
      if (last_layer(tensor->name) == layer) {
        MOBILENET_CHECK(add(*tensor, text(kClassifier, std::string_view(tensor->name).substr(layer.size()))));
      } else {
        aside_.push_back(tensor);
      }
    }
    decisions.push_back(
        {text("the classifier is ", layer), "the one layer behind the network; it reads the pooled channels"});
    return {};
  }

  const Convention& convention_;
  NamedWeights weights_;
  std::vector<Named> named_;
  std::vector<const NamedTensor*> aside_;
};

}  // namespace

Result<NamedWeights> name_weights(const Convention& convention, Recognition recognition, Unwrapped& file) {
  Naming naming(convention, std::move(recognition));
  for (const NamedTensor& tensor : file.network.tensors) MOBILENET_CHECK(naming.place(tensor));
  for (const NamedTensor& tensor : file.beside) naming.set_aside(tensor);
  MOBILENET_CHECK(naming.settle(file.decisions));
  return std::move(naming).weights();
}

}  // namespace mobilenet
