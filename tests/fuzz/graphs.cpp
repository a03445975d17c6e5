// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Valid random graphs: every backend, number of threads and instruction set answers alike.

#include "fuzz/fuzz.h"
#include "graphs/random_graph.h"
#include "graphs/ways.h"

using namespace mobilenet;

namespace {

// Other orders of float additions, in networks of at most eight layers, whose numbers of about 1 may cancel.
constexpr testing::Tolerance kBackends{.relative = 1e-4, .absolute = 1e-5};

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  testing::Choices choices(std::span(data, size));
  const testing::RandomGraph graph = testing::random_graph(choices);
  const std::vector<std::uint8_t> file = graph.file.bytes();
  const auto model = Model::from_memory(std::as_bytes(std::span(file)), {}, "random.tflite");
  if (!fuzz::succeeds(model)) return 0;
  std::vector<testing::OwnedTensor> inputs = testing::inputs_of(model->info(), 1);
  for (std::size_t i = 0; i < inputs.size(); ++i) inputs[i].bytes = graph.inputs.at(i);
  testing::Ways ways{.backends = kBackends, .isas = testing::other_isas()};
  const TensorInfo& first = model->info().outputs.front();
  if (choices.one_in(4)) ways.wanted = {first.name};
  // Equal scores of float detectors may leave the backends in another order.
  const bool float_detector = graph.rows_a_box > 0 && model->info().inputs.front().type == DataType::f32;
  if (float_detector) ways.backends = {.relative = 1e30, .steps = 255};
  const testing::Answer answer = testing::answer_of_all_ways(*model, inputs, ways);
  if (const auto* error = std::get_if<Error>(&answer)) fuzz::check(*error);
  if (const auto* no = std::get_if<testing::Disagreement>(&answer))
    fuzz::find(no->text + "\n" + testing::description(graph.file));
  return 0;
}
