// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "backend/cuda/program/bundles.h"

#include <algorithm>
#include <iterator>
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

  void take_layer(std::span<Step> steps, std::int64_t blocks) {
    if (last_.size() == most_layers_ || blocks_ + blocks > most_blocks_) run();
    blocks_ += blocks;
    for (const Step& step : steps) written_.insert(memory_of(step.output));
    if (steps.size() == 2) first_.push_back(std::move(steps.front()));
    last_.push_back(std::move(steps.back()));
  }
  void take_step(Step step) { done_.push_back(std::move(step)); }

  // Runs what was held back where it has to come before these: they read it, or copy to the joined tensor.
  void make_ready_for(std::span<const Step> steps) {
    const auto is_written = [&](TensorId id) { return written_.contains(memory_of(id)); };
    for (const Step& step : steps)
      if (std::any_of(step.inputs.begin(), step.inputs.end(), is_written) ||
          (step.part.row == 0 && is_written(step.output)))
        run();
  }
  std::vector<Step> finish() {
    run();
    return std::move(done_);
  }

 private:
  TensorId memory_of(TensorId id) const { return memory_[static_cast<std::size_t>(id)]; }
  void run() {
    for (std::vector<Step>* steps : {&first_, &last_}) {
      // One layer by itself may be a block.
      if (steps->size() > 1) {
        for (Step& step : *steps) step.bundle = bundles_;
        ++bundles_;
      }
      std::move(steps->begin(), steps->end(), std::back_inserter(done_));
      steps->clear();
    }
    blocks_ = 0;
    written_.clear();
  }

  const std::vector<TensorId>& memory_;
  const std::size_t most_layers_;
  const std::int64_t most_blocks_;
  std::vector<Step> first_, last_;  // steps of layers that are held back
  std::int64_t blocks_ = 0;
  std::set<TensorId> written_;  // memory that they write
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
    if (layer.blocks > 0 && own.size() <= 2 && own.back().part.row > 0)
      bundler.take_layer(own, layer.blocks);
    else
      for (Step& step : own) bundler.take_step(std::move(step));
    first += own.size();
  }
  steps = bundler.finish();
}

}  // namespace mobilenet::cuda
