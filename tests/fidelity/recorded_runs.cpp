// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "fidelity/recorded_runs.h"

#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "fidelity/comparison.h"

namespace mobilenet::testing {
namespace {

std::filesystem::path folder() {
  const auto data = test_data();
  if (!data) throw std::runtime_error("no test data");
  return *data / "expected/tflite";
}

template <class T>
std::vector<int> classes_as(const TensorView& tensor) {
  const std::span<const T> values = tensor.as<T>();
  const std::size_t channels = tensor.shape.size() == 4 ? static_cast<std::size_t>(tensor.shape[3]) : 1;
  std::vector<int> classes(values.size() / channels);
  for (std::size_t i = 0; i < classes.size(); ++i) {
    const auto pixel = values.subspan(i * channels, channels);
    classes[i] = channels == 1 ? static_cast<int>(pixel[0])
                               : static_cast<int>(std::max_element(pixel.begin(), pixel.end()) - pixel.begin());
  }
  return classes;
}

void compare(const TensorView& ours, const RecordedTensor& recorded, Differences& differences) {
  const std::vector<std::byte> expected = recorded_output(recorded);
  if (recorded.is_mask) {
    const std::vector<int> classes = classes_of(ours);
    if (classes.size() != expected.size()) throw std::runtime_error(recorded.file + ": a mask of another size");
    differences.pixels += expected.size();
    for (std::size_t i = 0; i < expected.size(); ++i)
      differences.different_pixels += classes[i] != static_cast<int>(expected[i]);
    return;
  }
  if (ours.bytes != expected.size())
    throw std::runtime_error(recorded.file + ": " + std::to_string(ours.bytes) + " bytes, expected " +
                             std::to_string(expected.size()));
  if (ours.type == DataType::f32) {
    std::vector<float> floats(expected.size() / sizeof(float));
    std::memcpy(floats.data(), expected.data(), expected.size());
    differences.floats += floats.size();
    differences.relative = std::max(differences.relative, relative_difference(ours.as<float>(), floats));
    for (std::size_t i = 0; i < floats.size(); ++i) {
      const double difference = std::abs(static_cast<double>(ours.as<float>()[i]) - static_cast<double>(floats[i]));
      differences.absolute = std::isnan(difference) ? INFINITY : std::max(differences.absolute, difference);
    }
    return;
  }
  differences.bytes += expected.size();
  const auto* bytes = static_cast<const std::byte*>(ours.data);
  for (std::size_t i = 0; i < expected.size(); ++i) differences.different_bytes += bytes[i] != expected[i];
}

}  // namespace

std::map<std::string, std::vector<RecordedRun>> recorded_runs() {
  std::ifstream file(folder() / "manifest.json");
  const auto manifest = nlohmann::json::parse(file);
  std::map<std::string, std::vector<RecordedRun>> models;
  for (const auto& record : manifest.at("records")) {
    std::vector<RecordedRun>& runs = models[record.at("model")];
    const std::string input = record.at("input");
    auto run = std::find_if(runs.begin(), runs.end(), [&](const RecordedRun& r) { return r.input == input; });
    if (run == runs.end()) run = runs.insert(run, {input, record.at("input_transform"), {}});
    for (const auto& output : record.at("outputs")) {
      const std::string type = output.at("dtype");
      const bool is_mask = type.find("argmax") != std::string::npos || type.find("class") != std::string::npos;
      run->tensors.push_back({output.at("tensor"), output.at("file"), is_mask});
    }
  }
  return models;
}

std::vector<std::byte> recorded_input(const RecordedRun& run) {
  const std::vector<std::byte> bytes = read_bytes(folder() / "in" / run.input);
  if (run.transform == "u8") return bytes;
  std::vector<float> values;
  for (const std::byte byte : bytes) {
    const auto value = static_cast<float>(byte);
    values.push_back(run.transform == "f" ? (value - 127.5f) / 127.5f : value);
  }
  std::vector<std::byte> result(values.size() * sizeof(float));
  std::memcpy(result.data(), values.data(), result.size());
  return result;
}

std::vector<std::byte> recorded_output(const RecordedTensor& tensor) {
  return read_bytes(folder() / "out" / tensor.file);
}

Differences replay(const Model& model, std::span<const RecordedRun> runs, Device device) {
  Differences differences;
  SessionOptions options{.device = device};
  for (const RecordedTensor& tensor : runs.front().tensors) options.tensors.push_back(tensor.name);
  Session session = model.session(options).value();
  const TensorInfo& input = model.info().inputs.at(0);
  for (const RecordedRun& run : runs) {
    const std::vector<std::byte> values = recorded_input(run);
    const TensorView view{input.name, input.type, input.shape, values.data(), values.size(), 0, 0};
    const auto outputs = session.run({&view, 1}).value();
    for (std::size_t i = 0; i < run.tensors.size(); ++i) {
      if (run.tensors[i].name != options.tensors.at(i))
        throw std::runtime_error(run.input + ": other tensors recorded");
      compare(outputs[outputs.size() - run.tensors.size() + i], run.tensors[i], differences);
    }
  }
  return differences;
}

std::string describe(const Differences& d) {
  std::string text;
  const auto add = [&](const std::string& part) { text += (text.empty() ? "" : ", ") + part; };
  if (d.bytes > 0) add(std::to_string(d.different_bytes) + " of " + std::to_string(d.bytes) + " bytes differ");
  if (d.pixels > 0) add(std::to_string(d.different_pixels) + " of " + std::to_string(d.pixels) + " pixels differ");
  if (d.floats > 0) add("floats by " + scientific(d.absolute) + " (relative " + scientific(d.relative) + ")");
  return text;
}

std::vector<int> classes_of(const TensorView& tensor) {
  switch (tensor.type) {
    case DataType::f32:
      return classes_as<float>(tensor);
    case DataType::u8:
      return classes_as<std::uint8_t>(tensor);
    case DataType::i8:
      return classes_as<std::int8_t>(tensor);
    case DataType::i32:
      return classes_as<std::int32_t>(tensor);
    case DataType::i64:
      return classes_as<std::int64_t>(tensor);
    default:
      throw std::runtime_error(std::string(tensor.name) + ": no classes in this type");
  }
}

}  // namespace mobilenet::testing
