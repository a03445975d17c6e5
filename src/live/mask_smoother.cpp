// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Masks whose pixels change their class only when another has come to stay.

#include <mobilenet/smoothing.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/caught.h"
#include "base/error.h"
#include "live/frame_clock.h"

namespace mobilenet {
namespace {

constexpr double kMostSeconds = 60 * 60;
constexpr std::size_t kClasses = 256;  // as many as a byte tells apart
// hold_seconds in ticks, so that the lead of a rival fits into a byte beside what one frame adds to it.
constexpr std::uint8_t kHoldTicks = 200;
constexpr std::size_t kBlock = 512;  // pixels that are looked at together

// What is remembered of pixels; each apart, so that a vector holds as many pixels as bytes.
struct Pixels {
  const std::uint8_t* shown;
  std::uint8_t* rival;  // the class that is about to be shown; where there is none, the one that is
  std::uint8_t* lead;   // ticks by which the rival has been there longer than others, since it first came
};

using Byte = std::uint8_t;
Byte all_bits_if(bool condition) { return condition ? Byte{255} : Byte{0}; }
Byte pick(Byte bits, Byte ones, Byte zeros) { return static_cast<Byte>((bits & ones) | (~bits & zeros)); }

// One frame of `count` pixels. `next`: the classes to be shown. True when one differs from `shown`. Without a branch
// and in bytes, so that the compiler makes vectors of it: GCC 12 takes 16 pixels at once.
bool settle(const std::uint8_t* found, const Pixels& pixels, std::uint8_t ticks, std::size_t count,
            std::uint8_t* next) {
  const Byte room = static_cast<Byte>(255 - ticks);
  Byte changed = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const Byte now = found[i], shown = pixels.shown[i], rival = pixels.rival[i], lead = pixels.lead[i];
    const Byte more = static_cast<Byte>((lead < room ? lead : room) + ticks);
    const Byte less = static_cast<Byte>((lead > ticks ? lead : ticks) - ticks);
    const Byte gains = all_bits_if(now == rival) & all_bits_if(now != shown);
    const Byte then = pick(gains, more, less);
    const Byte wins = all_bits_if(then >= kHoldTicks);
    const Byte open = all_bits_if(then == 0);  // to another rival
    next[i] = pick(wins, now, shown);
    pixels.rival[i] = pick(wins | open, now, rival);
    pixels.lead[i] = pick(wins, 0, then);
    changed |= static_cast<Byte>(next[i] ^ shown);
  }
  return changed != 0;
}

}  // namespace

struct MaskSmoother::State {
  explicit State(const MaskSmootherOptions& options) : hold_seconds(options.hold_seconds) {}

  void begin(const Segmentation& found);
  void go_on(std::span<const std::uint8_t> found, std::uint8_t ticks);
  std::uint8_t ticks_until(double seconds);
  void list_classes(std::span<const SegmentClass> found);
  void forget_all() {
    shown.clear();
    clock.reset();
  }

  const double hold_seconds;
  live::FrameClock clock;
  double last_tick = 0;
  int width = 0, height = 0;
  std::vector<std::uint8_t> shown, rival, lead;  // empty before the first frame
  std::array<std::int64_t, kClasses> counts{};   // pixels that show a class
  std::array<std::string_view, kClasses> labels{};
  std::vector<SegmentClass> classes;
};

void MaskSmoother::State::begin(const Segmentation& found) {
  width = found.width;
  height = found.height;
  shown.assign(found.mask.begin(), found.mask.end());
  rival = shown;
  lead.assign(shown.size(), 0);
  counts.fill(0);
  for (const std::uint8_t index : shown) ++counts[index];
}

void MaskSmoother::State::go_on(std::span<const std::uint8_t> found, std::uint8_t ticks) {
  std::array<std::uint8_t, kBlock> next;
  for (std::size_t begin = 0; begin < found.size(); begin += kBlock) {
    const std::size_t count = std::min(kBlock, found.size() - begin);
    if (!settle(&found[begin], {&shown[begin], &rival[begin], &lead[begin]}, ticks, count, next.data())) continue;
    for (std::size_t i = 0; i < count; ++i) {
      std::uint8_t& now = shown[begin + i];
      if (next[i] == now) continue;
      --counts[now];
      now = next[i];
      ++counts[now];
    }
  }
}

// Ticks of a clock that was not reset since the beginning, so that what rounding takes from one frame it gives the
// next.
std::uint8_t MaskSmoother::State::ticks_until(double seconds) {
  const double tick = std::round(seconds / hold_seconds * kHoldTicks);
  const double passed = tick - last_tick;
  last_tick = tick;
  return passed > 0 ? static_cast<std::uint8_t>(std::min(passed, 255.0))
                    : std::uint8_t{0};  // no number: times near 1e308
}

void MaskSmoother::State::list_classes(std::span<const SegmentClass> found) {
  for (const SegmentClass& one : found)
    if (one.index >= 0 && one.index < int{kClasses}) labels[one.index] = one.label;
  classes.clear();
  for (std::size_t index = 0; index < kClasses; ++index)
    if (counts[index] > 0) classes.push_back({static_cast<int>(index), labels[index], counts[index]});
  std::sort(classes.begin(), classes.end(), [](const SegmentClass& a, const SegmentClass& b) {
    return a.pixels != b.pixels ? a.pixels > b.pixels : a.index < b.index;
  });
}

Result<MaskSmoother> MaskSmoother::create(const MaskSmootherOptions& options) try {
  if (!(options.hold_seconds > 0 && options.hold_seconds <= kMostSeconds))
    return failure(ErrorCode::invalid_argument, "hold_seconds must be above 0 and at most ", kMostSeconds, ", not ",
                   options.hold_seconds);
  return MaskSmoother(std::make_unique<State>(options));
} catch (...) {
  return caught("making a smoother of masks");
}

Result<Segmentation> MaskSmoother::update(const Segmentation& found, double seconds) & try {
  State& state = *state_;
  if (found.width <= 0 || found.height <= 0 ||
      found.mask.size() / static_cast<std::size_t>(found.width) != static_cast<std::size_t>(found.height) ||
      found.mask.size() % static_cast<std::size_t>(found.width) != 0)
    return failure(ErrorCode::invalid_argument, "a mask of ", found.mask.size(), " pixels is none of ", found.width,
                   "x", found.height);
  MOBILENET_CHECK(state.clock.advance(seconds));
  const std::uint8_t ticks = state.ticks_until(seconds);
  if (state.shown.empty() || found.width != state.width || found.height != state.height)
    state.begin(found);
  else
    state.go_on(found.mask, ticks);
  state.list_classes(found.classes);
  return Segmentation{state.width, state.height, state.shown, state.classes, found.probabilities};
} catch (...) {
  state_->forget_all();
  return caught("smoothing a mask");
}

void MaskSmoother::reset() { state_->forget_all(); }

MaskSmoother::MaskSmoother(std::unique_ptr<State> state) : state_(std::move(state)) {}
MaskSmoother::MaskSmoother(MaskSmoother&&) noexcept = default;
MaskSmoother& MaskSmoother::operator=(MaskSmoother&&) noexcept = default;
MaskSmoother::~MaskSmoother() = default;

}  // namespace mobilenet
