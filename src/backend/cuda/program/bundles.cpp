// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "backend/cuda/program/bundles.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <span>
#include <utility>

namespace mobilenet::cuda {
namespace {

// Takes steps in an order that computes the same, and holds layers of bundles back.
class Bundler {
 public:
  Bundler(const std::vector<TensorId>& memory, std::size_t most_layers, std::int64_t most_blocks)
      : memory_(memory), most_layers_(most_layers), most_blocks_(most_blocks) {}

  void take_layer(std::span<Step> steps, const BundleLayer& layer) {
    if (const auto waiting = waiting_.find(layer.kind);
        waiting != waiting_.end() &&
        (waiting->second.layers == most_layers_ || waiting->second.blocks + layer.blocks > most_blocks_))
      run(layer.kind);
    Waiting& waiting = waiting_[layer.kind];
    ++waiting.layers, waiting.blocks += layer.blocks;
    for (Step& step : steps) {
      waiting.written.insert(memory_of(step.output));
      waiting.steps.push_back(std::move(step));
    }
  }
  void take_step(Step step) { done_.push_back(std::move(step)); }

  // Runs what was held back and has to come before these: they read it, or add to the joined tensor what is copied.
  void make_ready_for(std::span<const Step> steps) {
    for (const Step& step : steps) {
      for (const TensorId input : step.inputs) run_writers_of(memory_of(input));
      if (step.part.row == 0) run_writers_of(memory_of(step.output));
    }
  }
  std::vector<Step> finish() {
    while (!waiting_.empty()) run(waiting_.begin()->first);
    return std::move(done_);
  }

 private:
  struct Waiting {
    std::vector<Step> steps;
    std::size_t layers = 0;
    std::int64_t blocks = 0;
    std::set<TensorId> written;
  };

  TensorId memory_of(TensorId id) const { return memory_[static_cast<std::size_t>(id)]; }
  void run_writers_of(TensorId memory) {
    for (auto next = waiting_.begin(); next != waiting_.end();) {
      const auto waiting = next++;
      if (waiting->second.written.contains(memory)) run(waiting->first);
    }
  }
  void run(int kind) {
    Waiting waiting = std::move(waiting_.extract(kind).mapped());
    if (waiting.layers > 1) {
      for (Step& step : waiting.steps) step.bundle = bundles_;
      ++bundles_;
    }
    std::move(waiting.steps.begin(), waiting.steps.end(), std::back_inserter(done_));
  }

  const std::vector<TensorId>& memory_;
  const std::size_t most_layers_;
  const std::int64_t most_blocks_;
  std::map<int, Waiting> waiting_;  // by kind
  std::vector<Step> done_;
  int bundles_ = 0;
};

}  // namespace

void bundle_parts(std::vector<Step>& steps, const std::vector<TensorId>& memory, const FindBundleLayer& find,
                  std::size_t most_layers, std::int64_t most_blocks) {
  std::vector<BundleLayer> layers;  // found while the steps are still whole
  for (std::size_t i = 0; i < steps.size();) {
    layers.push_back(find(i));
    i += layers.back().steps;
  }
  Bundler bundler(memory, most_layers, most_blocks);
  std::size_t first = 0;
  for (const BundleLayer& layer : layers) {
    const std::span<Step> own = std::span(steps).subspan(first, layer.steps);
    bundler.make_ready_for(own);
    if (layer.blocks > 0 && own.back().part.row > 0)
      bundler.take_layer(own, layer);
    else
      for (Step& step : own) bundler.take_step(std::move(step));
    first += own.size();
  }
  steps = bundler.finish();
}

}  // namespace mobilenet::cuda
