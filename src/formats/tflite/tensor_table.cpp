// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "formats/tflite/tensor_table.h"

#include <cmath>
#include <cstring>
#include <limits>
#include <optional>

#include "base/error.h"
#include "base/quoted.h"
#include "network/fixed_convolution.h"

namespace mobilenet::tflite {
namespace {

constexpr std::int64_t kMaxElements = std::numeric_limits<std::int32_t>::max();
constexpr std::size_t kMostName = 1024;                       // bytes of a name that a caller may look a tensor up by
constexpr std::size_t kMaxMadeBytes = std::size_t{64} << 20;  // far more than a few vectors of channels

std::optional<DataType> data_type(schema::TensorType type) {
  switch (type) {
    case schema::TensorType::FLOAT32:
      return DataType::f32;
    case schema::TensorType::FLOAT16:
      return DataType::f16;
    case schema::TensorType::UINT8:
      return DataType::u8;
    case schema::TensorType::INT8:
    case schema::TensorType::INT4:  // of constants, which are unpacked
      return DataType::i8;
    case schema::TensorType::INT16:
      return DataType::i16;
    case schema::TensorType::INT32:
      return DataType::i32;
    case schema::TensorType::INT64:
      return DataType::i64;
    case schema::TensorType::STRING:
    case schema::TensorType::BOOL:
    case schema::TensorType::COMPLEX64:
    case schema::TensorType::FLOAT64:
    case schema::TensorType::COMPLEX128:
    case schema::TensorType::UINT64:
    case schema::TensorType::RESOURCE:
    case schema::TensorType::VARIANT:
    case schema::TensorType::UINT32:
    case schema::TensorType::UINT16:
    case schema::TensorType::BFLOAT16:
    case schema::TensorType::INT2:
    case schema::TensorType::UINT4:
    case schema::TensorType::FLOAT8_E4M3FN:
    case schema::TensorType::FLOAT8_E5M2:
      return std::nullopt;
  }
  return std::nullopt;  // a number that the format does not know yet
}

bool is_activation_type(DataType type) {
  return type == DataType::f32 || type == DataType::u8 || type == DataType::i8 || type == DataType::i16;
}

// Vectors of 8-byte numbers are only promised to lie at multiples of 4.
std::int64_t load_i64(const flatbuffers::Vector<std::int64_t>& vector, unsigned index) {
  std::int64_t value;
  std::memcpy(&value, vector.Data() + index * sizeof value, sizeof value);
  return value;
}

bool zero_point_fits(std::int64_t zero_point, DataType type) {
  if (type == DataType::u8) return zero_point >= 0 && zero_point <= 255;
  if (type == DataType::i8) return zero_point >= -128 && zero_point <= 127;
  return zero_point == 0;
}

Result<std::optional<Quantization>> read_quantization(const schema::Tensor& tensor, DataType type, const Shape& shape) {
  const schema::QuantizationParameters* stored = tensor.quantization();
  if (stored == nullptr) return std::optional<Quantization>();
  if (stored->details_type() != 0) return failure(ErrorCode::unsupported, "its quantisation is of an unknown kind");
  const bool integer = type == DataType::u8 || type == DataType::i8 || type == DataType::i16 || type == DataType::i32;
  if (!integer || stored->scale() == nullptr || stored->scale()->size() == 0) return std::optional<Quantization>();

  const unsigned count = stored->scale()->size();
  if (stored->zero_point() == nullptr || stored->zero_point()->size() != count)
    return failure(ErrorCode::bad_format, "has ", count, " scales, but ",
                   stored->zero_point() ? stored->zero_point()->size() : 0, " zero points");
  Quantization quantization;
  // A vector has one axis, whatever the number says: that of a depthwise layer's bias often is its weight's.
  quantization.axis = shape.rank() == 1 ? 0 : stored->quantized_dimension();
  if (count != 1 && (quantization.axis < 0 || quantization.axis >= shape.rank() || shape[quantization.axis] != count))
    return failure(ErrorCode::bad_format, "has ", count, " scales along axis ", quantization.axis, " of ",
                   to_string(shape));
  if (count == 1) quantization.axis = 0;
  for (unsigned i = 0; i < count; ++i) {
    const float scale = stored->scale()->Get(i);
    const std::int64_t zero_point = load_i64(*stored->zero_point(), i);
    if (!std::isfinite(scale) || scale < 0) return failure(ErrorCode::bad_format, "has the scale ", scale);
    if (!zero_point_fits(zero_point, type))
      return failure(ErrorCode::bad_format, "has the zero point ", zero_point, ", which its type cannot hold");
    quantization.scales.push_back(scale);
    quantization.zero_points.push_back(static_cast<std::int32_t>(zero_point));
  }
  return std::optional(std::move(quantization));
}

}  // namespace

TensorTable::TensorTable(const ModelFile& file, Network& network, Parameters& parameters)
    : file_(file), network_(network), parameters_(parameters) {
  entries_.resize(static_cast<std::size_t>(file.tensor_count()));
}

Result<void> TensorTable::charge(std::size_t bytes) {
  charged_bytes_ += bytes;
  if (charged_bytes_ > file_.bytes().size())
    return failure(ErrorCode::bad_format, "operators and tensors share parts of the file in a way no converter does");
  return {};
}

int TensorTable::resolve(int index) const { return entry(index).state == State::alias ? entry(index).source : index; }

Result<Shape> TensorTable::shape(int index) const {
  Shape shape;
  const auto* stored = file_.tensor(resolve(index)).shape();
  if (stored == nullptr) return shape;
  if (stored->size() > static_cast<unsigned>(Shape::kMaxRank))
    return failure(ErrorCode::unsupported, "tensor ", quoted(file_.tensor_name(index)), " has ", stored->size(),
                   " axes, at most ", Shape::kMaxRank, " are supported");
  std::int64_t product = 1;
  for (const std::int32_t axis : *stored) {
    if (axis < 0 || (axis > 0 && product > kMaxElements / axis))
      return failure(ErrorCode::bad_format, "tensor ", quoted(file_.tensor_name(index)), " has an impossible shape");
    product *= axis;
    shape.push_back(axis);
  }
  return shape;
}

std::optional<DataType> TensorTable::type(int index) const { return data_type(file_.tensor(resolve(index)).type()); }

std::optional<float> TensorTable::scale(int index) const {
  const schema::Tensor& stored = file_.tensor(index);
  const std::optional<DataType> type = data_type(stored.type());
  if (type != DataType::u8 && type != DataType::i8) return std::nullopt;
  if (stored.quantization() == nullptr || stored.quantization()->scale() == nullptr ||
      stored.quantization()->scale()->size() != 1)
    return std::nullopt;
  return stored.quantization()->scale()->Get(0);
}

// Everything but the bytes of a constant.
Result<Tensor> TensorTable::read(int index) const {
  const schema::Tensor& stored = file_.tensor(index);
  const std::string place = "tensor " + quoted(file_.tensor_name(index));
  const std::optional<DataType> type = data_type(stored.type());
  if (!type) {
    const std::string_view known = schema::EnumNameTensorType(stored.type());
    return failure(ErrorCode::unsupported, place, ": type ",
                   known.empty() ? std::to_string(static_cast<int>(stored.type())) : std::string(known),
                   " is not supported");
  }
  if (stored.is_variable()) return failure(ErrorCode::unsupported, place, ": variables are not supported");
  if (stored.sparsity() != nullptr) return failure(ErrorCode::unsupported, place, ": sparse weights are not supported");
  if (stored.external_buffer() != 0)
    return failure(ErrorCode::unsupported, place, ": weights in another file are not supported");

  Tensor tensor;
  tensor.name = printable(file_.tensor_name(index).substr(0, kMostName));
  tensor.type = *type;
  MOBILENET_TRY(tensor.shape, shape(index));
  auto quantization = read_quantization(stored, *type, tensor.shape);
  if (!quantization) return at(place, std::move(quantization).error());
  tensor.quantization = *std::move(quantization);
  return tensor;
}

Result<void> TensorTable::must_be_new(int index) const {
  if (entry(index).state != State::unseen || is_constant(index))
    return failure(ErrorCode::bad_format, "tensor ", quoted(file_.tensor_name(index)),
                   " is made here, but exists already");
  return {};
}

Result<TensorId> TensorTable::define(int index) {
  MOBILENET_TRY(const TensorId id, define_any(index));
  const std::string place = "tensor " + quoted(file_.tensor_name(index));
  if (!is_activation_type(tensor(id).type))
    return failure(ErrorCode::unsupported, place, ": activations of type ", name_of(tensor(id).type),
                   " are not supported");
  if (tensor(id).type != DataType::f32 && !tensor(id).quantization)
    return failure(ErrorCode::unsupported, place, " is of type ", name_of(tensor(id).type), " without a scale");
  return id;
}

Result<TensorId> TensorTable::define_numbers(int index) {
  MOBILENET_TRY(const TensorId id, define_any(index));
  const DataType type = tensor(id).type;
  if (!is_activation_type(type) && type != DataType::i32 && type != DataType::i64)
    return failure(ErrorCode::unsupported, "tensor ", quoted(file_.tensor_name(index)), ": activations of type ",
                   name_of(type), " are not supported");
  return id;
}

Result<TensorId> TensorTable::make_activation(Tensor tensor) {
  MOBILENET_CHECK(charge(tensor.name.size()));
  network_.tensors.push_back(std::move(tensor));
  return static_cast<TensorId>(network_.tensors.size() - 1);
}

Result<TensorId> TensorTable::define_any(int index) {
  MOBILENET_CHECK(must_be_new(index));
  Entry& defined = entry(index);
  const std::string place = "tensor " + quoted(file_.tensor_name(index));
  MOBILENET_TRY(Tensor tensor, read(index));
  if (is_packed(index)) return failure(ErrorCode::unsupported, place, ": activations of type INT4 are not supported");
  const bool stored_integers =
      tensor.type == DataType::u8 || tensor.type == DataType::i8 || tensor.type == DataType::i16;
  if (stored_integers && tensor.quantization) {
    if (tensor.quantization->scales.size() != 1)
      return failure(ErrorCode::unsupported, place, ": an activation with a scale for each channel is not supported");
    if (tensor.quantization->scales[0] == 0) return failure(ErrorCode::bad_format, place, " has the scale 0");
  }
  MOBILENET_CHECK(charge(tensor.name.size()));
  defined.state = State::activation;
  defined.id = static_cast<TensorId>(network_.tensors.size());
  network_.tensors.push_back(std::move(tensor));
  return defined.id;
}

Result<TensorId> TensorTable::activation(int index) const {
  const Entry& used = entry(index);
  if (used.state == State::activation) return used.id;
  const std::string place = "input " + quoted(file_.tensor_name(index));
  if (used.state == State::extents)
    return failure(ErrorCode::unsupported, place, " is a shape computed by the graph, which is not supported here");
  if (used.state == State::spread)
    return failure(ErrorCode::unsupported, place,
                   " is spread over a batch by SPACE_TO_BATCH_ND, which is supported around one convolution only");
  if (used.state == State::alias || is_constant(index))
    return failure(ErrorCode::unsupported, place, " is a constant, which is not supported here");
  return failure(ErrorCode::bad_format, place, " is read before any operator has made it");
}

bool TensorTable::is_constant(int index) const {
  const Entry& used = entry(index);
  if (used.state != State::unseen) return used.state == State::constant || used.state == State::alias;
  const auto bytes = file_.buffer(file_.tensor(index).buffer());
  return bytes && !bytes->empty();
}

Result<std::span<const std::byte>> TensorTable::constant_bytes(int index, DataType type, const Shape& shape) const {
  const std::string place = "tensor " + quoted(file_.tensor_name(index));
  auto bytes = file_.buffer(file_.tensor(index).buffer());
  if (!bytes) return at(place, std::move(bytes).error());
  if (bytes->empty()) return failure(ErrorCode::unsupported, place, " is not a constant, which is not supported here");
  const std::size_t expected = static_cast<std::size_t>(shape.elements()) * size_of(type);
  if (bytes->size() != expected)
    return failure(ErrorCode::bad_format, place, ": ", bytes->size(), " bytes, but ", to_string(shape), " of type ",
                   name_of(type), " takes ", expected);
  return *bytes;
}

bool TensorTable::is_packed(int index) const { return file_.tensor(index).type() == schema::TensorType::INT4; }

// Two numbers a byte, the lower half first, in the order of the elements.
Result<std::span<const std::byte>> TensorTable::unpacked(int index, const Shape& shape) {
  const auto count = static_cast<std::size_t>(shape.elements());
  MOBILENET_TRY(const auto packed, constant_bytes(index, DataType::i8, {static_cast<std::int64_t>((count + 1) / 2)}));
  made_bytes_ += count;
  if (made_bytes_ > 2 * file_.bytes().size() + kMaxMadeBytes)
    return failure(ErrorCode::out_of_memory, "constants of 4 bits take more memory than twice the file");
  std::vector<std::byte> numbers;
  numbers.reserve(count);
  for (std::size_t i = 0; i < count; ++i) numbers.push_back(static_cast<std::byte>(int4_weight(packed, i)));
  auto owner = std::make_shared<const std::vector<std::byte>>(std::move(numbers));
  parameters_.owners.push_back(owner);
  return std::span<const std::byte>(*owner);
}

Result<TensorId> TensorTable::constant(int index, WeightLayout layout) {
  index = resolve(index);
  Entry& used = entry(index);
  const std::string place = "tensor " + quoted(file_.tensor_name(index));
  if (used.state == State::constant) {
    if (parameter(used.id).layout != layout)
      return failure(ErrorCode::unsupported, place, ": one constant as weights of two kinds is not supported");
    return used.id;
  }
  if (used.state != State::unseen)
    return failure(ErrorCode::unsupported, place, " is not a constant, which is not supported here");
  MOBILENET_TRY(Tensor tensor, read(index));
  MOBILENET_TRY(const auto bytes,
                is_packed(index) ? unpacked(index, tensor.shape) : constant_bytes(index, tensor.type, tensor.shape));
  MOBILENET_CHECK(
      charge(tensor.name.size() + (tensor.quantization ? tensor.quantization->scales.size() * sizeof(float) : 0)));

  tensor.int4 = is_packed(index);
  tensor.parameter = static_cast<int>(parameters_.values.size());
  parameters_.values.push_back({tensor.name, tensor.type, tensor.shape, layout, bytes});
  used.state = State::constant;
  used.id = static_cast<TensorId>(network_.tensors.size());
  network_.tensors.push_back(std::move(tensor));
  return used.id;
}

Result<std::vector<std::int64_t>> TensorTable::integers(int index) const {
  index = resolve(index);
  const std::string place = "tensor " + quoted(file_.tensor_name(index));
  if (is_extents(index)) {
    if (is_unknown(index))
      return failure(ErrorCode::unsupported, place, " is computed from shapes in a way that is not supported");
    std::vector<std::int64_t> whole;
    for (const double number : *entry(index).numbers) {
      constexpr double kMost = 1e15;  // far below where doubles lose whole numbers
      if (!(std::abs(number) <= kMost) || number != std::trunc(number))
        return failure(ErrorCode::bad_format, place, " is computed as ", number, ", expected a whole number");
      whole.push_back(static_cast<std::int64_t>(number));
    }
    return whole;
  }
  MOBILENET_TRY(const Tensor tensor, read(index));
  if (tensor.type != DataType::i32 && tensor.type != DataType::i64)
    return failure(ErrorCode::unsupported, place, " is of type ", name_of(tensor.type), ", expected i32");
  if (tensor.shape.elements() > 2 * Shape::kMaxRank)
    return failure(ErrorCode::bad_format, place, " is ", to_string(tensor.shape), ", expected one number per axis");
  MOBILENET_TRY(const auto bytes, constant_bytes(index, tensor.type, tensor.shape));
  std::vector<std::int64_t> values(static_cast<std::size_t>(tensor.shape.elements()));
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (tensor.type == DataType::i64) {
      std::memcpy(&values[i], bytes.data() + i * sizeof(std::int64_t), sizeof(std::int64_t));
    } else {
      std::int32_t value;
      std::memcpy(&value, bytes.data() + i * sizeof value, sizeof value);
      values[i] = value;
    }
  }
  return values;
}

Result<TensorId> TensorTable::make_constant(std::string name, std::vector<float> values) {
  made_bytes_ += values.size() * sizeof(float) + 2 * name.size();
  if (made_bytes_ > kMaxMadeBytes)
    return failure(ErrorCode::out_of_memory, "constants spread over the channels take more than ", kMaxMadeBytes,
                   " bytes");
  auto owner = std::make_shared<const std::vector<float>>(std::move(values));
  const Shape shape{static_cast<std::int64_t>(owner->size())};
  Tensor tensor;
  tensor.name = name;
  tensor.shape = shape;
  tensor.parameter = static_cast<int>(parameters_.values.size());
  parameters_.values.push_back(
      {std::move(name), DataType::f32, shape, WeightLayout::none, std::as_bytes(std::span(*owner))});
  parameters_.owners.push_back(std::move(owner));
  network_.tensors.push_back(std::move(tensor));
  return static_cast<TensorId>(network_.tensors.size() - 1);
}

Result<void> TensorTable::set_alias(int index, int source) {
  MOBILENET_CHECK(must_be_new(index));
  source = resolve(source);
  MOBILENET_TRY(const Tensor stored, read(source));
  const bool quantized = stored.quantization.has_value();
  if (stored.type != DataType::f16 && !quantized)
    return failure(ErrorCode::unsupported, "dequantising the constant ", quoted(file_.tensor_name(source)), " of type ",
                   name_of(stored.type), " is not supported");
  entry(index) = {State::alias, kNoTensor, source, {}, {}, {}};
  return {};
}

Result<void> TensorTable::set_left_out(int index, DecoderInputs inputs) {
  MOBILENET_CHECK(must_be_new(index));
  entry(index) = {State::left_out, kNoTensor, -1, std::move(inputs), {}, {}};
  return {};
}

Result<void> TensorTable::set_spread(int index, std::shared_ptr<const Spread> spread) {
  MOBILENET_CHECK(must_be_new(index));
  entry(index) = {State::spread, kNoTensor, -1, {}, std::move(spread), {}};
  return {};
}

Result<void> TensorTable::set_extents(int index, std::optional<std::vector<double>> numbers) {
  MOBILENET_CHECK(must_be_new(index));
  entry(index).state = State::extents;
  entry(index).numbers = std::move(numbers);
  return {};
}

std::optional<std::vector<double>> TensorTable::numbers(int index) const {
  if (is_extents(index)) return entry(index).numbers;
  if (!is_constant(index)) return std::nullopt;
  if (type(index) != DataType::f32) {
    const auto stored = integers(index);
    return stored ? std::optional(std::vector<double>(stored->begin(), stored->end())) : std::nullopt;
  }
  const auto extent = shape(index);
  if (!extent || extent->elements() > 2 * Shape::kMaxRank) return std::nullopt;
  const auto bytes = constant_bytes(resolve(index), DataType::f32, *extent);
  if (!bytes) return std::nullopt;
  std::vector<float> stored(static_cast<std::size_t>(extent->elements()));
  std::memcpy(stored.data(), bytes->data(), bytes->size());
  return std::vector<double>(stored.begin(), stored.end());
}

Result<Shape> TensorTable::stored_result(int index) const {
  if (free_size_)
    return failure(ErrorCode::unsupported,
                   "its new shape is computed in a way that does not follow an input whose size is free");
  return shape(index);
}

}  // namespace mobilenet::tflite
