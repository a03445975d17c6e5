// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Scores of classes averaged over time.

#include <mobilenet/smoothing.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

#include "base/caught.h"
#include "base/error.h"
#include "live/frame_clock.h"

namespace mobilenet {
namespace {

constexpr double kMostSeconds = 60 * 60;
constexpr double kForgotten = 0.001;

struct Mean {
  int index = 0;
  std::string_view label;
  double score = 0;
};

}  // namespace

struct ClassSmoother::State {
  explicit State(const ClassSmootherOptions& given) : options(given) {}

  void sort_found(std::span<const Classification> found);
  void average(double weight);
  void order();
  void forget_all() {
    means.clear();
    answers.clear();
    clock.reset();
  }

  const ClassSmootherOptions options;
  live::FrameClock clock;
  std::vector<Mean> means;                    // by index
  std::vector<Mean> next;                     // what they become
  std::vector<const Classification*> sorted;  // what was found, by index
  std::vector<Classification> answers;
};

void ClassSmoother::State::sort_found(std::span<const Classification> found) {
  sorted.clear();
  for (const Classification& one : found)
    if (std::isfinite(one.score)) sorted.push_back(&one);
  std::sort(sorted.begin(), sorted.end(),
            [](auto* a, auto* b) { return a->index != b->index ? a->index < b->index : a < b; });
  const auto last = std::unique(sorted.begin(), sorted.end(), [](auto* a, auto* b) { return a->index == b->index; });
  sorted.erase(last, sorted.end());
}

// `weight`: of what was found; the rest is that of the past.
void ClassSmoother::State::average(double weight) {
  next.clear();
  auto known = means.begin();
  const auto fade_until = [&](auto is_reached) {
    for (; known != means.end() && !is_reached(known->index); ++known) {
      known->score -= known->score * weight;
      if (known->score >= kForgotten) next.push_back(*known);
    }
  };
  for (const Classification* one : sorted) {
    fade_until([&](int index) { return index >= one->index; });
    double mean = 0;
    if (known != means.end() && known->index == one->index) mean = known++->score;
    next.push_back({one->index, one->label, mean + (one->score - mean) * weight});
  }
  fade_until([](int) { return false; });
  means.swap(next);
}

void ClassSmoother::State::order() {
  const bool had_first = !answers.empty();
  const int first = had_first ? answers.front().index : 0;
  answers.clear();
  for (const Mean& mean : means) answers.push_back({mean.index, mean.label, static_cast<float>(mean.score)});
  std::sort(answers.begin(), answers.end(), [](const Classification& a, const Classification& b) {
    return a.score != b.score ? a.score > b.score : a.index < b.index;
  });
  if (!had_first) return;
  const auto place = std::find_if(answers.begin(), answers.end(), [&](auto& one) { return one.index == first; });
  if (place != answers.end() && answers.front().score <= place->score + options.lead)
    std::rotate(answers.begin(), place, place + 1);
}

Result<ClassSmoother> ClassSmoother::create(const ClassSmootherOptions& options) try {
  if (!(options.half_life > 0 && options.half_life <= kMostSeconds))
    return failure(ErrorCode::invalid_argument, "half_life must be above 0 and at most ", kMostSeconds,
                   " seconds, not ", options.half_life);
  if (!(options.lead >= 0 && options.lead <= 1))
    return failure(ErrorCode::invalid_argument, "the lead of the first class must be from 0 to 1, not ", options.lead);
  return ClassSmoother(std::make_unique<State>(options));
} catch (...) {
  return caught("making a smoother of classes");
}

Result<std::span<const Classification>> ClassSmoother::update(std::span<const Classification> found, double seconds) &
    try {
  State& state = *state_;
  const bool first = !state.clock.runs();
  MOBILENET_TRY(const double passed, state.clock.advance(seconds));
  const double half_lives = passed / state.options.half_life;
  state.sort_found(found);
  state.average(first ? 1 : -std::expm1(-half_lives * std::numbers::ln2));  // 1 - 2^-x, exact where x is small
  state.order();
  return std::span<const Classification>(state.answers);
} catch (...) {
  state_->forget_all();
  return caught("smoothing classes");
}

void ClassSmoother::reset() { state_->forget_all(); }

ClassSmoother::ClassSmoother(std::unique_ptr<State> state) : state_(std::move(state)) {}
ClassSmoother::ClassSmoother(ClassSmoother&&) noexcept = default;
ClassSmoother& ClassSmoother::operator=(ClassSmoother&&) noexcept = default;
ClassSmoother::~ClassSmoother() = default;

}  // namespace mobilenet
