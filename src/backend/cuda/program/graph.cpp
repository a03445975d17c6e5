// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "backend/cuda/program/graph.h"

#include <algorithm>

#include "base/error.h"

namespace mobilenet::cuda {
namespace {

Address address_of(const Place& place, const Addresses& addresses) {
  switch (place.kind) {
    case Place::Kind::nothing:
      return 0;
    case Place::Kind::fixed:
      return place.at;
    case Place::Kind::arena:
      return addresses.arena + place.at;
    case Place::Kind::input:
      return addresses.inputs[place.at];
    case Place::Kind::host:
      return addresses.host + place.at;
    case Place::Kind::flag:
      return addresses.flag;
    case Place::Kind::output:
      break;
  }
  return addresses.outputs[place.at];
}

bool is_edge(const Launch::Field& field) {
  return field.place.kind == Place::Kind::input || field.place.kind == Place::Kind::output;
}

}  // namespace

LaunchGraph::~LaunchGraph() {
  if (device_ == nullptr) return;
  const Current current(*device_);
  if (executable_ != nullptr) device_->driver().cuGraphExecDestroy(executable_);
  if (graph_ != nullptr) device_->driver().cuGraphDestroy(graph_);
}

void LaunchGraph::fill(std::size_t index, const Addresses& addresses) {
  for (const Launch::Field& field : launches_[index].fields) {
    const Address address = address_of(field.place, addresses);
    std::memcpy(arguments_[index].data() + field.offset, &address, sizeof address);
  }
}

Result<void> LaunchGraph::launch(std::size_t index, CUstream stream) const {
  const Launch& launch = launches_[index];
  std::array<CUlaunchAttribute, 3> attributes{};
  unsigned count = 0;
  if (device_->capability() >= 90) {
    // May start while the kernel before it ends: each waits for that itself, before it touches a tensor.
    attributes[count].id = CU_LAUNCH_ATTRIBUTE_PROGRAMMATIC_STREAM_SERIALIZATION;
    attributes[count++].value.programmaticStreamSerializationAllowed = 1;
  }
  if (launch.cluster > 1) {
    attributes[count].id = CU_LAUNCH_ATTRIBUTE_CLUSTER_DIMENSION;
    attributes[count++].value.clusterDim = {launch.cluster, 1, 1};
  }
  CUlaunchConfig config{};
  config.gridDimX = launch.grid[0], config.gridDimY = launch.grid[1], config.gridDimZ = launch.grid[2];
  config.blockDimX = launch.threads, config.blockDimY = config.blockDimZ = 1;
  config.sharedMemBytes = launch.shared_bytes;
  config.hStream = stream;
  config.attrs = attributes.data();
  config.numAttrs = count;
  void* parameters[] = {const_cast<std::byte*>(arguments_[index].data())};
  MOBILENET_CUDA(device_->driver(), "launching " + launch.kind + " " + launch.name,
                 cuLaunchKernelEx(&config, launch.function, parameters, nullptr));
  return {};
}

Result<void> LaunchGraph::make(const Device& device, std::span<const Launch> launches, const Addresses& addresses) {
  device_ = &device;
  launches_ = launches;
  const Driver& driver = device.driver();
  for (std::size_t i = 0; i < launches.size(); ++i) {
    arguments_.push_back(launches[i].arguments);
    fill(i, addresses);
  }
  MOBILENET_TRY(const Stream stream, Stream::create(device));
  const Current current(device);
  MOBILENET_CUDA(driver, "making a graph", cuStreamBeginCapture(stream.get(), CU_STREAM_CAPTURE_MODE_THREAD_LOCAL));
  Result<void> captured;
  for (std::size_t i = 0; i < launches.size() && captured; ++i) {
    captured = launch(i, stream.get());
    CUstreamCaptureStatus status{};
    const CUgraphNode* last = nullptr;
    std::size_t count = 0;
    driver.cuStreamGetCaptureInfo(stream.get(), &status, nullptr, nullptr, &last, nullptr, &count);
    nodes_.push_back(count == 1 ? last[0] : nullptr);
  }
  const CUresult ended = driver.cuStreamEndCapture(stream.get(), &graph_);
  MOBILENET_CHECK(std::move(captured));
  if (ended != CUDA_SUCCESS) return driver_error(driver, ended, "making a graph");
  MOBILENET_CUDA(driver, "making a graph", cuGraphInstantiate(&executable_, graph_, 0));
  return {};
}

Result<void> LaunchGraph::move(const Addresses& addresses) {
  const Current current(*device_);
  for (std::size_t i = 0; i < launches_.size(); ++i) {
    const Launch& launch = launches_[i];
    if (std::none_of(launch.fields.begin(), launch.fields.end(), is_edge)) continue;
    fill(i, addresses);
    CUDA_KERNEL_NODE_PARAMS parameters{};
    void* arguments[] = {arguments_[i].data()};
    parameters.func = launch.function;
    parameters.gridDimX = launch.grid[0], parameters.gridDimY = launch.grid[1], parameters.gridDimZ = launch.grid[2];
    parameters.blockDimX = launch.threads, parameters.blockDimY = parameters.blockDimZ = 1;
    parameters.sharedMemBytes = launch.shared_bytes;
    parameters.kernelParams = arguments;
    MOBILENET_CUDA(device_->driver(), "moving " + launch.name,
                   cuGraphExecKernelNodeSetParams(executable_, nodes_[i], &parameters));
  }
  return {};
}

Result<void> LaunchGraph::run(CUstream stream) const {
  MOBILENET_CUDA(device_->driver(), "running the network on the GPU", cuGraphLaunch(executable_, stream));
  return {};
}

}  // namespace mobilenet::cuda
