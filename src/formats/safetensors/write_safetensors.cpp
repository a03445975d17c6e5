// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "formats/safetensors/write_safetensors.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <ostream>

#include "base/error.h"
#include "base/half.h"
#include "base/replace_file.h"
#include "formats/json/model_spec_json.h"
#include "formats/safetensors/container.h"
#include "json/json_text.h"
#include "models/assembly.h"
#include "network/parameter.h"

namespace mobilenet {
namespace {

constexpr std::size_t kDataAlignment = 64;  // of the first byte of the data
constexpr std::size_t kTensorAlignment = 8;
constexpr std::string_view kScale = "_scale", kWeightScale = ".weight_scale";

struct Entry {
  const std::string* name;
  const Parameter* parameter;
  const Parameter* scales;  // of integers, one an output channel; null for other weights
  DataType type;
  std::size_t bytes;
};

std::size_t padding_after(std::size_t bytes, std::size_t alignment) {
  return (alignment - bytes % alignment) % alignment;
}

// What is written, in an order in which all tensors but the few of odd sizes begin at a multiple of 8 bytes: the format
// allows no gaps. Vectors go first, then filters.
std::vector<Entry> entries_of(const Parameters& parameters, const WeightIndex& weights, DataType type) {
  std::vector<Entry> entries;
  const auto value = [&](int index) { return &parameters.value(index); };
  for (const auto& [name, index] : weights) {
    if (name.ends_with(kWeightScale)) continue;
    const Parameter& parameter = *value(index);
    const auto scales = weights.find(name + std::string(kScale));
    const bool scaled = parameter.type == DataType::i8 && scales != weights.end();
    const DataType stored = parameter.shape.rank() >= 2 ? type : DataType::f32;
    entries.push_back({&name, &parameter, scaled ? value(scales->second) : nullptr, stored,
                       static_cast<std::size_t>(parameter.shape.elements()) * size_of(stored)});
  }
  const auto rank = [](const Entry& entry) {
    return std::tuple(entry.bytes % kTensorAlignment != 0, entry.parameter->shape.rank() >= 2,
                      size_of(entry.type) < sizeof(float), std::string_view(*entry.name));
  };
  std::sort(entries.begin(), entries.end(), [&](const Entry& a, const Entry& b) { return rank(a) < rank(b); });
  return entries;
}

std::string header_of(const ModelSpec& spec, const std::vector<Entry>& entries) {
  JsonText header =
      JsonText::object({{kSafetensorsMetadata,
                         JsonText::object({{"format", "mobilenet.cpp"}, {"model_spec", model_spec_to_json(spec)}})}});
  std::size_t offset = 0;
  for (const Entry& entry : entries) {
    header.add(*entry.name, JsonText::object({{"dtype", safetensors_dtype(entry.type)},
                                              {"shape", JsonText::array_of(entry.parameter->shape.axes())},
                                              {"data_offsets", JsonText::array({offset, offset + entry.bytes})}}));
    offset += entry.bytes;
  }
  std::string text = header.text();
  text.append(padding_after(sizeof(std::uint64_t) + text.size(), kDataAlignment), ' ');
  return text;
}

double real_value(const Entry& entry, std::int64_t index) {
  const double stored = stored_value(*entry.parameter, index);
  if (!entry.scales) return stored;
  const std::int64_t each = entry.parameter->shape.elements() / entry.parameter->shape[0];
  return stored * stored_value(*entry.scales, index / each);
}

Result<std::vector<std::byte>> encode(const Entry& entry) {
  std::vector<std::byte> bytes(entry.bytes);
  const std::size_t size = size_of(entry.type);
  for (std::size_t i = 0; i * size < entry.bytes; ++i) {
    const auto value = static_cast<float>(real_value(entry, static_cast<std::int64_t>(i)));
    if (entry.type == DataType::f32) {
      std::memcpy(bytes.data() + i * size, &value, size);
      continue;
    }
    const std::uint16_t half = float_to_half(value);
    if (std::isfinite(value) && !std::isfinite(half_to_float(half)))
      return failure(ErrorCode::invalid_argument, *entry.name, ": the weight ", value,
                     " does not fit into f16; write f32 instead");
    std::memcpy(bytes.data() + i * size, &half, size);
  }
  return bytes;
}

Result<void> check_arguments(const ModelSpec& spec, const Parameters& parameters, const WeightIndex& weights,
                             DataType type) {
  if (type != DataType::f32 && type != DataType::f16)
    return failure(ErrorCode::invalid_argument, "weights are written as f32 or f16, not as ", name_of(type));
  // What cannot be built cannot be read again.
  MOBILENET_TRY(const Network network, build_network(spec, parameters, weights));
  return {};
}

Result<void> write_all(std::ostream& out, const ModelSpec& spec, const std::vector<Entry>& entries) {
  const std::string header = header_of(spec, entries);
  std::array<char, sizeof(std::uint64_t)> length{};
  for (std::size_t i = 0; i < length.size(); ++i) length[i] = static_cast<char>(header.size() >> (8 * i) & 0xff);
  out.write(length.data(), static_cast<std::streamsize>(length.size()));
  out.write(header.data(), static_cast<std::streamsize>(header.size()));
  for (const Entry& entry : entries) {
    MOBILENET_TRY(const std::vector<std::byte> bytes, encode(entry));
    out.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  }
  return {};
}

}  // namespace

Result<void> write_safetensors(const std::filesystem::path& path, const ModelSpec& spec, const Parameters& parameters,
                               const WeightIndex& weights, DataType type) {
  if (auto fits = check_arguments(spec, parameters, weights, type); !fits)
    return at(path.string(), std::move(fits).error());
  const std::vector<Entry> entries = entries_of(parameters, weights, type);
  return replace_file(path, [&](std::ostream& out) { return write_all(out, spec, entries); });
}

}  // namespace mobilenet
