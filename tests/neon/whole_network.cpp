// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors

// whole_network ARCHITECTURE|FILE [ISA]: the cpu backend, which must have chosen ISA, or one of NEON's, against
// reference on random input, through the public API alone. FILE lies in models/ of the test data; without the data it
// exits with 77, "skipped".

#include <mobilenet/mobilenet.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <iostream>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace {

// Relative to the largest output. Float32 sums of a few thousand products in another order differ by about 1e-6 a
// layer; some 50 layers leave a factor of two.
constexpr double kFloatTolerance = 1e-4;
constexpr int kSkipped = 77;

std::optional<std::filesystem::path> in_test_data(std::string_view file) {
  const char* folder = std::getenv("MOBILENET_TEST_DATA");
  const char* source = std::getenv("MOBILENET_SOURCE_DIR");
  const std::filesystem::path data = folder ? folder : std::filesystem::path(source ? source : ".") / "../shared/data";
  if (!std::filesystem::exists(data / "models" / file)) return std::nullopt;
  return data / "models" / file;
}

std::vector<std::byte> random_input(const mobilenet::TensorInfo& input) {
  std::size_t elements = 1;
  for (const std::int64_t axis : input.shape) elements *= static_cast<std::size_t>(axis);
  std::mt19937 random(1);
  std::vector<std::byte> bytes(elements * mobilenet::size_of(input.type));
  if (input.type == mobilenet::DataType::f32) {
    std::uniform_real_distribution<float> values(-1, 1);
    for (std::size_t i = 0; i < elements; ++i) {
      const float value = values(random);
      std::memcpy(bytes.data() + i * sizeof value, &value, sizeof value);
    }
  } else {
    for (std::byte& byte : bytes) byte = static_cast<std::byte>(random() >> 24);
  }
  return bytes;
}

// What differs too much between the two, or nothing.
std::optional<std::string> difference(const mobilenet::TensorView& cpu, const mobilenet::TensorView& reference) {
  if (cpu.bytes != reference.bytes || cpu.type != reference.type) return "the outputs differ in size or type";
  if (cpu.type != mobilenet::DataType::f32) {
    if (std::memcmp(cpu.data, reference.data, cpu.bytes) == 0) return std::nullopt;
    return "integers differ";
  }
  double largest = 0, apart = 0;
  for (std::size_t i = 0; i < cpu.as<float>().size(); ++i) {
    const double expected = reference.as<float>()[i], got = cpu.as<float>()[i];
    if (!std::isfinite(got)) return "output " + std::to_string(i) + " is not finite";
    largest = std::max(largest, std::abs(expected));
    apart = std::max(apart, std::abs(got - expected));
  }
  std::cout << "largest output " << largest << ", largest difference " << apart << '\n';
  if (apart <= kFloatTolerance * largest) return std::nullopt;
  return "floats differ by " + std::to_string(apart / largest) + " of the largest";
}

int check(const mobilenet::Model& model, std::string_view isa) {
  auto cpu = model.session({.device = mobilenet::Device::cpu, .precision = mobilenet::Precision::source}).value();
  auto reference = model.session({.device = mobilenet::Device::reference}).value();
  if (isa.empty() ? !cpu.isa().starts_with("neon") : cpu.isa() != isa)
    return std::cerr << "ran on " << cpu.isa() << ", expected " << (isa.empty() ? "neon" : isa) << '\n', 1;

  const mobilenet::TensorInfo& info = model.info().inputs.at(0);
  const std::vector<std::byte> bytes = random_input(info);
  const mobilenet::TensorView input{
      .name = info.name, .type = info.type, .shape = info.shape, .data = bytes.data(), .bytes = bytes.size()};
  const auto got = cpu.run({&input, 1}).value();
  const auto expected = reference.run({&input, 1}).value();
  if (got.empty() || got.size() != expected.size()) return std::cerr << "the numbers of outputs differ\n", 1;
  for (std::size_t i = 0; i < got.size(); ++i)
    if (const auto apart = difference(got[i], expected[i]))
      return std::cerr << "output " << got[i].name << ": " << *apart << '\n', 1;
  std::cout << "equal on " << cpu.isa() << " and reference\n";
  return 0;
}

}  // namespace

int main(int count, char** arguments) try {
  if (count != 2 && count != 3) return std::cerr << "usage: whole_network ARCHITECTURE|FILE [ISA]\n", 2;
  const std::string_view name = arguments[1], isa = count > 2 ? arguments[2] : "";
  if (!name.ends_with(".tflite")) return check(mobilenet::Model::random(name).value(), isa);
  const auto file = in_test_data(name);
  if (!file) return std::cout << "skipped: set MOBILENET_TEST_DATA to the real weights (docs/fidelity.md)\n", kSkipped;
  return check(mobilenet::Model::open(*file).value(), isa);
} catch (const std::exception& error) {
  std::cerr << error.what() << '\n';
  return 1;
}
