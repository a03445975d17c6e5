// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "backend/cpu/cpu_backend.h"

#include <new>

#include "backend/cpu/program.h"
#include "base/error.h"

namespace mobilenet::cpu {
namespace {

class CpuBackend final : public Backend {
 public:
  std::string_view name() const override { return "cpu"; }

  GroupingTraits traits() const override { return kTraits; }

  Result<void> supports(const Network& network, const Parameters&, const Node& node) const override {
    for (const TensorId id : node.inputs)
      if (id != kNoTensor) MOBILENET_CHECK(check_type(network, node, id));
    if (std::holds_alternative<ArgMaxOp>(node.op)) return {};  // its output is an index
    return check_type(network, node, node.output);
  }

  Result<std::shared_ptr<const Weights>> pack(const Network& network, const Parameters& parameters,
                                              Precision) const override {
    // Packed when a program first needs them, in the layout of its instruction set.
    return std::shared_ptr<const Weights>(std::make_shared<CpuWeights>(network, parameters));
  }

  Result<std::shared_ptr<const Program>> compile(std::shared_ptr<const Weights> weights,
                                                 const CompileRequest& request) const override {
    try {
      return compile_program(std::static_pointer_cast<const CpuWeights>(std::move(weights)), request);
    } catch (const std::bad_alloc&) {
      return failure(ErrorCode::out_of_memory, "no memory for the packed weights");
    }
  }

 private:
  static Result<void> check_type(const Network& network, const Node& node, TensorId id) {
    const Tensor& tensor = network.tensors[static_cast<std::size_t>(id)];
    if (tensor.parameter >= 0) return {};
    switch (tensor.type) {
      case DataType::f32:
      case DataType::u8:
      case DataType::i8:
        return {};
      case DataType::f16:
      case DataType::i16:
      case DataType::i32:
      case DataType::i64:
      case DataType::boolean:
        break;
    }
    return failure(ErrorCode::unsupported, node.name, ": tensor ", tensor.name, " is ", name_of(tensor.type),
                   ", the CPU computes f32, u8 and i8");
  }
};

}  // namespace

const Backend& cpu_backend() {
  static const CpuBackend backend;
  return backend;
}

}  // namespace mobilenet::cpu
