// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// .tflite files, changed as graphs: a sentence, or a network that all backends, threads and instruction sets answer
// alike.

#include <mobilenet/mobilenet.h>

#include <algorithm>
#include <limits>

#include "formats/formats.h"
#include "formats/tflite/load_tflite.h"
#include "fuzz/fuzz.h"
#include "fuzz/tflite_mutator.h"
#include "graphs/ways.h"
#include "support/pictures.h"

using namespace mobilenet;

namespace {

constexpr std::int64_t kMostElements = 1 << 19, kMostMacs = 5'000'000;

// How far the backends may part on a network whose numbers nobody chose: sums cancel, and integers are made of floats.
struct Measured {
  bool small = false;
  testing::Tolerance tolerance;
};

Measured measure(std::span<const std::byte> file) {
  const auto loaded = load_tflite({"fuzzed.tflite", {}, file, nullptr});
  if (!loaded) return {};
  std::int64_t elements = 0;
  bool floats = false, integers = false, ranks = false;
  for (const Tensor& tensor : loaded->network().tensors) {
    if (tensor.is_constant()) continue;
    elements += tensor.shape.elements();
    floats |= tensor.type == DataType::f32;
    integers |= tensor.type == DataType::u8 || tensor.type == DataType::i8;
    ranks |= tensor.type == DataType::i32 || tensor.type == DataType::i64;
  }
  for (const Node& node : loaded->network().nodes) ranks |= !node.extra_outputs.empty();
  Measured network{elements <= kMostElements, {}};
  if (floats) network.tolerance = {.relative = 2e-2, .absolute = 1e-4, .steps = integers ? 3 : 0};
  // What is first among equals is another thing in the last bit of a float.
  if (floats && ranks) network.tolerance = {.absolute = std::numeric_limits<double>::infinity(), .steps = 255};
  return network;
}

void answer_a_picture(const Model& model) {
  const testing::TestPicture picture(29, 17);
  auto session = model.session({.threads = 1});
  if (!fuzz::succeeds(session)) return;
  fuzz::succeeds(session->classify(picture.view()));
  fuzz::succeeds(session->segment(picture.view()));
  const auto found = session->detect(picture.view());
  if (!fuzz::succeeds(found)) return;
  for (const Detection& object : *found)
    fuzz::expect(object.score >= 0 && object.score <= 1, "a score is no probability");
}

}  // namespace

std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t most, unsigned seed) {
  const std::size_t made = seed % 8 == 0 ? 0 : fuzz::mutate_tflite(data, size, most, seed);
  return made > 0 ? made : LLVMFuzzerMutate(data, size, most);
}

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const fuzz::ExactCopy file(data, size);
  const auto model = Model::from_memory(file.bytes(), {}, "fuzzed.tflite");
  if (!fuzz::succeeds(model) || model->info().macs > kMostMacs) return 0;
  const Measured network = measure(file.bytes());
  if (!network.small) return 0;
  answer_a_picture(*model);
  const auto inputs = testing::inputs_of(model->info(), size);
  for (const auto& input : inputs)
    if (input.shape.empty()) return 0;  // no batch axis to run a batch on
  // One other instruction set an input, so that the reader gets its share of the time.
  std::vector<std::string> isas = testing::other_isas();
  if (!isas.empty()) isas = {isas[size % isas.size()]};
  const testing::Answer answer =
      testing::answer_of_all_ways(*model, inputs, {.backends = network.tolerance, .isas = isas});
  if (const auto* error = std::get_if<Error>(&answer)) fuzz::check(*error);
  if (const auto* no = std::get_if<testing::Disagreement>(&answer)) fuzz::find(no->text);
  return 0;
}
