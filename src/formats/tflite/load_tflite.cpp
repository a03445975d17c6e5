// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "formats/tflite/load_tflite.h"

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/quoted.h"
#include "base/text.h"
#include "formats/tflite/decisions.h"
#include "formats/tflite/graph_reading.h"
#include "formats/tflite/looks_like.h"
#include "formats/tflite/model_file.h"
#include "formats/tflite/operators.h"
#include "formats/tflite/tensor_table.h"
#include "models/models.h"
#include "network/picture_axes.h"

namespace mobilenet {
namespace {

using tflite::GraphReading;
using tflite::ModelFile;
using tflite::TensorTable;

Result<void> check_index(const ModelFile& file, const char* what, int index) {
  if (index < 0 || index >= file.tensor_count())
    return failure(ErrorCode::bad_format, what, " of the graph is tensor ", index, " of ", file.tensor_count());
  return {};
}

// Height and width that the file leaves free: what the caller wants, else the file's example, else a usual size, which
// a session must confirm.
Result<void> choose_size(const SourceFile& source, const std::vector<int>& free, GraphReading& model, Shape& shape) {
  const auto is_free = [&](int axis) { return std::find(free.begin(), free.end(), axis) != free.end(); };
  PictureAxes axes;
  const bool channels_first = shape.rank() == 4 && !is_free(1) && (shape[1] == 1 || shape[1] == 3);
  if (channels_first && is_free(3)) axes = {PixelOrder::planes, 2, 3, 1};
  constexpr std::int64_t kUsual = 224;
  for (const int axis : free) {
    if (shape.rank() != 4 || (axis != axes.height && axis != axes.width))
      return failure(ErrorCode::unsupported, "the file leaves axis ", axis, " of ", to_string(shape),
                     " free, only the batch, and height and width of a picture may be free");
    const int wanted = axis == axes.height ? source.input_height : source.input_width;
    const bool said = shape[axis] > 1;
    if (!said && model.sizes != InputSizes::unsaid) model.sizes = InputSizes::unsaid;
    if (said && model.sizes == InputSizes::own) model.sizes = InputSizes::example;
    if (wanted > 0 || !said) shape[axis] = wanted > 0 ? wanted : kUsual;
  }
  return {};
}

// A batch that the converter left free is stored as 1; other free axes have only an example value.
Result<TensorId> define_input(const ModelFile& file, const SourceFile& source, TensorTable& tensors,
                              GraphReading& model, int index) {
  MOBILENET_CHECK(check_index(file, "an input", index));
  MOBILENET_TRY(const TensorId id, tensors.define(index));
  Shape& shape = model.graph.network.tensor(id).shape;
  const std::string place = "input " + quoted(file.tensor_name(index));
  const auto* signature = file.tensor(index).shape_signature();
  std::vector<int> free;
  for (int axis = 1; signature != nullptr && axis < shape.rank() && axis < static_cast<int>(signature->size()); ++axis)
    if (signature->Get(static_cast<unsigned>(axis)) == -1) free.push_back(axis);
  if (!free.empty())
    if (auto chosen = choose_size(source, free, model, shape); !chosen) return at(place, std::move(chosen).error());
  if (shape.rank() == 0 || shape[0] == 0)
    return failure(ErrorCode::unsupported, place, " is ", to_string(shape), ", expected a batch");
  return id;
}

// Nobody but the file gave sizes that cannot be.
Result<void> as_of_the_file(Result<void> inferred) {
  if (!inferred && inferred.error().code == ErrorCode::invalid_argument)
    return Error{ErrorCode::bad_format, std::move(inferred).error().message};
  return inferred;
}

// The shapes of what an operator made: the runtime computes them itself and so do we, for what a file says of its inner
// tensors may be out of date.
Result<void> settle_shapes(ShapeInference& inference, Network& network) {
  const std::size_t first = inference.nodes();
  MOBILENET_CHECK(as_of_the_file(inference.advance()));
  const auto settle = [&](TensorId id) { network.tensor(id).shape = inference.of(id); };
  for (std::size_t i = first; i < network.nodes.size(); ++i) {
    settle(network.nodes[i].output);
    for (const TensorId id : network.nodes[i].extra_outputs) settle(id);
  }
  return {};
}

// A decoder that is left out hands its inputs to the caller, once however many outputs it has.
Result<void> read_outputs(const ModelFile& file, TensorTable& tensors, Network& network) {
  std::set<TensorId> handed;
  std::set<TensorTable::DecoderInputs> decoders;
  for (const int index : *file.graph().outputs()) {
    MOBILENET_CHECK(check_index(file, "an output", index));
    if (const auto& inputs = tensors.left_out_inputs(index)) {
      if (!decoders.insert(inputs).second) continue;
      for (const int input : *inputs) {
        MOBILENET_TRY(const TensorId id, tensors.activation(input));
        if (handed.insert(id).second) network.outputs.push_back(id);
      }
      continue;
    }
    auto id = tensors.activation(index);
    if (!id) return at("the graph's output " + quoted(file.tensor_name(index)), std::move(id).error());
    // Every output keeps a copy of its name.
    if (!handed.insert(*id).second) MOBILENET_CHECK(tensors.charge(tensors.tensor(*id).name.size()));
    network.outputs.push_back(*id);
  }
  return {};
}

Result<void> read_graph(const ModelFile& file, const SourceFile& source, GraphReading& model) {
  auto& [network, parameters] = model.graph;
  MOBILENET_CHECK(tflite::check_kinds(file));
  TensorTable tensors(file, network, parameters);
  std::vector<Shape> inputs;
  for (const int index : *file.graph().inputs()) {
    MOBILENET_TRY(const TensorId id, define_input(file, source, tensors, model, index));
    network.inputs.push_back(id);
    inputs.push_back(network.tensor(id).shape);
  }
  network.fixed_size = true;
  if (model.sizes != InputSizes::own) tensors.leave_size_free();
  ShapeInference inference(network, parameters);
  MOBILENET_CHECK(as_of_the_file(inference.start(inputs)));
  for (unsigned i = 0; i < file.graph().operators()->size(); ++i) {
    MOBILENET_CHECK(append_operator(file, static_cast<int>(i), tensors, network));
    MOBILENET_CHECK(settle_shapes(inference, network));
  }
  return read_outputs(file, tensors, network);
}

Decision decide_size(const SourceFile& source, const GraphReading& model) {
  const std::string shape = to_string(model.graph.network.tensor(model.graph.network.inputs[0]).shape);
  const std::string_view why = source.input_height > 0              ? ", as asked for"
                               : model.sizes == InputSizes::example ? ", the file's example"
                                                                    : " until it is said";
  return {"input size", text(shape, why, ": the file leaves height and width free, and --size says them")};
}

// What this library does not do ends with what the file seems to be.
Error refused(const ModelFile& file, Error error) {
  if (error.code == ErrorCode::unsupported)
    if (const std::string_view kind = tflite::looks_like(file); !kind.empty())
      error.message += text("; the file looks like ", kind);
  return at(file.name(), std::move(error));
}

}  // namespace

bool takes_tflite(const SourceFile& file) {
  constexpr std::string_view kIdentifier = "TFL3";
  constexpr std::size_t kOffset = 4;
  const std::string_view text{reinterpret_cast<const char*>(file.bytes.data()), file.bytes.size()};
  return text.size() >= kOffset && text.substr(kOffset).starts_with(kIdentifier);
}

Result<LoadedModel> load_tflite(const SourceFile& source) {
  MOBILENET_TRY(const ModelFile file, ModelFile::open(source));
  tflite::GraphReading model;
  model.graph.parameters.owners.push_back(file.owner());
  if (auto read = read_graph(file, source, model); !read) return refused(file, std::move(read).error());
  if (model.sizes != InputSizes::own) model.decisions.push_back(decide_size(source, model));
  if (const unsigned graphs = file.model().subgraphs()->size(); graphs > 1)
    model.decisions.push_back(
        {"graph", text("the first of ", graphs, " inside the file, which runs without the others")});
  if (auto decided = tflite::decide_task(model); !decided) return at(file.name(), std::move(decided).error());
  recognise_graph(model.graph.network, model.spec);
  if (auto decided = tflite::decide_preprocess_and_labels(source, file, model); !decided)
    return at(file.name(), std::move(decided).error());
  LoadedModel loaded;
  loaded.format = "tflite";
  loaded.spec = std::move(model.spec);
  loaded.anchors = std::move(model.anchors);
  loaded.decisions = std::move(model.decisions);
  loaded.sizes = model.sizes;
  loaded.graph = std::make_shared<const ModelGraph>(std::move(model.graph));
  return loaded;
}

}  // namespace mobilenet
