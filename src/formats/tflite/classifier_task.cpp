// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Graphs that end in a row of scores: which output it is where there are several, and what its numbers are.

#include <algorithm>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "base/text.h"
#include "formats/tflite/answer_task.h"
#include "models/row_kind.h"

namespace mobilenet::tflite {
namespace {

struct Row {
  TensorId tensor = kNoTensor;
  int length = 0;
  RowKind kind = RowKind::other;
};

// Length of the only axis of one picture's output that is longer than 1, if that is its last; 0: the output is no row.
int row_length(const Network& network, TensorId output) {
  const Shape& shape = network.tensor(output).shape;
  if (shape.rank() == 0) return 0;
  const std::int64_t length = shape[shape.rank() - 1];
  const bool is_row = shape.elements() == length * stored_batch(network);
  return is_row && length <= std::numeric_limits<int>::max() ? static_cast<int>(length) : 0;
}

// Whether `later` is computed from `earlier`.
bool follows(const Network& network, TensorId later, TensorId earlier) {
  std::vector<bool> known(network.tensors.size());
  known[static_cast<std::size_t>(earlier)] = true;
  for (const Node& node : network.nodes)
    if (std::any_of(node.inputs.begin(), node.inputs.end(),
                    [&](TensorId id) { return id != kNoTensor && known[static_cast<std::size_t>(id)]; }))
      known[static_cast<std::size_t>(node.output)] = true;
  return later != earlier && known[static_cast<std::size_t>(later)];
}

// Of rows of scores the ones that could be the answer: probabilities before scores, and what comes last before what it
// is made of (an embedding before its classes).
std::vector<Row> candidates(const Network& network) {
  constexpr std::size_t kMostOutputs = 64;  // of a hostile graph, whose comparisons would take long
  if (network.outputs.size() > kMostOutputs) return {};
  std::vector<Row> rows;
  for (const TensorId output : network.outputs) {
    const int length = row_length(network, output);
    const RowKind kind = length > 0 ? row_kind(network, output) : RowKind::other;
    if (kind != RowKind::other) rows.push_back({output, length, kind});
  }
  if (rows.size() < 2) return rows;
  const auto keep_if = [&rows](auto&& wanted) {
    std::vector<Row> kept;
    std::copy_if(rows.begin(), rows.end(), std::back_inserter(kept), wanted);
    if (!kept.empty()) rows = std::move(kept);
  };
  keep_if([](const Row& row) { return row.kind == RowKind::probabilities; });
  const std::vector<Row> all = rows;
  keep_if([&](const Row& row) {
    return std::none_of(all.begin(), all.end(),
                        [&](const Row& other) { return follows(network, other.tensor, row.tensor); });
  });
  keep_if([](const Row& row) { return row.length > 1; });
  return rows;
}

std::string name_and_shape(const Network& network, TensorId id) {
  return text(network.tensor(id).name, " ", to_string(network.tensor(id).shape));
}

}  // namespace

Decision recognise_classifier(GraphReading& model) {
  Network& network = model.graph.network;
  ModelSpec& spec = model.spec;
  std::vector<Row> rows = candidates(network);
  const auto features = [](std::string why) { return Decision{"task", "features, because " + std::move(why), false}; };
  if (rows.empty())
    return features(network.outputs.size() == 1 ? "the output is no row of scores" : "no output is a row of scores");
  if (rows.size() > 1) {
    std::string names;
    for (const Row& row : rows) names += (names.empty() ? "" : ", ") + name_and_shape(network, row.tensor);
    return features(text(rows.size(), " outputs are rows of scores (", names,
                         "), and nothing tells which is the answer; ", "run gives all of them"));
  }
  const Row& row = rows[0];
  const bool only = network.outputs.size() == 1;
  const std::string which =
      only ? "the only output is " + to_string(network.tensor(row.tensor).shape)
           : text("of ", network.outputs.size(), " outputs only ", name_and_shape(network, row.tensor), " is a row of");
  spec.classes = row.length;
  network.class_row = row.tensor;
  if (row.kind == RowKind::probabilities) {
    spec.class_scores = ScoreFunction::identity;
    return {"task", "classifier, because " + which + " probabilities", false};
  }
  if (row.length > 1)
    return {"task", "classifier, because " + which + " scores; a softmax makes probabilities of them", false};
  spec.class_scores.reset();
  return features("the output is one number, which is a class only if it has a name (or two: of 0 and of 1)");
}

}  // namespace mobilenet::tflite
