// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors

// block_tilings FILE BATCH [COUNT [TABLE]]: every block of a network in the COUNT (40) tilings that the model of their
// cost likes best: what each takes on this GPU as one of twenty in a graph, beside what the model says. The best five
// of each block and the one that is chosen. TABLE: a file for all of them, and for COUNT others of up to twice the
// cost, a line each, from which fit_tilings.py finds the model's constants.

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <set>
#include <tuple>

#include "backend/cuda/program/code.h"
#include "backend/cuda/program/cuda_backend.h"
#include "backend/cuda/program/graph.h"
#include "backend/cuda/steps/block.h"
#include "base/file_bytes.h"
#include "formats/formats.h"

namespace {

using namespace mobilenet;  // NOLINT: a program of one file

template <class T>
T need(Result<T> result) {
  if (!result) {
    std::cerr << "block_tilings: " << result.error().message << '\n';
    std::exit(1);
  }
  return *std::move(result);
}

class Blocks final : public Grouping {
 public:
  std::size_t alignment() const override { return 256; }
  bool renames(const PlanView& plan, const Node& node) const override { return is_plain_reshape(plan.network(), node); }
  int next_node(const PlanView& plan, std::span<const int> nodes) const override {
    return next_of_convolution(plan, nodes);
  }
  std::size_t block_size(const PlanView& plan, std::size_t first) const override {
    const auto layers = cuda::block_layers(plan, first);
    return layers ? layers->steps : 1;
  }
};

struct Measured {
  cuda::BlockTiling tiling;
  double microseconds = 0;
};

double measure(const cuda::Device& device, const cuda::Launch& launch, const cuda::Addresses& addresses) {
  constexpr int kLaunches = 20, kRuns = 7;
  const std::vector<cuda::Launch> launches(kLaunches, launch);
  cuda::LaunchGraph graph;
  if (auto made = graph.make(device, launches, addresses); !made) return -1;
  const cuda::Current current(device);
  const cuda::Driver& driver = device.driver();
  const cuda::Stream stream = need(cuda::Stream::create(device));
  const cuda::Event begin = need(cuda::Event::create(device, cuda::Event::Timing::yes));
  const cuda::Event end = need(cuda::Event::create(device, cuda::Event::Timing::yes));
  double best = 1e9;
  for (int i = 0; i < kRuns; ++i) {
    driver.cuEventRecord(begin.get(), stream.get());
    if (!graph.run(stream.get())) return -1;
    driver.cuEventRecord(end.get(), stream.get());
    if (driver.cuEventSynchronize(end.get()) != CUDA_SUCCESS) return -1;
    float milliseconds = 0;
    driver.cuEventElapsedTime(&milliseconds, begin.get(), end.get());
    best = std::min(best, static_cast<double>(milliseconds) * 1000 / kLaunches);
  }
  return best;
}

void write_row(std::FILE* table, const Measured& m, const cuda::BlockShape& s) {
  const cuda::BlockTiling& t = m.tiling;
  std::fprintf(table, "%d %d %d %d %d %d %d %d %d %d %d %d  %d %d %d %d %d %d %d %d %d %d  %.3f %.3f\n",
               static_cast<int>(s.source), s.images, s.in_channels, s.height, s.width, s.hidden, s.out_height,
               s.out_width, s.out_channels, s.stride, s.dilation, s.residual_is_input ? 1 : 0, t.hidden, t.tiles_m,
               t.tiles_n, t.images, t.height, t.width, t.strip, t.columns, t.warps_across, t.slabs_each, t.cost,
               m.microseconds);
}

void print(const char* what, const Measured& m, const cuda::BlockShape& shape) {
  const cuda::BlockTiling& t = m.tiling;
  const int slabs = (shape.hidden + t.hidden - 1) / t.hidden;
  std::printf("  %s %7.2f us, model %7.2f: %s tile %dx%dx%d strip %d columns %d across %d parts %d, %d KB\n", what,
              m.microseconds, t.cost, t.kernel(shape).c_str(), t.images, t.height, t.width, t.strip, t.columns,
              t.warps_across, (slabs + t.slabs_each - 1) / t.slabs_each, cuda::block_memory(shape, t).bytes / 1024);
}

}  // namespace

int main(int count, char** words) {
  if (count < 3) return std::fprintf(stderr, "block_tilings FILE BATCH [COUNT [TABLE]]\n"), 2;
  std::FILE* const table = count > 4 ? std::fopen(words[4], "w") : nullptr;
  const int most = count > 3 ? std::atoi(words[3]) : 40;
  const auto bytes = need(FileBytes::read(words[1]));
  SourceFile file;
  file.name = words[1];
  file.bytes = bytes->bytes();
  file.owner = bytes;
  const LoadedModel model = need(load_model(file));
  const Network& network = model.network();
  const cuda::Device& device = *need(cuda::device());
  const cuda::CudaWeights weights(model.graph, Precision::f16, device);
  std::vector<Shape> inputs;
  for (const TensorId id : network.inputs) {
    inputs.push_back(network.tensor(id).shape);
    inputs.back()[0] = std::atoi(words[2]);
  }
  std::vector<Shape> shapes = need(infer_shapes(network, model.parameters(), inputs));
  const Plan plan = need(make_plan(network, std::move(shapes), network.outputs, Blocks()));
  cuda::TensorStorage storage = need(cuda::store_tensors(network, plan, Precision::f16));
  const cuda::DeviceBuffer arena = need(cuda::DeviceBuffer::allocate(device, storage.arena_bytes));
  cuda::Addresses addresses;
  addresses.arena = arena.address();
  for (const TensorId id : plan.inputs) addresses.inputs.push_back(arena.address() + plan.offset(id));
  for (const std::size_t offset : storage.output_offsets) addresses.outputs.push_back(arena.address() + offset);

  using Key = std::tuple<int, int, int, int, int, int>;
  std::set<Key> seen;
  double chosen_sum = 0, best_sum = 0;
  for (const Block& block : plan.blocks) {
    if (block.steps.size() == 1) continue;
    const cuda::BlockLayers layers = need(cuda::layers_of(network, plan, block));
    const cuda::BlockShape shape = cuda::block_shape(network, model.parameters(), plan.shapes, layers);
    const Key key{shape.in_channels, shape.hidden, shape.height, shape.out_channels, shape.out_height, shape.dilation};
    if (!seen.insert(key).second) continue;
    std::vector<cuda::BlockTiling> all =
        cuda::possible_tilings(shape, device.processors(), device.shared_bytes(), device.capability() >= 90);
    std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.cost < b.cost; });
    if (table != nullptr && static_cast<int>(all.size()) > most) {  // then some of the others
      const auto end = std::find_if(all.begin() + most, all.end(),
                                    [&](const auto& tiling) { return tiling.cost > 2 * all.front().cost; });
      std::vector<cuda::BlockTiling> some(all.begin(), all.begin() + most);
      for (int i = 0; i < most; ++i)
        if (end - all.begin() > most) some.push_back(all[most + (end - all.begin() - most) * i / most]);
      all = std::move(some);
    } else if (static_cast<int>(all.size()) > most) {
      all.resize(most);
    }
    std::vector<Measured> measured;
    for (const cuda::BlockTiling& tiling : all) {
      std::vector<cuda::Launch> launches;
      const cuda::StepSource source{weights, plan, storage.stored, storage.places, launches, storage.arena_bytes};
      if (auto compiled = cuda::compile_block(source, layers, tiling); !compiled) continue;
      measured.push_back({tiling, measure(device, launches[0], addresses)});
    }
    std::printf("%s %dx%dx%d -> %d -> %dx%dx%d, %zu tilings\n", network.node(block.last().nodes.back()).name.c_str(),
                shape.height, shape.width, shape.in_channels, shape.hidden, shape.out_height, shape.out_width,
                shape.out_channels, all.size());
    const Measured chosen = measured[0];
    if (table != nullptr)
      for (const Measured& m : measured) write_row(table, m, shape);
    std::sort(measured.begin(), measured.end(),
              [](const Measured& a, const Measured& b) { return a.microseconds < b.microseconds; });
    for (std::size_t i = 0; i < std::min<std::size_t>(5, measured.size()); ++i) print("best  ", measured[i], shape);
    print("chosen", chosen, shape);
    std::fflush(stdout);
    chosen_sum += chosen.microseconds, best_sum += measured[0].microseconds;
  }
  if (table != nullptr) std::fclose(table);
  std::printf("all different blocks once: chosen %.1f us, best %.1f us\n", chosen_sum, best_sum);
}
