// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include <mobilenet/runner.h>

#include <algorithm>
#include <utility>

#include "base/caught.h"
#include "base/error.h"
#include "live/runner_state.h"

namespace mobilenet {
namespace {

constexpr int kMostFrames = 64;
constexpr std::string_view kHere = "Runner";

// The task of these sessions, or why there is nothing to answer.
Result<Task> task_of(const ModelInfo& model, const SessionOptions& session) {
  if (!session.layers.empty()) return Task::features;
  if (model.task == Task::features || model.task == Task::run)
    return failure(ErrorCode::invalid_argument, model.source,
                   ": gives neither classes, objects nor a mask; name the layers that are wanted "
                   "(SessionOptions::layers)");
  return model.task;
}

Result<void> check(const RunnerOptions& options) {
  if (options.frames_in_flight < 1 || options.frames_in_flight > kMostFrames)
    return failure(ErrorCode::invalid_argument, "frames_in_flight is ", options.frames_in_flight, ", not 1 to ",
                   kMostFrames);
  switch (options.when_full) {
    case WhenFull::block:
    case WhenFull::drop_oldest:
    case WhenFull::drop_newest:
      break;
    default:
      return failure(ErrorCode::invalid_argument, "when_full is none of block, drop_oldest, drop_newest");
  }
  if (options.order != ResultOrder::as_given && options.order != ResultOrder::as_ready)
    return failure(ErrorCode::invalid_argument, "order is neither as_given nor as_ready");
  return {};
}

}  // namespace

Result<Runner> Runner::create(const Model& model, const RunnerOptions& options) try {
  MOBILENET_CHECK(check(options));
  MOBILENET_TRY(const Task task, task_of(model.info(), options.session));
  auto state = std::make_shared<RunnerState>(model, options, task);
  MOBILENET_TRY(Session first, model.session(options.session));
  // Sessions of the CPU share its cores, so more of them than there are threads would only wait; a GPU takes the frames
  // of several while it is busy with one.
  int workers = options.frames_in_flight;
  if (first.device() == name_of(Device::cpu)) workers = std::min(workers, first.threads());
  state->sessions.reserve(static_cast<std::size_t>(workers));
  state->sessions.push_back(std::move(first));
  while (state->sessions.size() < static_cast<std::size_t>(workers)) {
    MOBILENET_TRY(Session next, model.session(options.session));
    state->sessions.push_back(std::move(next));
  }
  state->jobs.resize(2 * static_cast<std::size_t>(options.frames_in_flight));
  state->threads.reserve(state->sessions.size() + 1);
  Runner runner(state);
  state->start();
  return runner;
} catch (...) {
  return caught(kHere);
}

Runner::Runner(std::shared_ptr<RunnerState> state) : state_(std::move(state)) {}
Runner::Runner(Runner&&) noexcept = default;

Runner& Runner::operator=(Runner&& other) noexcept {
  if (this == &other) return *this;
  end();
  state_ = std::move(other.state_);
  return *this;
}

Runner::~Runner() { end(); }

void Runner::end() {
  if (const auto state = std::move(state_)) state->end();
}

Result<void> Runner::predict(const ImageView& frame, FrameCallback callback) try {
  if (!callback) return failure(ErrorCode::invalid_argument, "a frame without a callback has nobody to answer to");
  return state_->predict(frame, std::move(callback), nullptr);
} catch (...) {
  return caught(kHere);
}

Result<void> Runner::predict(const ImageView& frame, Orientation orientation, FrameCallback callback) {
  ImageView turned = frame;
  turned.orientation = orientation;
  return predict(turned, std::move(callback));
}

Result<Pending> Runner::predict(const ImageView& frame) try {
  if (state_->is_left_behind()) return state_->left_behind.error();
  PendingState* const pending = state_->take_pending();
  if (auto taken = state_->predict(frame, {}, pending); !taken) {
    state_->give_pending_back(pending);
    return taken.error();
  }
  return Pending(pending);
} catch (...) {
  return caught(kHere);
}

void Runner::cancel() { state_->cancel(std::nullopt); }
Result<void> Runner::wait_idle() { return state_->wait_idle(); }
RunnerStatistics Runner::statistics() const { return state_->statistics(); }
const ModelInfo& Runner::info() const { return state_->model.info(); }
std::string_view Runner::device() const { return state_->sessions.front().device(); }
std::string_view Runner::isa() const { return state_->sessions.front().isa(); }
Precision Runner::precision() const { return state_->sessions.front().precision(); }

Pending::Pending(Pending&& other) noexcept : state_(std::exchange(other.state_, nullptr)) {}

Pending& Pending::operator=(Pending&& other) noexcept {
  if (this == &other) return *this;
  release();
  state_ = std::exchange(other.state_, nullptr);
  return *this;
}

Pending::~Pending() { release(); }

void Pending::release() {
  PendingState* const pending = std::exchange(state_, nullptr);
  if (pending == nullptr || pending->runner->is_left_behind()) return;
  RunnerState& runner = *pending->runner;
  runner.cancel(pending->frame);
  {
    std::unique_lock lock(runner.mutex);
    runner.answered.wait(lock, [pending] { return pending->answer != nullptr; });
  }
  runner.give_pending_back(pending);
}

bool Pending::ready() const {
  if (state_->runner->is_left_behind()) return true;
  const std::lock_guard lock(state_->runner->mutex);
  return state_->answer != nullptr;
}

const Result<Prediction>& Pending::wait() const& {
  RunnerState& runner = *state_->runner;
  if (runner.is_left_behind()) return state_->answer != nullptr ? *state_->answer : runner.left_behind;
  std::unique_lock lock(runner.mutex);
  if (state_->answer == nullptr && runner.in_callback()) return runner.may_not_wait;
  runner.answered.wait(lock, [this] { return state_->answer != nullptr; });
  return *state_->answer;
}

const Result<Prediction>* Pending::wait_for(std::chrono::milliseconds time) const& {
  RunnerState& runner = *state_->runner;
  if (runner.is_left_behind()) return state_->answer != nullptr ? state_->answer : &runner.left_behind;
  std::unique_lock lock(runner.mutex);
  if (state_->answer == nullptr && runner.in_callback()) return &runner.may_not_wait;
  runner.answered.wait_for(lock, time, [this] { return state_->answer != nullptr; });
  return state_->answer;
}

void Pending::cancel() { state_->runner->cancel(state_->frame); }

}  // namespace mobilenet
