// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Makes random graphs, runs each in all ways, and writes them with their answers to stdout for litert_test.py:
//
//   random_graphs SEED FIRST COUNT [--disturb]
//
// A record a graph, numbers little-endian: u32 index; text of the operators; bytes of the model; u8 rows a box of a
// detector, else 0; u32 inputs, each as bytes; u8 outcome: 0 answered, 1 refused, 2 our ways disagree; then u32
// outputs, each u8 type and bytes, or the text of the outcome. Texts and bytes have a u32 length in front. --disturb
// adds one step to the last value of every first output, in floats a hundredth of the largest and 1, which the
// comparison must notice.

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <set>
#include <string>

#include "graphs/random_graph.h"
#include "graphs/ways.h"

namespace mobilenet::testing {
namespace {

// Other orders of float additions, in networks of at most eight layers, whose numbers of about 1 may cancel.
constexpr Tolerance kBackends{.relative = 1e-4, .absolute = 1e-5};

void put(const void* data, std::size_t bytes) {
  if (bytes > 0 && std::fwrite(data, 1, bytes, stdout) != bytes) std::exit(3);  // nobody listens any more
}
void put_number(std::uint32_t value) { put(&value, sizeof value); }
void put_byte(std::uint8_t value) { put(&value, sizeof value); }
void put_bytes(const void* data, std::size_t bytes) {
  put_number(static_cast<std::uint32_t>(bytes));
  put(data, bytes);
}
void put_text(const std::string& text) { put_bytes(text.data(), text.size()); }

void disturb(OwnedTensor& tensor) {
  if (tensor.type == DataType::f32) {
    std::vector<float> numbers(tensor.bytes.size() / sizeof(float));
    std::memcpy(numbers.data(), tensor.bytes.data(), tensor.bytes.size());
    float largest = 0;
    for (const float number : numbers) largest = std::max(largest, std::abs(number));
    const float last = numbers.back() + 1 + largest / 100;  // beyond what other orders of additions make
    std::byte* place = tensor.bytes.data() + tensor.bytes.size() - sizeof last;
    std::memcpy(place, &last, sizeof last);
  } else {
    std::byte& last = tensor.bytes[tensor.bytes.size() - size_of(tensor.type)];
    last = static_cast<std::byte>(std::to_integer<int>(last) + 1);
  }
}

Answer answer_to(const RandomGraph& graph, const std::vector<std::uint8_t>& file, Choices& choices) {
  auto model = Model::from_memory(std::as_bytes(std::span(file)), {}, "random.tflite");
  if (!model) return std::move(model).error();
  std::vector<OwnedTensor> inputs;
  for (std::size_t i = 0; i < graph.inputs.size(); ++i) {
    const TensorInfo& info = model->info().inputs.at(i);
    inputs.push_back({info.name, info.type, info.shape, graph.inputs[i]});
  }
  // One other instruction set a graph: all of them would take most of the time.
  std::vector<std::string> isas = other_isas();
  if (!isas.empty()) isas = {isas[choices.below(static_cast<std::uint32_t>(isas.size()))]};
  return answer_of_all_ways(*model, inputs, {.backends = kBackends, .isas = isas});
}

void write_record(std::uint32_t index, const RandomGraph& graph, const std::vector<std::uint8_t>& file, Answer answer,
                  bool disturbed) {
  put_number(index);
  put_text(description(graph.file));
  put_bytes(file.data(), file.size());
  put_byte(static_cast<std::uint8_t>(graph.rows_a_box));
  put_number(static_cast<std::uint32_t>(graph.inputs.size()));
  for (const auto& input : graph.inputs) put_bytes(input.data(), input.size());
  put_byte(static_cast<std::uint8_t>(answer.index()));
  if (auto* outputs = std::get_if<std::vector<OwnedTensor>>(&answer)) {
    if (disturbed) disturb(outputs->front());
    put_number(static_cast<std::uint32_t>(outputs->size()));
    for (const OwnedTensor& output : *outputs) {
      put_byte(static_cast<std::uint8_t>(output.type));
      put_bytes(output.bytes.data(), output.bytes.size());
    }
  } else if (const auto* error = std::get_if<Error>(&answer)) {
    put_text(error->message);
  } else {
    put_text(std::get<Disagreement>(answer).text);
  }
  std::fflush(stdout);
}

}  // namespace
}  // namespace mobilenet::testing

namespace mobilenet::testing {
namespace {

bool has_operator(const GraphFile& file, const std::string& name) {
  return std::any_of(file.operators.begin(), file.operators.end(),
                     [&](const GraphOperator& op) { return name == schema::EnumNameBuiltinOperator(op.code); });
}

// Of all operators that the first graphs of a seed have, a line each.
void print_operators() {
  constexpr std::uint32_t kDrawn = 30000;  // the rarest operator is in one graph of a few hundred
  std::set<std::string> names;
  for (std::uint32_t index = 0; index < kDrawn; ++index) {
    Choices choices(std::uint64_t{1} << 32 | index);
    for (const GraphOperator& op : random_graph(choices).file.operators)
      names.insert(schema::EnumNameBuiltinOperator(op.code));
  }
  for (const std::string& name : names) std::printf("%s\n", name.c_str());
}

}  // namespace
}  // namespace mobilenet::testing

int main(int argc, char** argv) {
  using namespace mobilenet::testing;
  if (argc == 2 && std::strcmp(argv[1], "--operators") == 0) return print_operators(), 0;
  if (argc < 4) {
    std::fprintf(stderr,
                 "random_graphs SEED FIRST COUNT [--disturb] [--with OPERATOR]\n"
                 "random_graphs --operators\n");
    return 2;
  }
  const std::uint64_t seed = std::strtoull(argv[1], nullptr, 10);
  const auto first = static_cast<std::uint32_t>(std::strtoul(argv[2], nullptr, 10));
  const auto count = static_cast<std::uint32_t>(std::strtoul(argv[3], nullptr, 10));
  bool disturbed = false;
  std::string wanted;  // empty: graphs of any operators
  for (int i = 4; i < argc; ++i) {
    if (std::strcmp(argv[i], "--disturb") == 0) disturbed = true;
    if (std::strcmp(argv[i], "--with") == 0 && i + 1 < argc) wanted = argv[i + 1];
  }
  std::uint32_t made = 0;
  for (std::uint32_t index = first; made < count; ++index) {
    Choices choices(seed << 32 | index);
    const RandomGraph graph = random_graph(choices);
    if (!wanted.empty() && !has_operator(graph.file, wanted)) continue;
    ++made;
    const std::vector<std::uint8_t> file = graph.file.bytes();
    write_record(index, graph, file, answer_to(graph, file, choices), disturbed);
  }
}
