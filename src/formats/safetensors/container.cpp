// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "formats/safetensors/container.h"

#include <algorithm>
#include <array>
#include <limits>

#include "base/error.h"
#include "json/json_value.h"

namespace mobilenet {
namespace {

constexpr std::size_t kLengthBytes = 8;
// Headers of classifiers are about 40 KB; labels of every class of ImageNet-21k would add 1 MB.
constexpr JsonLimits kHeaderLimits{.bytes = std::size_t{16} << 20, .depth = 4};

constexpr std::size_t kLongestName = 256;

struct KnownType {
  std::string_view name;
  std::uint64_t bits;
  std::optional<DataType> type;
};
constexpr std::array<KnownType, 22> kKnownTypes{{{"F32", 32, DataType::f32},
                                                 {"F16", 16, DataType::f16},
                                                 {"I8", 8, DataType::i8},
                                                 {"U8", 8, DataType::u8},
                                                 {"I16", 16, DataType::i16},
                                                 {"I32", 32, DataType::i32},
                                                 {"I64", 64, DataType::i64},
                                                 {"BOOL", 8, DataType::boolean},
                                                 {"BF16", 16, {}},
                                                 {"F64", 64, {}},
                                                 {"U16", 16, {}},
                                                 {"U32", 32, {}},
                                                 {"U64", 64, {}},
                                                 {"C64", 64, {}},
                                                 {"F8_E4M3", 8, {}},
                                                 {"F8_E5M2", 8, {}},
                                                 {"F8_E8M0", 8, {}},
                                                 {"F8_E4M3FNUZ", 8, {}},
                                                 {"F8_E5M2FNUZ", 8, {}},
                                                 {"F6_E2M3", 6, {}},
                                                 {"F6_E3M2", 6, {}},
                                                 {"F4", 4, {}}}};

std::uint64_t header_length(std::span<const std::byte> file) {
  std::uint64_t length = 0;
  for (std::size_t i = kLengthBytes; i-- > 0;) length = length << 8 | std::to_integer<std::uint64_t>(file[i]);
  return length;
}

struct Extent {
  std::uint64_t begin, end;
};

Result<Extent> read_offsets(const JsonValue& description, std::uint64_t data_bytes) {
  const JsonValue* offsets = description.find("data_offsets");
  if (!offsets || !offsets->is_array() || offsets->size() != 2 || !(*offsets)[0].is_number_unsigned() ||
      !(*offsets)[1].is_number_unsigned())
    return failure(ErrorCode::bad_format, "data_offsets must be two numbers");
  const Extent extent{(*offsets)[0].get<std::uint64_t>(), (*offsets)[1].get<std::uint64_t>()};
  if (extent.begin > extent.end)
    return failure(ErrorCode::bad_format, "its data ends at ", extent.end, ", before it begins at ", extent.begin);
  if (extent.end > data_bytes)
    return failure(ErrorCode::bad_format, "its data ends at byte ", extent.end, " of ", data_bytes,
                   ": the file is truncated or damaged");
  return extent;
}

// The shape, and how many elements it has.
Result<Shape> read_shape(const JsonValue& description, std::uint64_t& elements) {
  const JsonValue* axes = description.find("shape");
  if (!axes || !axes->is_array()) return failure(ErrorCode::bad_format, "shape must be an array");
  if (axes->size() > static_cast<std::size_t>(Shape::kMaxRank))
    return failure(ErrorCode::unsupported, "has ", axes->size(), " axes, at most ", Shape::kMaxRank, " are supported");
  Shape shape;
  elements = 1;
  for (const JsonValue& axis : *axes) {
    constexpr std::uint64_t kMost = std::numeric_limits<std::int64_t>::max();
    if (!axis.is_number_unsigned() || axis.get<std::uint64_t>() > kMost)
      return failure(ErrorCode::bad_format, "an axis of its shape is ", describe(axis));
    const auto extent = axis.get<std::uint64_t>();
    if (extent != 0 && elements > kMost / extent)
      return failure(ErrorCode::bad_format, "its shape is impossibly large");
    elements *= extent;
    shape.push_back(static_cast<std::int64_t>(extent));
  }
  return shape;
}

Result<NamedTensor> read_tensor(const std::string& name, const JsonValue& description,
                                std::span<const std::byte> data) {
  if (!description.is_object()) return failure(ErrorCode::bad_format, "is ", describe(description), " in the header");
  const JsonValue* dtype = description.find("dtype");
  if (!dtype || !dtype->is_string()) return failure(ErrorCode::bad_format, "dtype must be a string");
  NamedTensor tensor;
  tensor.name = tensor.saved_as = name;
  tensor.dtype = dtype->get<std::string>();
  const auto known = std::find_if(kKnownTypes.begin(), kKnownTypes.end(),
                                  [&](const KnownType& type) { return type.name == tensor.dtype; });
  if (known == kKnownTypes.end()) return failure(ErrorCode::unsupported, "has the unknown type ", describe(*dtype));
  tensor.type = known->type;
  MOBILENET_TRY(const Extent extent, read_offsets(description, data.size()));
  std::uint64_t elements = 0;
  MOBILENET_TRY(tensor.shape, read_shape(description, elements));
  const std::uint64_t bytes = extent.end - extent.begin;  // of a file in memory: their bits fit 64
  if (8 * bytes / known->bits != elements || 8 * bytes % known->bits != 0)
    return failure(ErrorCode::bad_format, "has ", bytes, " bytes of data, but ", to_string(tensor.shape), " of ",
                   tensor.dtype, " needs ", elements, " x ", known->bits, " bits");
  tensor.bytes = data.subspan(extent.begin, bytes);
  return tensor;
}

Result<void> read_metadata(const JsonValue& description, std::map<std::string, std::string>& metadata) {
  if (!description.is_object())
    return failure(ErrorCode::bad_format, kSafetensorsMetadata, " is ", describe(description), ", expected an object");
  for (const auto& [key, value] : description.members()) {
    if (!value.is_string())
      return failure(ErrorCode::bad_format, kSafetensorsMetadata, ": ", describe(key), " is ", describe(value),
                     ", expected a string");
    metadata.emplace(key, value.get<std::string>());
  }
  return {};
}

// Sorts by offset; every byte of the data must belong to exactly one tensor.
Result<void> order_by_data(std::vector<NamedTensor>& tensors, std::span<const std::byte> data) {
  const auto begin = [&](const NamedTensor& tensor) { return tensor.bytes.data() - data.data(); };
  const auto end = [&](const NamedTensor& tensor) {
    return begin(tensor) + static_cast<std::ptrdiff_t>(tensor.bytes.size());
  };
  std::sort(tensors.begin(), tensors.end(), [&](const NamedTensor& a, const NamedTensor& b) {
    return std::pair(begin(a), end(a)) < std::pair(begin(b), end(b));
  });
  std::ptrdiff_t covered = 0;
  for (const NamedTensor& tensor : tensors) {
    if (begin(tensor) != covered)
      return failure(ErrorCode::bad_format, tensor.name, ": its data begins at byte ", begin(tensor),
                     begin(tensor) < covered ? ", inside the tensor before it, which ends at "
                                             : ", after a gap: the tensor before it ends at ",
                     covered);
    covered = end(tensor);
  }
  if (static_cast<std::size_t>(covered) != data.size())
    return failure(ErrorCode::bad_format, "has ", data.size() - static_cast<std::size_t>(covered),
                   " bytes after the last tensor");
  return {};
}

}  // namespace

std::string_view safetensors_dtype(DataType type) {
  for (const KnownType& known : kKnownTypes)
    if (known.type == type) return known.name;
  return "";
}

bool looks_like_safetensors(std::span<const std::byte> file) {
  return file.size() > kLengthBytes && file[kLengthBytes] == std::byte{'{'} &&
         header_length(file) <= kHeaderLimits.bytes;
}

Result<NamedTensors> parse_safetensors(std::span<const std::byte> file) {
  if (file.size() < kLengthBytes)
    return failure(ErrorCode::bad_format, "has ", file.size(), " bytes, too few for a safetensors file");
  const std::uint64_t length = header_length(file);
  if (length > kHeaderLimits.bytes)
    return failure(ErrorCode::bad_format, "claims a header of ", length, " bytes, at most ", kHeaderLimits.bytes,
                   " are accepted");
  if (length > file.size() - kLengthBytes)
    return failure(ErrorCode::bad_format, "claims a header of ", length, " bytes, but only ",
                   file.size() - kLengthBytes, " follow: the file is truncated or damaged");
  const std::string_view header(reinterpret_cast<const char*>(file.data()) + kLengthBytes, length);
  const std::span<const std::byte> data = file.subspan(kLengthBytes + length);
  auto parsed = parse_json(header, kHeaderLimits);
  if (!parsed) return at("safetensors header", std::move(parsed).error());
  if (!parsed->is_object()) return failure(ErrorCode::bad_format, "safetensors header: is ", describe(*parsed));
  NamedTensors container;
  for (const auto& [name, description] : parsed->members()) {
    if (name == kSafetensorsMetadata) {
      MOBILENET_CHECK(read_metadata(description, container.metadata));
      continue;
    }
    // Names go into messages and onto terminals.
    const bool printable = std::none_of(name.begin(), name.end(), [](unsigned char c) { return c < ' ' || c == 0x7f; });
    if (name.size() > kLongestName || !printable)
      return failure(ErrorCode::bad_format, "has a tensor with the impossible name ", describe(name));
    auto tensor = read_tensor(name, description, data);
    if (!tensor) return at(name, std::move(tensor).error());
    container.tensors.push_back(*std::move(tensor));
  }
  MOBILENET_CHECK(order_by_data(container.tensors, data));
  return container;
}

}  // namespace mobilenet
