// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "formats/tflite/load_tflite.h"

#include <set>

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

namespace mobilenet {
namespace {

using tflite::ModelFile;
using tflite::TensorTable;

Result<void> check_index(const ModelFile& file, const char* what, int index) {
  if (index < 0 || index >= file.tensor_count())
    return failure(ErrorCode::bad_format, what, " of the graph is tensor ", index, " of ", file.tensor_count());
  return {};
}

// A batch that the converter left free is stored as 1; other free axes have only an example value.
Result<TensorId> define_input(const ModelFile& file, TensorTable& tensors, int index) {
  MOBILENET_CHECK(check_index(file, "an input", index));
  MOBILENET_TRY(const TensorId id, tensors.define(index));
  const Shape& shape = tensors.tensor(id).shape;
  const std::string place = "input " + quoted(file.tensor_name(index));
  const auto* signature = file.tensor(index).shape_signature();
  for (unsigned axis = 1; signature != nullptr && axis < signature->size(); ++axis)
    if (signature->Get(axis) == -1)
      return failure(ErrorCode::unsupported, place, ": the file leaves axis ", axis,
                     " free, only the batch may be free");
  if (shape.rank() == 0 || shape[0] == 0)
    return failure(ErrorCode::unsupported, place, " is ", to_string(shape), ", expected a batch");
  return id;
}

Result<void> read_graph(const ModelFile& file, ModelGraph& graph) {
  auto& [network, parameters] = graph;
  MOBILENET_CHECK(tflite::check_kinds(file));
  TensorTable tensors(file, network, parameters);
  for (const int index : *file.graph().inputs()) {
    MOBILENET_TRY(const TensorId id, define_input(file, tensors, index));
    network.inputs.push_back(id);
  }
  for (unsigned i = 0; i < file.graph().operators()->size(); ++i)
    MOBILENET_CHECK(append_operator(file, static_cast<int>(i), tensors, network));
  // A decoder that is left out hands its inputs to the caller, once however many outputs it has.
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
  network.fixed_size = true;
  return {};
}

// Whether an operator names axes of its input.
bool counts_axes(const Op& op) {
  return std::holds_alternative<ArgMaxOp>(op) || std::holds_alternative<ConcatOp>(op) ||
         std::holds_alternative<ReduceOp>(op) || std::holds_alternative<TransposeOp>(op);
}

// The runtime computes every shape itself and so do we: what a file says of its inner tensors may be out of date.
Result<void> settle_shapes(ModelGraph& graph) {
  auto& [network, parameters] = graph;
  std::vector<Shape> inputs;
  for (const TensorId id : network.inputs) inputs.push_back(network.tensor(id).shape);
  auto inferred = infer_shapes(network, parameters, inputs);
  if (!inferred) {
    // Nobody but the file gave these sizes.
    if (inferred.error().code == ErrorCode::invalid_argument)
      return Error{ErrorCode::bad_format, std::move(inferred).error().message};
    return std::move(inferred).error();
  }
  const std::vector<Shape>& shapes = *inferred;
  // Axes were counted along the shapes of the file.
  for (const Node& node : network.nodes)
    if (counts_axes(node.op))
      for (const TensorId id : node.inputs) {
        const Tensor& tensor = network.tensor(id);
        if (const Shape& shape = shapes[static_cast<std::size_t>(id)]; tensor.shape.rank() != shape.rank())
          return failure(ErrorCode::bad_format, node.name, ": the file says that ", quoted(tensor.name), " is ",
                         to_string(tensor.shape), ", but it is ", to_string(shape));
      }
  for (std::size_t i = 0; i < shapes.size(); ++i)
    if (!network.tensors[i].is_constant()) network.tensors[i].shape = shapes[i];
  return {};
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
  if (auto read = read_graph(file, model.graph); !read) return refused(file, std::move(read).error());
  if (auto settled = settle_shapes(model.graph); !settled) return refused(file, std::move(settled).error());
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
  loaded.graph = std::make_shared<const ModelGraph>(std::move(model.graph));
  return loaded;
}

}  // namespace mobilenet
