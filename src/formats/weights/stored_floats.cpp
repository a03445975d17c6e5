// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "formats/weights/stored_floats.h"

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <optional>

#include "base/error.h"
#include "base/half.h"

namespace mobilenet {
namespace {

constexpr std::string_view kBfloat16 = "BF16", kFloat64 = "F64";

std::optional<float> from(std::uint16_t bfloat16) { return bf16_to_float(bfloat16); }

// Nothing for a number that would round past the largest float.
std::optional<float> from(double number) {
  constexpr double kFirstTooLarge = 0x1.ffffffp127;  // half a step above the largest: a tie, which goes up
  static_assert(std::numeric_limits<float>::max() < kFirstTooLarge);
  if (std::isfinite(number) && std::abs(number) >= kFirstTooLarge) return std::nullopt;
  return static_cast<float>(number);
}

template <class Stored>
Result<std::shared_ptr<const std::vector<float>>> convert(std::span<const std::byte> bytes) {
  const auto floats = std::make_shared<std::vector<float>>();
  floats->reserve(bytes.size() / sizeof(Stored));
  for (std::size_t place = 0; place < bytes.size(); place += sizeof(Stored)) {
    Stored stored;
    std::memcpy(&stored, bytes.data() + place, sizeof stored);
    const std::optional<float> value = from(stored);
    if (!value) return failure(ErrorCode::unsupported, "the number ", stored, " does not fit into float32");
    floats->push_back(*value);
  }
  return std::shared_ptr<const std::vector<float>>(floats);
}

}  // namespace

std::string_view float_types() { return "F32, F16, BF16 or F64"; }

bool converts_to_f32(std::string_view dtype) { return dtype == kBfloat16 || dtype == kFloat64; }

Result<std::shared_ptr<const std::vector<float>>> as_f32(const NamedTensor& tensor) {
  auto floats = tensor.dtype == kBfloat16 ? convert<std::uint16_t>(tensor.bytes) : convert<double>(tensor.bytes);
  if (!floats) return at(tensor.saved_as, std::move(floats).error());
  return floats;
}

}  // namespace mobilenet
