// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "fuzz/tflite_mutator.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <memory>
#include <vector>

#include "fuzz/fuzz.h"
#include "fuzz/tflite_objects_generated.h"
#include "support/choices.h"

namespace mobilenet::fuzz {
namespace {

namespace schema = objects;  // the reader's schema, as objects that can be changed
using testing::Choices;

// Constants stay small, so that a network is quick.
constexpr std::size_t kMostConstant = 8192;

class Mutator {
 public:
  Mutator(schema::ModelT& model, unsigned seed) : model_(model), graph_(*model.subgraphs[0]), choices_(seed) {}

  void change() {
    switch (choices_.below(8)) {
      case 0:
      case 1:
        if (auto* tensor = one_of(graph_.tensors)) change_tensor(*tensor);
        return;
      case 2:
        if (auto* tensor = one_of(graph_.tensors)) change_quantization(*tensor);
        return;
      case 3:
        if (auto* tensor = one_of(graph_.tensors)) change_extent(*tensor);
        return;
      case 4:
        if (auto* op = one_of(graph_.operators)) change_options(op->builtin_options);
        return;
      case 5:
        if (auto* buffer = one_of(model_.buffers)) change_buffer(*buffer);
        return;
      case 6:
        add_reader();
        return;
      default:
        change_graph();
    }
  }

 private:
  template <class T>
  T* one_of(std::vector<std::unique_ptr<T>>& all) {
    return all.empty() ? nullptr : all[choices_.below(static_cast<std::uint32_t>(all.size()))].get();
  }
  template <class T>
  std::uint32_t count(const std::vector<T>& all) const {
    return static_cast<std::uint32_t>(all.size());
  }

  std::int32_t number() {
    return choices_.pick({0, 1, 2, 3, 4, 5, 7, 8, 16, 17, choices_.between(0, 40), -1, -2, 255, 65536, 1 << 30,
                          std::numeric_limits<std::int32_t>::max(), std::numeric_limits<std::int32_t>::min()});
  }
  float real() {
    const auto natural = static_cast<float>(std::exp2(choices_.real(-12, 4)));
    return choices_.one_in(4) ? choices_.hostile_float() : natural;
  }

  // One number of a list, its length or its order.
  void change_list(std::vector<std::int32_t>& list, std::uint32_t places) {
    const std::uint32_t at = choices_.below(count(list));
    switch (choices_.below(6)) {
      case 0:
        list.push_back(choices_.one_in(2) ? number() : static_cast<std::int32_t>(choices_.below(places)));
        return;
      case 1:
        if (!list.empty()) list.erase(list.begin() + at);
        return;
      case 2:
        if (!list.empty()) std::swap(list[at], list[choices_.below(count(list))]);
        return;
      case 3:
        if (!list.empty()) list[at] = number();
        return;
      default:
        if (!list.empty()) list[at] = places > 0 ? static_cast<std::int32_t>(choices_.below(places)) : list[at] + 1;
    }
  }

  void change_tensor(schema::TensorT& tensor) {
    using Type = schema::TensorType;
    switch (choices_.below(8)) {
      case 0:
        change_list(tensor.shape, 0);
        return;
      case 1:
        tensor.type = choices_.one_in(4) ? static_cast<Type>(choices_.byte())
                                         : choices_.pick({Type::FLOAT32, Type::FLOAT16, Type::INT32, Type::UINT8,
                                                          Type::INT64, Type::INT8, Type::BOOL});
        return;
      case 2:
        tensor.buffer = choices_.one_in(8) ? choices_.word() : choices_.below(count(model_.buffers));
        return;
      case 3:
        tensor.name = choices_.one_in(2) ? std::string(choices_.below(300), static_cast<char>(choices_.between(1, 127)))
                                         : graph_.tensors[choices_.below(count(graph_.tensors))]->name;
        return;
      case 4:
        tensor.shape_signature = tensor.shape;
        if (!tensor.shape.empty()) tensor.shape_signature[choices_.below(count(tensor.shape))] = -1;
        return;
      case 5:
        tensor.is_variable = choices_.one_in(3);
        return;
      case 6:
        tensor.shape = graph_.tensors[choices_.below(count(graph_.tensors))]->shape;
        return;
      default:
        tensor.external_buffer = choices_.below(3);
    }
  }

  void change_quantization(schema::TensorT& tensor) {
    if (choices_.one_in(12)) {
      tensor.quantization.reset();
      return;
    }
    if (!tensor.quantization) tensor.quantization = std::make_unique<schema::QuantizationParametersT>();
    schema::QuantizationParametersT& quantization = *tensor.quantization;
    switch (choices_.below(6)) {
      case 0:
        quantization.scale.push_back(real());
        quantization.zero_point.push_back(choices_.between(-130, 260));
        return;
      case 1:
        if (!quantization.scale.empty()) quantization.scale.pop_back();
        return;
      case 2:
        for (float& scale : quantization.scale) scale *= static_cast<float>(std::exp2(choices_.real(-2, 2)));
        return;
      case 3:
        quantization.quantized_dimension = number();
        return;
      case 4:
        for (std::int64_t& zero : quantization.zero_point) zero = choices_.between(-130, 260);
        return;
      default:
        if (!quantization.scale.empty()) quantization.scale[choices_.below(count(quantization.scale))] = real();
    }
  }

  // A constant with another extent along an axis, and the data for it, so that shapes fit now and then.
  void change_extent(schema::TensorT& tensor) {
    if (tensor.shape.empty()) return;
    tensor.shape[choices_.below(count(tensor.shape))] = choices_.between(1, 24);
    if (tensor.buffer == 0 || tensor.buffer >= model_.buffers.size()) return;
    std::size_t bytes = 4;
    for (const int axis : tensor.shape)
      bytes = std::min(kMostConstant + 1, bytes * static_cast<std::size_t>(axis > 0 ? axis : 1));
    if (tensor.type == schema::TensorType::INT8 || tensor.type == schema::TensorType::UINT8) bytes /= 4;
    if (bytes > kMostConstant) return;
    auto buffer = std::make_unique<schema::BufferT>();
    for (std::size_t i = 0; i < bytes; ++i)
      buffer->data.push_back(i % 4 == 3 ? static_cast<std::uint8_t>(0x3d + choices_.below(2)) : choices_.byte());
    tensor.buffer = count(model_.buffers);
    model_.buffers.push_back(std::move(buffer));
  }

  void change_buffer(schema::BufferT& buffer) {
    const std::size_t size = buffer.data.size();
    switch (choices_.below(4)) {
      case 0:
        buffer.offset = choices_.below(4000);
        buffer.size = choices_.one_in(4) ? ~std::uint64_t{0} - choices_.below(20) : choices_.below(400);
        return;
      case 1:
        buffer.data.resize(choices_.one_in(2) ? size / 2 : std::min(size + 4, kMostConstant));
        return;
      default:
        if (size == 0 || size > kMostConstant) return;
        buffer.data.resize(LLVMFuzzerMutate(buffer.data.data(), size, size));
    }
  }

  void fuse(schema::FusedActivation& activation) {
    activation = static_cast<schema::FusedActivation>(choices_.below(6));
  }
  void change_number(std::int32_t& value) { value = choices_.one_in(6) ? number() : choices_.between(1, 5); }

  // Strides, kernels, dilations and the like: the numbers of a window are given in one list.
  template <class Options>
  void change_window(Options& options, std::vector<std::int32_t*> numbers) {
    const std::uint32_t which = choices_.below(count(numbers) + 2);
    if (which < numbers.size()) return change_number(*numbers[which]);
    if (which == numbers.size()) return fuse(options.fused_activation_function);
    options.padding = static_cast<schema::PaddingRule>(choices_.below(3));
  }

  void change_options(schema::BuiltinOptionsUnion& options) {
    if (auto* o = options.AsConv2DOptions())
      change_window(*o, {&o->stride_w, &o->stride_h, &o->dilation_w_factor, &o->dilation_h_factor});
    else if (auto* d = options.AsDepthwiseConv2DOptions())
      change_window(*d,
                    {&d->stride_w, &d->stride_h, &d->dilation_w_factor, &d->dilation_h_factor, &d->depth_multiplier});
    else if (auto* p = options.AsPool2DOptions())
      change_window(*p, {&p->stride_w, &p->stride_h, &p->filter_width, &p->filter_height});
    else if (auto* f = options.AsFullyConnectedOptions())
      choices_.one_in(2) ? fuse(f->fused_activation_function) : void(f->keep_num_dims = !f->keep_num_dims);
    else if (auto* s = options.AsSoftmaxOptions())
      s->beta = real();
    else if (auto* c = options.AsConcatenationOptions())
      c->axis = choices_.between(-5, 5);
    else if (auto* a = options.AsAddOptions())
      fuse(a->fused_activation_function);
    else if (auto* m = options.AsMulOptions())
      fuse(m->fused_activation_function);
    else if (auto* r = options.AsResizeBilinearOptions())
      choices_.one_in(2) ? void(r->align_corners = !r->align_corners)
                         : void(r->half_pixel_centers = !r->half_pixel_centers);
    else if (auto* h = options.AsReshapeOptions())
      change_list(h->new_shape, 0);
    else if (auto* k = options.AsReducerOptions())
      k->keep_dims = !k->keep_dims;
    else if (auto* q = options.AsSqueezeOptions())
      change_list(q->squeeze_dims, 4);
  }

  std::uint32_t code_of(schema::BuiltinOperator builtin) {
    auto code = std::make_unique<schema::OperatorCodeT>();
    code->builtin_code = builtin;
    code->deprecated_builtin_code = static_cast<std::int8_t>(std::min(static_cast<int>(builtin), 127));
    model_.operator_codes.push_back(std::move(code));
    return count(model_.operator_codes) - 1;
  }

  // One more operator reads what is there; its output has the same shape and is an output of the graph: second
  // readers and wanted tensors in every place.
  void add_reader() {
    using Builtin = schema::BuiltinOperator;
    if (graph_.tensors.empty() || graph_.operators.size() > 24) return;
    const auto read = static_cast<std::int32_t>(choices_.below(count(graph_.tensors)));
    const schema::TensorT& source = *graph_.tensors[static_cast<std::size_t>(read)];
    auto output = std::make_unique<schema::TensorT>();
    output->shape = source.shape;
    output->type = source.type;
    if (source.quantization)
      output->quantization = std::make_unique<schema::QuantizationParametersT>(*source.quantization);
    const Builtin builtin = choices_.pick({Builtin::RELU, Builtin::RELU6, Builtin::LOGISTIC, Builtin::ADD, Builtin::MUL,
                                           Builtin::HARD_SWISH, Builtin::SOFTMAX, Builtin::RESHAPE, Builtin::QUANTIZE});
    auto op = std::make_unique<schema::OperatorT>();
    op->opcode_index = code_of(builtin);
    op->inputs = {read};
    if (builtin == Builtin::ADD || builtin == Builtin::MUL) op->inputs.push_back(read);
    if (builtin == Builtin::SOFTMAX) {
      schema::SoftmaxOptionsT softmax;
      softmax.beta = choices_.one_in(2) ? 1.0f : real();
      op->builtin_options.Set(std::move(softmax));
    }
    if (builtin == Builtin::RESHAPE) {
      schema::ReshapeOptionsT reshape;
      reshape.new_shape = {1, -1};
      if (choices_.one_in(2)) reshape.new_shape = source.shape;
      op->builtin_options.Set(std::move(reshape));
      output->shape = reshape.new_shape;
    }
    op->outputs = {static_cast<std::int32_t>(graph_.tensors.size())};
    graph_.outputs.push_back(op->outputs[0]);
    graph_.tensors.push_back(std::move(output));
    graph_.operators.push_back(std::move(op));
  }

  void change_graph() {
    const std::uint32_t tensors = count(graph_.tensors);
    schema::OperatorT* op = one_of(graph_.operators);
    schema::OperatorCodeT* code = one_of(model_.operator_codes);
    switch (choices_.below(10)) {
      case 0:
        return change_list(graph_.inputs, tensors);
      case 1:
        return change_list(graph_.outputs, tensors);
      case 2:
        if (op) change_list(op->inputs, tensors);
        return;
      case 3:
        if (op) change_list(op->outputs, tensors);
        return;
      case 4:
        if (op) op->opcode_index = choices_.one_in(8) ? choices_.word() : choices_.below(count(model_.operator_codes));
        return;
      case 5:
        if (code) code->builtin_code = static_cast<schema::BuiltinOperator>(choices_.below(210));
        return;
      case 6:
        if (code) code->version = number();
        return;
      case 7:
        if (op && !op->custom_options.empty())
          op->custom_options[choices_.below(count(op->custom_options))] = choices_.byte();
        return;
      case 8:
        if (graph_.operators.size() > 1)
          std::swap(graph_.operators[choices_.below(count(graph_.operators))], graph_.operators.back());
        return;
      default:
        if (op && !op->outputs.empty()) graph_.outputs.push_back(op->outputs[0]);
    }
  }

  schema::ModelT& model_;
  schema::SubGraphT& graph_;
  Choices choices_;
};

}  // namespace

std::size_t mutate_tflite(std::uint8_t* data, std::size_t size, std::size_t most, unsigned seed) {
  const auto aligned = std::make_unique<std::uint64_t[]>(size / 8 + 1);
  std::memcpy(aligned.get(), data, size);
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(aligned.get());
  constexpr flatbuffers::uoffset_t kDepth = 32, kTables = 1 << 16;
  flatbuffers::Verifier verifier(bytes, size, kDepth, kTables);
  if (size < 16 || !schema::VerifyModelBuffer(verifier)) return 0;
  const std::unique_ptr<schema::ModelT> model = schema::UnPackModel(bytes);
  if (model->subgraphs.empty() || !model->subgraphs[0]) return 0;
  for (const auto& graph : model->subgraphs)  // a kind of options without any can be read, but not packed
    for (const auto& op : graph->operators)
      if (op->builtin_options.value == nullptr) op->builtin_options.Reset();
  Mutator mutator(*model, seed);
  for (unsigned changes = 1 + seed / 8 % 4; changes > 0; --changes) mutator.change();
  flatbuffers::FlatBufferBuilder builder;
  schema::FinishModelBuffer(builder, schema::CreateModel(builder, model.get()));
  if (builder.GetSize() > most) return 0;
  std::memcpy(data, builder.GetBufferPointer(), builder.GetSize());
  return builder.GetSize();
}

}  // namespace mobilenet::fuzz
