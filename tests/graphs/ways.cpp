// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "graphs/ways.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <utility>

#include "support/choices.h"

namespace mobilenet::testing {
namespace {

constexpr const char* kIsaVariable = "MOBILENET_CPU_ISA";
constexpr int kBatch = 3;

// An instruction set forced as a user does, for as long as this lives.
class ForcedIsa {
 public:
  explicit ForcedIsa(const std::string& name) {
    if (const char* before = std::getenv(kIsaVariable)) before_ = before;
    if (!name.empty()) setenv(kIsaVariable, name.c_str(), 1);
  }
  ~ForcedIsa() {
    if (before_)
      setenv(kIsaVariable, before_->c_str(), 1);
    else
      unsetenv(kIsaVariable);
  }
  ForcedIsa(const ForcedIsa&) = delete;
  ForcedIsa& operator=(const ForcedIsa&) = delete;

 private:
  std::optional<std::string> before_;
};

std::vector<TensorView> views_of(std::span<const OwnedTensor> tensors) {
  std::vector<TensorView> views;
  for (const OwnedTensor& tensor : tensors) views.push_back(tensor.view());
  return views;
}

// A batch of `inputs` in the middle of others.
std::vector<OwnedTensor> batch_of(std::span<const OwnedTensor> inputs) {
  std::vector<OwnedTensor> batch(inputs.begin(), inputs.end());
  for (OwnedTensor& tensor : batch) {
    tensor.shape.at(0) *= kBatch;
    std::vector<std::byte> others(tensor.bytes);
    std::reverse(others.begin(), others.end());
    if (tensor.type == DataType::f32) std::fill(others.begin(), others.end(), std::byte{0});
    std::vector<std::byte> joined(others);
    joined.insert(joined.end(), tensor.bytes.begin(), tensor.bytes.end());
    joined.insert(joined.end(), others.begin(), others.end());
    tensor.bytes = std::move(joined);
  }
  return batch;
}

std::vector<OwnedTensor> second_of(std::vector<OwnedTensor> batch) {
  for (OwnedTensor& tensor : batch) {
    tensor.shape.at(0) /= kBatch;
    const std::size_t bytes = tensor.bytes.size() / kBatch;
    tensor.bytes.erase(tensor.bytes.begin(), tensor.bytes.begin() + static_cast<std::ptrdiff_t>(bytes));
    tensor.bytes.resize(bytes);
  }
  return batch;
}

std::vector<float> floats_of(const OwnedTensor& tensor) {
  std::vector<float> values(tensor.bytes.size() / sizeof(float));
  std::memcpy(values.data(), tensor.bytes.data(), tensor.bytes.size());
  return values;
}

std::string float_difference(const OwnedTensor& got, const OwnedTensor& expected, const Tolerance& tolerance) {
  const std::vector<float> a = floats_of(got), b = floats_of(expected);
  double largest = 0;
  for (const float value : b) {
    if (!(std::abs(value) <= 1e30f)) return {};
    largest = std::max(largest, std::abs(static_cast<double>(value)));
  }
  for (std::size_t i = 0; i < a.size(); ++i)
    if (!(std::abs(static_cast<double>(a[i]) - static_cast<double>(b[i])) <=
          tolerance.relative * largest + tolerance.absolute))
      return got.name + "[" + std::to_string(i) + "] is " + std::to_string(a[i]) + ", not " + std::to_string(b[i]) +
             ", of at most " + std::to_string(largest);
  return {};
}

// Boxes [1][n][4], classes and scores [1][n] and their count: what a detection operator answers.
bool are_detections(std::span<const OwnedTensor> outputs) {
  if (outputs.size() != 4 || outputs[0].shape.size() != 3 || outputs[0].shape[2] != 4) return false;
  const std::vector<std::int64_t> rows{1, outputs[0].shape[1]};
  return outputs[1].shape == rows && outputs[2].shape == rows && outputs[3].bytes.size() == sizeof(float);
}

// Whether the same objects are found in an order that scores decide which are one number but for the order of float
// additions: place by place the scores are the same, and a row that stands elsewhere stands there among its equals, or
// has the last score of the list, whose equals were left out.
bool only_equal_scores_moved(std::span<const OwnedTensor> got, std::span<const OwnedTensor> expected,
                             const Tolerance& tolerance) {
  const std::vector<float> boxes[] = {floats_of(got[0]), floats_of(expected[0])};
  const std::vector<float> classes[] = {floats_of(got[1]), floats_of(expected[1])};
  const std::vector<float> scores[] = {floats_of(got[2]), floats_of(expected[2])};
  const auto near_in = [&](const std::vector<float>& all) {
    double largest = 0;
    for (const float value : all) largest = std::max(largest, std::abs(static_cast<double>(value)));
    return [within = tolerance.relative * largest + tolerance.absolute](float a, float b) {
      return std::abs(static_cast<double>(a) - static_cast<double>(b)) <= within;
    };
  };
  const auto same_place = near_in(boxes[1]);
  const auto same_score = near_in(scores[1]);
  const std::size_t rows = scores[1].size();
  for (std::size_t i = 0; i < rows; ++i) {
    if (!same_score(scores[0][i], scores[1][i])) return false;
    bool found = same_score(scores[1][i], scores[1].back());
    for (std::size_t j = 0; j < rows && !found; ++j)
      found = same_score(scores[1][j], scores[1][i]) && classes[0][i] == classes[1][j] &&
              std::equal(&boxes[0][4 * i], &boxes[0][4 * i] + 4, &boxes[1][4 * j], same_place);
    if (!found) return false;
  }
  return floats_of(got[3]) == floats_of(expected[3]);
}

std::string integer_difference(const OwnedTensor& got, const OwnedTensor& expected, int steps) {
  if (size_of(got.type) != 1) return got.bytes == expected.bytes ? "" : got.name + " has other indices";
  for (std::size_t i = 0; i < got.bytes.size(); ++i) {
    const auto value = [&](const OwnedTensor& tensor) {
      const auto byte = std::to_integer<std::uint8_t>(tensor.bytes[i]);
      return tensor.type == DataType::i8 ? static_cast<int>(static_cast<std::int8_t>(byte)) : static_cast<int>(byte);
    };
    if (std::abs(value(got) - value(expected)) > steps)
      return got.name + "[" + std::to_string(i) + "] is " + std::to_string(value(got)) + ", not " +
             std::to_string(value(expected));
  }
  return {};
}

}  // namespace

std::vector<OwnedTensor> copies_of(std::span<const TensorView> tensors) {
  std::vector<OwnedTensor> copies;
  for (const TensorView& tensor : tensors) {
    const auto bytes = tensor.as<std::byte>();
    copies.push_back({std::string(tensor.name),
                      tensor.type,
                      {tensor.shape.begin(), tensor.shape.end()},
                      {bytes.begin(), bytes.end()}});
  }
  return copies;
}

std::vector<OwnedTensor> inputs_of(const ModelInfo& info, std::uint64_t seed) {
  Choices numbers(seed);
  std::vector<OwnedTensor> inputs;
  for (const TensorInfo& input : info.inputs) {
    std::size_t count = 1;
    for (const std::int64_t axis : input.shape) count *= static_cast<std::size_t>(axis);
    OwnedTensor made{input.name, input.type, input.shape, std::vector<std::byte>(count * size_of(input.type))};
    for (std::size_t i = 0; i < count; ++i) {
      if (input.type == DataType::f32) {
        const auto value = static_cast<float>(numbers.real(-1, 1));
        std::memcpy(made.bytes.data() + i * sizeof value, &value, sizeof value);
      } else {
        made.bytes[i] = static_cast<std::byte>(numbers.byte());
      }
    }
    inputs.push_back(std::move(made));
  }
  return inputs;
}

std::string difference(std::span<const OwnedTensor> got, std::span<const OwnedTensor> expected,
                       const Tolerance& tolerance) {
  if (got.size() != expected.size()) return "another number of outputs";
  for (std::size_t i = 0; i < got.size(); ++i) {
    if (got[i].type != expected[i].type || got[i].shape != expected[i].shape ||
        got[i].bytes.size() != expected[i].bytes.size())
      return got[i].name + " has another type or shape";
    const std::string text = got[i].type == DataType::f32 ? float_difference(got[i], expected[i], tolerance)
                                                          : integer_difference(got[i], expected[i], tolerance.steps);
    if (text.empty()) continue;
    if (tolerance.relative > 0 && are_detections(expected) && only_equal_scores_moved(got, expected, tolerance))
      return {};
    return text;
  }
  return {};
}

Answer answer_of_all_ways(const Model& model, std::span<const OwnedTensor> inputs, const Ways& ways) {
  std::optional<Error> refusal;
  const auto outputs_of = [&](const SessionOptions& options, std::span<const OwnedTensor> given,
                              const std::string& isa = {}) -> std::optional<std::vector<OwnedTensor>> {
    const ForcedIsa forced(isa);
    auto session = model.session(options);
    if (!session) {
      refusal = std::move(session).error();
      return std::nullopt;
    }
    std::vector<OwnedTensor> first;
    for (const bool again : {false, true}) {
      auto outputs = session->run(views_of(given));
      if (!outputs) {
        refusal = std::move(outputs).error();
        return std::nullopt;
      }
      std::vector<OwnedTensor> copies = copies_of(*outputs);
      if (!again) {
        first = std::move(copies);
      } else if (const std::string text = difference(copies, first, {}); !text.empty()) {  // it finds old memory
        refusal = Error{ErrorCode::invalid_argument, "a second call differs: " + text};
        return std::nullopt;
      }
    }
    return first;
  };

  const auto best = outputs_of({.threads = 1}, inputs);
  const std::optional<Error> refused_by_cpu = std::exchange(refusal, std::nullopt);
  const auto truth = outputs_of({.device = Device::reference, .threads = 1}, inputs);
  if (!best && !truth) return *refused_by_cpu;
  if (!best) return Disagreement{"reference runs it, cpu says: " + refused_by_cpu->message};
  if (!truth) return Disagreement{"cpu runs it, reference says: " + refusal->message};
  if (const std::string text = difference(*best, *truth, ways.backends); !text.empty())
    return Disagreement{"cpu and reference differ: " + text};

  const auto agrees = [&](const std::string& what, const std::optional<std::vector<OwnedTensor>>& other,
                          const Tolerance& tolerance) -> std::optional<Disagreement> {
    if (!other) return Disagreement{what + " fails: " + refusal->message};
    const std::string text = difference(*other, *best, tolerance);
    if (text.empty()) return std::nullopt;
    return Disagreement{what + " differs: " + text};
  };
  for (const int threads : {2, 3})
    if (auto no = agrees(std::to_string(threads) + " threads", outputs_of({.threads = threads}, inputs), {}))
      return *no;
  for (const std::string& isa : ways.isas)
    if (auto no = agrees(isa, outputs_of({.threads = 1}, inputs, isa), ways.backends)) return *no;
  // Names that a session takes: a mutated graph may have empty ones, or one twice.
  std::vector<std::string> wanted = ways.wanted;
  std::sort(wanted.begin(), wanted.end());
  wanted.erase(std::unique(wanted.begin(), wanted.end()), wanted.end());
  std::erase(wanted, "");
  if (!wanted.empty()) {  // fused steps are cut open, so the order of float additions may change
    auto opened = outputs_of({.threads = 1, .tensors = wanted}, inputs);
    if (opened) opened->resize(best->size());
    if (auto no = agrees("with inner tensors", opened, ways.backends)) return *no;
  }
  auto batch = outputs_of({.threads = 1}, batch_of(inputs));
  if (!batch && refusal->code == ErrorCode::unsupported) return *best;  // a softmax over the batch, for example
  if (batch) batch = second_of(*std::move(batch));
  // Other blocks of rows, so another order of float additions.
  if (auto no = agrees("the second of a batch of three", batch, ways.backends)) return *no;
  return *best;
}

std::vector<std::string> other_isas() {
  std::vector<std::string> names;
  for (const std::string_view name : cpu_instruction_sets().subspan(1)) names.emplace_back(name);
  return names;
}

}  // namespace mobilenet::testing
