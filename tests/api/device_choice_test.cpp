// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Which device `automatic` takes. This program has a table of devices of its own, with a GPU that fails as it is told.

#include <gtest/gtest.h>
#include <mobilenet/mobilenet.h>

#include <array>
#include <memory>

#include "backend/backend.h"
#include "backend/reference/reference_backend.h"
#include "backend/registry.h"
#include "base/error.h"

namespace mobilenet {
namespace {

enum class Failure { none, no_driver, no_precision, no_memory };
Failure failure_of_gpu = Failure::none;

class Gpu final : public Backend {
 public:
  Result<Precision> choose(const Network& network, Precision asked) const override {
    if (failure_of_gpu == Failure::no_precision) return failure(ErrorCode::unsupported, "not in integers");
    return reference_backend().choose(network, asked);
  }
  Result<void> supports(const ModelGraph& graph) const override { return reference_backend().supports(graph); }
  Result<std::shared_ptr<const Weights>> pack(std::shared_ptr<const ModelGraph> graph,
                                              Precision precision) const override {
    return reference_backend().pack(std::move(graph), precision);
  }
  Result<std::shared_ptr<const Program>> compile(std::shared_ptr<const Weights> weights,
                                                 const CompileRequest& request) const override {
    if (failure_of_gpu == Failure::no_memory) return failure(ErrorCode::out_of_memory, "the GPU is full");
    return reference_backend().compile(std::move(weights), request);
  }
};

Result<const Backend*> gpu() {
  static const Gpu backend;
  if (failure_of_gpu == Failure::no_driver) return failure(ErrorCode::unsupported, "no driver");
  return &backend;
}
Result<const Backend*> processor() { return &reference_backend(); }

constexpr std::array kDevices{DeviceRow{{Device::cpu, "cpu", "plain"}, &processor},
                              DeviceRow{{Device::cuda, "cuda", "fails"}, &gpu}};
constexpr std::array kInfos = infos_of(kDevices);

std::string device_of(Device asked) {
  const Model model = Model::random("mobilenet_v1:0.25:32:3").value();
  const auto session = model.session({.device = asked});
  return session ? std::string(session->device()) : session.error().message;
}

TEST(DeviceChoice, AutomaticTakesAGpuThatCan) {
  failure_of_gpu = Failure::none;
  EXPECT_EQ(device_of(Device::automatic), "cuda");
  EXPECT_EQ(device_of(Device::cpu), "cpu");
}

TEST(DeviceChoice, AutomaticTakesTheProcessorElse) {
  for (const Failure failure : {Failure::no_driver, Failure::no_precision, Failure::no_memory}) {
    failure_of_gpu = failure;
    EXPECT_EQ(device_of(Device::automatic), "cpu") << static_cast<int>(failure);
  }
}

TEST(DeviceChoice, AGpuThatWasAskedForSaysWhyItCannot) {
  failure_of_gpu = Failure::no_driver;
  EXPECT_EQ(device_of(Device::cuda), "device cuda: no driver");
  failure_of_gpu = Failure::no_memory;
  EXPECT_NE(device_of(Device::cuda).find("the GPU is full"), std::string::npos);
}

TEST(DeviceChoice, AutomaticIsAName) {
  EXPECT_EQ(device_from_name("automatic"), Device::automatic);
  EXPECT_EQ(name_of(Device::automatic), "automatic");
  EXPECT_FALSE(hardware_of(Device::automatic));
}

}  // namespace

std::span<const DeviceRow> device_rows() { return kDevices; }
std::span<const DeviceInfo> devices() { return kInfos; }
std::span<const std::string_view> cpu_instruction_sets() { return {}; }

}  // namespace mobilenet
