// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "cli/frames/frame_loop.h"

#include <exception>
#include <memory>
#include <utility>

namespace mobilenet::cli {

// The frames in flight, whose pixels the Runner reads where they are.
struct FrameLoop::Slots {
  explicit Slots(std::size_t count) : frames(count) {
    for (std::size_t i = 0; i < count; ++i) free.push_back(i);
  }

  // Waits for a place; none: the loop is to end.
  std::optional<std::size_t> take() {
    std::unique_lock lock(mutex);
    freed.wait(lock, [this] { return stopped || failure || !free.empty(); });
    if (stopped || failure) return std::nullopt;
    const std::size_t slot = free.back();
    free.pop_back();
    return slot;
  }

  void give_back(std::size_t slot, std::optional<Error> error = {}) {
    frames[slot] = {};  // the decoder may have its pixels again
    const std::lock_guard lock(mutex);
    free.push_back(slot);
    if (error && !failure) failure = std::move(error);
    freed.notify_one();
  }

  std::mutex mutex;
  std::condition_variable freed;
  std::vector<VideoFrame> frames;
  std::vector<std::size_t> free;
  std::optional<Error> failure;  // the first
  bool stopped = false;
};

FrameLoop::FrameLoop(Runner runner, const Options& options)
    : options_(options),
      // One more is read while the others are in flight, one waits for a place among them, and of as many as are in
      // flight it may not be known yet that they were dropped.
      slots_(std::make_unique<Slots>(2 * static_cast<std::size_t>(options.runner.frames_in_flight) + 2)),
      runner_(std::move(runner)) {}

FrameLoop::FrameLoop(FrameLoop&&) noexcept = default;
FrameLoop::~FrameLoop() = default;

Result<FrameLoop> FrameLoop::create(const Model& model, const Options& options) {
  auto runner = Runner::create(model, options.runner);
  if (!runner) return runner.error();
  return FrameLoop(*std::move(runner), options);
}

Result<void> FrameLoop::run(VideoReader& reader, const AnswerFrame& answer,
                            const std::function<bool(const VideoFrame&)>& ready) {
  Slots& slots = *slots_;
  std::optional<Error> read_error;
  while (options_.frames == 0 || frames_ < options_.frames) {
    const auto slot = slots.take();
    if (!slot) break;
    VideoFrame& frame = slots.frames[*slot];
    const auto read = reader.next(frame);
    if (!read) read_error = read.error();
    if (!read || !*read || (ready && !ready(frame))) {
      slots.give_back(*slot);
      break;
    }
    ++frames_;
    ImageView view = frame.view();
    if (options_.orientation) view.orientation = *options_.orientation;
    const auto taken = runner_.predict(view, [&slots, &answer, slot = *slot](const Result<Prediction>& prediction) {
      const bool dropped = !prediction && prediction.error().code == ErrorCode::cancelled;
      std::optional<Error> failure;
      try {
        if (!dropped)
          if (auto done = answer(slots.frames[slot], prediction); !done) failure = done.error();
      } catch (const std::exception& error) {  // a Runner would only count it
        failure = Error{ErrorCode::out_of_memory, error.what()};
      }
      slots.give_back(slot, std::move(failure));
    });
    if (taken) continue;
    if (taken.error().code != ErrorCode::cancelled) {
      slots.give_back(*slot, taken.error());
      break;
    }
    slots.give_back(*slot);  // all in flight are worked on, and this one is left out
  }
  if (auto idle = runner_.wait_idle(); !idle) return idle;
  const std::lock_guard lock(slots.mutex);
  if (slots.failure) return *slots.failure;
  if (read_error) return *read_error;
  return {};
}

void FrameLoop::stop(VideoReader& reader) {
  {
    const std::lock_guard lock(slots_->mutex);
    slots_->stopped = true;
    slots_->freed.notify_all();
  }
  reader.interrupt();
}

}  // namespace mobilenet::cli
