// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "formats/tflite/operators.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <string>
#include <unordered_map>

#include "base/text.h"
#include "formats/tflite/operator_reader.h"

namespace mobilenet::tflite {
namespace {

using schema::BuiltinOperator;

// An operator's version grows with what it can mean; types and options are checked one by one, so the limit only keeps
// out what this table's author has not seen.
struct Kind {
  BuiltinOperator code;
  int max_version;
  Result<void> (OperatorReader::*read)(const Call&);
  unsigned outputs = 1;
};

struct CustomKind {
  std::string_view name;
  Kind kind;
};

constexpr unsigned kAnyNumber = 0;  // of outputs, one at the least

constexpr CustomKind kCustomKinds[] = {
    {"TFLite_Detection_PostProcess", {BuiltinOperator::CUSTOM, 1, &OperatorReader::detection_post_process, 4}},
    {"PosenetDecoderOp", {BuiltinOperator::CUSTOM, 1, &OperatorReader::left_out_decoder, kAnyNumber}},
};

// What the Edge TPU's compiler makes of the part of a graph that runs there: only that device knows its code.
constexpr std::string_view kEdgeTpu = "edgetpu-custom-op";

constexpr Kind kKinds[] = {
    {BuiltinOperator::ABS, 5, &OperatorReader::unary<UnaryKind::absolute>},
    {BuiltinOperator::ADD, 5, &OperatorReader::add},
    {BuiltinOperator::ARG_MAX, 4, &OperatorReader::arg_max},
    {BuiltinOperator::AVERAGE_POOL_2D, 3, &OperatorReader::pool},
    {BuiltinOperator::BATCH_TO_SPACE_ND, 4, &OperatorReader::batch_to_space},
    {BuiltinOperator::BROADCAST_TO, 3, &OperatorReader::broadcast_to},
    {BuiltinOperator::CAST, 7, &OperatorReader::cast},
    {BuiltinOperator::CONCATENATION, 5, &OperatorReader::concatenation},
    {BuiltinOperator::CONV_2D, 8, &OperatorReader::convolution},
    {BuiltinOperator::DEPTHWISE_CONV_2D, 7, &OperatorReader::depthwise},
    {BuiltinOperator::DEPTH_TO_SPACE, 2, &OperatorReader::depth_to_space},
    {BuiltinOperator::DEQUANTIZE, 6, &OperatorReader::dequantize},
    {BuiltinOperator::DIV, 2, &OperatorReader::divide},
    {BuiltinOperator::ELU, 1, &OperatorReader::unary<UnaryKind::elu>},
    {BuiltinOperator::EXP, 2, &OperatorReader::unary<UnaryKind::exp>},
    {BuiltinOperator::EXPAND_DIMS, 1, &OperatorReader::expand_dims},
    {BuiltinOperator::FLOOR_DIV, 3, &OperatorReader::extents},
    {BuiltinOperator::FULLY_CONNECTED, 13, &OperatorReader::fully_connected},
    {BuiltinOperator::GATHER, 7, &OperatorReader::gather},
    {BuiltinOperator::HARD_SWISH, 1, &OperatorReader::activation<Activation::hard_swish>},
    {BuiltinOperator::L2_NORMALIZATION, 2, &OperatorReader::rows},
    {BuiltinOperator::LEAKY_RELU, 2, &OperatorReader::leaky_relu},
    {BuiltinOperator::LOG, 2, &OperatorReader::unary<UnaryKind::log>},
    {BuiltinOperator::LOGISTIC, 3, &OperatorReader::activation<Activation::sigmoid>},
    {BuiltinOperator::LOG_SOFTMAX, 2, &OperatorReader::rows},
    {BuiltinOperator::MAXIMUM, 4, &OperatorReader::binary<BinaryKind::maximum>},
    {BuiltinOperator::MAX_POOL_2D, 3, &OperatorReader::pool},
    {BuiltinOperator::MEAN, 3, &OperatorReader::reduce<ReduceKind::mean>},
    {BuiltinOperator::MINIMUM, 4, &OperatorReader::binary<BinaryKind::minimum>},
    {BuiltinOperator::MIRROR_PAD, 3, &OperatorReader::pad},
    {BuiltinOperator::MUL, 7, &OperatorReader::multiply},
    {BuiltinOperator::NEG, 2, &OperatorReader::unary<UnaryKind::negate>},
    {BuiltinOperator::PACK, 4, &OperatorReader::pack},
    {BuiltinOperator::PAD, 5, &OperatorReader::pad},
    {BuiltinOperator::PADV2, 5, &OperatorReader::pad},
    {BuiltinOperator::POW, 1, &OperatorReader::binary<BinaryKind::power>},
    {BuiltinOperator::PRELU, 1, &OperatorReader::binary<BinaryKind::prelu>},
    {BuiltinOperator::QUANTIZE, 4, &OperatorReader::quantize},
    {BuiltinOperator::REDUCE_MAX, 3, &OperatorReader::reduce<ReduceKind::maximum>},
    {BuiltinOperator::REDUCE_MIN, 3, &OperatorReader::reduce<ReduceKind::minimum>},
    {BuiltinOperator::REDUCE_PROD, 2, &OperatorReader::extents},
    {BuiltinOperator::RELU, 3, &OperatorReader::activation<Activation::relu>},
    {BuiltinOperator::RELU6, 3, &OperatorReader::activation<Activation::relu6>},
    {BuiltinOperator::RELU_0_TO_1, 1, &OperatorReader::activation<Activation::relu_0_to_1>},
    {BuiltinOperator::RELU_N1_TO_1, 1, &OperatorReader::activation<Activation::relu_n1_to_1>},
    {BuiltinOperator::RESHAPE, 1, &OperatorReader::reshape},
    {BuiltinOperator::RESIZE_BILINEAR, 4, &OperatorReader::resize_bilinear},
    {BuiltinOperator::RESIZE_NEAREST_NEIGHBOR, 4, &OperatorReader::resize_nearest},
    {BuiltinOperator::REVERSE_V2, 3, &OperatorReader::reverse},
    {BuiltinOperator::RSQRT, 3, &OperatorReader::unary<UnaryKind::rsqrt>},
    {BuiltinOperator::SHAPE, 1, &OperatorReader::extents},
    {BuiltinOperator::SLICE, 6, &OperatorReader::slice},
    {BuiltinOperator::SOFTMAX, 3, &OperatorReader::softmax},
    {BuiltinOperator::SPACE_TO_BATCH_ND, 4, &OperatorReader::space_to_batch},
    {BuiltinOperator::SPACE_TO_DEPTH, 2, &OperatorReader::space_to_depth},
    {BuiltinOperator::SPLIT, 4, &OperatorReader::split, kAnyNumber},
    {BuiltinOperator::SPLIT_V, 2, &OperatorReader::split, kAnyNumber},
    {BuiltinOperator::SQRT, 1, &OperatorReader::unary<UnaryKind::sqrt>},
    {BuiltinOperator::SQUARE, 1, &OperatorReader::unary<UnaryKind::square>},
    {BuiltinOperator::SQUARED_DIFFERENCE, 2, &OperatorReader::binary<BinaryKind::squared_difference>},
    {BuiltinOperator::SQUEEZE, 2, &OperatorReader::squeeze},
    {BuiltinOperator::STRIDED_SLICE, 8, &OperatorReader::strided_slice},
    {BuiltinOperator::SUB, 5, &OperatorReader::subtract},
    {BuiltinOperator::SUM, 3, &OperatorReader::reduce<ReduceKind::sum>},
    {BuiltinOperator::TANH, 3, &OperatorReader::unary<UnaryKind::tanh>},
    {BuiltinOperator::TILE, 3, &OperatorReader::tile},
    {BuiltinOperator::TRANSPOSE, 6, &OperatorReader::transpose},
    {BuiltinOperator::TRANSPOSE_CONV, 5, &OperatorReader::transpose_convolution},
    {BuiltinOperator::UNPACK, 4, &OperatorReader::unpack, kAnyNumber},
};

std::string name_of_kind(BuiltinOperator code, const schema::OperatorCode& stored) {
  if (code == BuiltinOperator::CUSTOM)
    return "CUSTOM " + quoted(stored.custom_code() ? stored.custom_code()->string_view() : std::string_view());
  const std::string known = schema::EnumNameBuiltinOperator(code);
  return known.empty() ? "number " + std::to_string(static_cast<int>(code)) : known;
}

const Kind* find_kind(BuiltinOperator code, const schema::OperatorCode& stored) {
  if (code == BuiltinOperator::CUSTOM) {
    const std::string_view name = stored.custom_code() ? stored.custom_code()->string_view() : std::string_view();
    for (const CustomKind& custom : kCustomKinds)
      if (custom.name == name) return &custom.kind;
    return nullptr;
  }
  const auto* kind = std::find_if(std::begin(kKinds), std::end(kKinds), [&](const Kind& k) { return k.code == code; });
  return kind == std::end(kKinds) ? nullptr : kind;
}

Result<void> check_indices(const ModelFile& file, const schema::Operator& stored) {
  for (const auto* list : {stored.inputs(), stored.outputs()})
    for (unsigned i = 0; list != nullptr && i < list->size(); ++i)
      if (list->Get(i) < (list == stored.outputs() ? 0 : -1) || list->Get(i) >= file.tensor_count())
        return failure(ErrorCode::bad_format, "names tensor ", list->Get(i), " of ", file.tensor_count());
  return {};
}

// "operator 3 (ADD, output "sum")"
std::string place_of(const ModelFile& file, int index, const schema::OperatorCode& code) {
  const schema::Operator& stored = *file.graph().operators()->Get(static_cast<unsigned>(index));
  std::string place = "operator " + std::to_string(index) + " (" + name_of_kind(builtin_code(code), code);
  if (stored.outputs() != nullptr && stored.outputs()->size() > 0 && stored.outputs()->Get(0) >= 0 &&
      stored.outputs()->Get(0) < file.tensor_count())
    place += ", output " + quoted(file.tensor_name(stored.outputs()->Get(0)));
  return place + ')';
}

// What is said of a kind that no reader takes; empty: one does.
std::string why_missing(const schema::OperatorCode& code) {
  const Kind* const kind = find_kind(builtin_code(code), code);
  if (kind == nullptr) return "this operator is not supported";
  if (code.version() <= kind->max_version) return {};
  return text("version ", code.version(), " is not supported, at most ", kind->max_version);
}

Result<const schema::OperatorCode*> code_of(const ModelFile& file, int index) {
  const schema::Operator& stored = *file.graph().operators()->Get(static_cast<unsigned>(index));
  const auto* codes = file.model().operator_codes();
  if (codes == nullptr || stored.opcode_index() >= codes->size())
    return failure(ErrorCode::bad_format, "operator ", index, " is of kind ", stored.opcode_index(), " of ",
                   codes ? codes->size() : 0);
  return codes->Get(stored.opcode_index());
}

}  // namespace

Result<void> check_kinds(const ModelFile& file) {
  struct Missing {
    std::string name;  // of the kind, with its version where that is what is missing
    int count = 0;
  };
  std::vector<Missing> missing;
  std::unordered_map<std::string, std::size_t> by_name;  // files may list one kind more than once
  std::optional<Error> first;
  int count = 0;
  for (unsigned i = 0; i < file.graph().operators()->size(); ++i) {
    MOBILENET_TRY(const schema::OperatorCode* const code, code_of(file, static_cast<int>(i)));
    const BuiltinOperator kind = builtin_code(*code);
    if (kind == BuiltinOperator::CUSTOM && code->custom_code() && code->custom_code()->string_view() == kEdgeTpu)
      return failure(ErrorCode::unsupported,
                     "is compiled for Google's Edge TPU; open the file that it was made from (without _edgetpu in its "
                     "name)");
    const std::string why = why_missing(*code);
    if (why.empty()) continue;
    if (!first) first = failure(ErrorCode::unsupported, place_of(file, static_cast<int>(i), *code), ": ", why);
    std::string name = name_of_kind(kind, *code);
    if (find_kind(kind, *code) != nullptr) name += text(" of version ", code->version());
    const auto [known, is_new] = by_name.try_emplace(std::move(name), missing.size());
    if (is_new) missing.push_back({known->first});
    ++missing[known->second].count;
    ++count;
  }
  if (count == 0) return {};
  if (count == 1) return *std::move(first);
  std::ranges::stable_sort(missing, [](const Missing& a, const Missing& b) { return a.count > b.count; });
  constexpr std::size_t kMostNamed = 24;
  std::string names;
  for (std::size_t i = 0; i < std::min(missing.size(), kMostNamed); ++i)
    names += text(i == 0 ? "" : ", ", missing[i].name, " (", missing[i].count, ")");
  if (missing.size() > kMostNamed) names += text(" and ", missing.size() - kMostNamed, " kinds more");
  return failure(ErrorCode::unsupported, count, " operators are not supported: ", names);
}

Result<void> OperatorReader::append_node(Op op, std::vector<TensorId> inputs, TensorId output) {
  network_.nodes.push_back({shortened(tensor(output).name), std::move(op), std::move(inputs), output});
  return {};
}

Result<void> OperatorReader::append(const Call& call, Op op, std::vector<TensorId> inputs) {
  const Tensor& x = tensor(inputs[0]);
  const bool numbers = x.type != DataType::f32 && !x.quantization;
  MOBILENET_TRY(const TensorId output, numbers ? tensors_.define_numbers(call.output) : tensors_.define(call.output));
  if (tensor(output).type != tensor(inputs[0]).type)
    return failure(ErrorCode::unsupported, "an input of type ", name_of(tensor(inputs[0]).type),
                   " and an output of type ", name_of(tensor(output).type), " are not supported");
  return append_node(std::move(op), std::move(inputs), output);
}

Result<TensorId> OperatorReader::between(TensorId like, const Shape& shape, const char* suffix) {
  Tensor made = tensor(like);
  made.name += suffix;
  made.shape = shape;
  return tensors_.make_activation(std::move(made));
}

Result<TensorId> OperatorReader::reshaped(TensorId x, const Shape& shape, const char* suffix) {
  if (tensor(x).shape == shape) return x;
  MOBILENET_TRY(const TensorId output, between(x, shape, suffix));
  MOBILENET_CHECK(append_node(ReshapeOp{shape}, {x}, output));
  return output;
}

Result<std::vector<TensorId>> OperatorReader::activations(const Call& call, std::size_t count) {
  std::vector<TensorId> ids;
  for (std::size_t i = 0; i < count; ++i) {
    if (!call.has(i)) return failure(ErrorCode::bad_format, "input ", i, " is missing");
    MOBILENET_TRY(const TensorId id, tensors_.activation(call.inputs[i]));
    ids.push_back(id);
    if (tensor(id).type != tensor(ids[0]).type)
      return failure(ErrorCode::unsupported, "inputs of type ", name_of(tensor(ids[0]).type), " and ",
                     name_of(tensor(id).type), " are not supported");
  }
  if (ids.empty()) return failure(ErrorCode::bad_format, "has no inputs");
  return ids;
}

Result<void> append_operator(const ModelFile& file, int index, TensorTable& tensors, Network& network) {
  const schema::Operator& stored = *file.graph().operators()->Get(static_cast<unsigned>(index));
  MOBILENET_TRY(const schema::OperatorCode* const code, code_of(file, index));
  const std::string place = place_of(file, index, *code);
  if (auto checked = check_indices(file, stored); !checked) return at(place, std::move(checked).error());
  Call call;
  call.stored = &stored;
  call.code = builtin_code(*code);
  if (stored.outputs() != nullptr && stored.outputs()->size() > 0) call.output = stored.outputs()->Get(0);

  if (const std::string why = why_missing(*code); !why.empty())
    return failure(ErrorCode::unsupported, place, ": ", why);
  const Kind* const kind = find_kind(call.code, *code);
  if (stored.outputs() == nullptr || stored.outputs()->size() == 0 ||
      (kind->outputs != kAnyNumber && stored.outputs()->size() != kind->outputs))
    return failure(ErrorCode::bad_format, place, ": ", stored.outputs() ? stored.outputs()->size() : 0,
                   " outputs, expected ", kind->outputs);
  call.extra_outputs.assign(stored.outputs()->begin() + 1, stored.outputs()->end());
  if (stored.inputs() != nullptr) {
    if (auto checked = tensors.charge(stored.inputs()->size() * sizeof(std::int32_t)); !checked)
      return at(place, std::move(checked).error());
    call.inputs.assign(stored.inputs()->begin(), stored.inputs()->end());
  }
  OperatorReader reader(tensors, network);
  const auto read = reader.computes_extents(call) ? &OperatorReader::extents : kind->read;
  if (auto appended = (reader.*read)(call); !appended) return at(place, std::move(appended).error());
  return {};
}

}  // namespace mobilenet::tflite
