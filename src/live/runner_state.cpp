// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "live/runner_state.h"

#include <algorithm>
#include <utility>

#include "base/caught.h"
#include "base/error.h"
#include "base/neutral_thread.h"

namespace mobilenet {
namespace {

double milliseconds_between(RunnerState::Clock::time_point from, RunnerState::Clock::time_point to) {
  return std::chrono::duration<double, std::milli>(to - from).count();
}

}  // namespace

RunnerState::Job* RunnerState::oldest(Job::Stage stage) {
  Job* found = nullptr;
  for (Job& job : jobs)
    if (job.stage == stage && (found == nullptr || job.frame < found->frame)) found = &job;
  return found;
}

bool RunnerState::is_oldest(const Job& job) const {
  return std::none_of(jobs.begin(), jobs.end(),
                      [&job](const Job& other) { return other.stage != Job::Stage::free && other.frame < job.frame; });
}

bool RunnerState::is_idle() const {
  return std::all_of(jobs.begin(), jobs.end(), [](const Job& job) { return job.stage == Job::Stage::free; });
}

// For one more frame in flight; null: there is none.
RunnerState::Job* RunnerState::room() {
  const auto in_flight = std::count_if(jobs.begin(), jobs.end(), [](const Job& job) {
    return job.stage != Job::Stage::free && job.stage != Job::Stage::given_up;
  });
  return in_flight < options.frames_in_flight ? oldest(Job::Stage::free) : nullptr;
}

void RunnerState::free(Job& job) {
  job.stage = Job::Stage::free;
  freed.notify_one();
  turn.notify_all();
  if (is_idle()) answered.notify_all();
}

// Of a frame that nobody works on. Whoever calls predict() or cancel() may hold what a callback wants to lock, so
// callbacks are left to a thread of the Runner.
void RunnerState::give_up(Job& job, const Result<Prediction>& outcome) {
  if (job.pending != nullptr) {
    job.pending->answer = &outcome;
    answered.notify_all();
    return free(job);
  }
  job.stage = Job::Stage::given_up;
  job.outcome = &outcome;
  given_up.notify_one();
  freed.notify_one();
}

Result<void> RunnerState::predict(const ImageView& picture, FrameCallback callback, PendingState* pending) {
  if (is_left_behind()) return left_behind.error();
  std::unique_lock lock(mutex);
  ++counts_.given;
  Job* job = room();
  if (job == nullptr && !ending) {
    if (options.when_full == WhenFull::block) {
      if (in_callback()) return may_not_wait.error();
      ++waiting_for_room;
      freed.wait(lock, [&] { return ending || (job = room()) != nullptr; });
      if (--waiting_for_room == 0 && ending) answered.notify_all();
    } else {
      ++counts_.dropped;
      Job* const old = options.when_full == WhenFull::drop_oldest ? oldest(Job::Stage::waiting) : nullptr;
      // A callback that takes its time may keep all places taken by frames that nobody has been told about yet.
      if (old == nullptr || (old->pending == nullptr && oldest(Job::Stage::free) == nullptr))
        return was_dropped.error();
      give_up(*old, was_dropped);
      job = oldest(Job::Stage::free);
    }
  }
  if (ending) return was_cancelled.error();
  job->stage = Job::Stage::waiting;
  job->frame = next_frame++;
  job->picture = picture;
  job->callback = std::move(callback);
  job->pending = pending;
  job->given = Clock::now();
  if (pending != nullptr) pending->frame = job->frame;
  given.notify_one();
  return {};
}

void RunnerState::give_up_waiting(std::optional<std::uint64_t> frame) {
  for (Job& job : jobs)
    if (job.stage == Job::Stage::waiting && (!frame || job.frame == *frame)) {
      ++counts_.cancelled;
      give_up(job, was_cancelled);
    }
}

void RunnerState::cancel(std::optional<std::uint64_t> frame) {
  if (is_left_behind()) return;
  const std::lock_guard lock(mutex);
  give_up_waiting(frame);
}

Result<void> RunnerState::wait_idle() {
  if (is_left_behind()) return left_behind.error();
  std::unique_lock lock(mutex);
  if (in_callback()) return may_not_wait.error();
  answered.wait(lock, [this] { return is_idle(); });
  return {};
}

void RunnerState::start() {
  const SignalsBlocked blocked;
  start_thread(&RunnerState::tell_given_up, nullptr);
  for (Session& session : sessions) start_thread(&RunnerState::work, &session);
}

void RunnerState::start_thread(void (RunnerState::*run)(Session*), Session* session) {
  threads.emplace_back([self = shared_from_this(), run, session] {
    become_neutral();
    (self.get()->*run)(session);
  });
}

void RunnerState::end() {
  if (is_left_behind()) return;  // threads that are not here hold this as well, so nothing of it is ever destroyed
  std::unique_lock lock(mutex);
  ending = true;
  give_up_waiting(std::nullopt);
  for (std::condition_variable* changed : {&given, &given_up, &freed, &posted_changed_}) changed->notify_all();
  if (in_callback()) {
    // They may wait until the callback returns that we are in, but not before nobody reads pixels any more.
    answered.wait(lock, [this] { return oldest(Job::Stage::computing) == nullptr; });
    for (std::thread& thread : threads) thread.detach();
  } else {
    lock.unlock();
    for (std::thread& thread : threads) thread.join();
    lock.lock();
  }
  threads.clear();
  answered.wait(lock, [this] { return waiting_for_room == 0; });  // they still look at this
}

void RunnerState::work(Session* session) {
  std::unique_lock lock(mutex);
  for (;;) {
    Job* job = nullptr;
    given.wait(lock, [&] { return (job = oldest(Job::Stage::waiting)) != nullptr || ending; });
    if (job == nullptr) return;
    job->stage = Job::Stage::computing;
    lock.unlock();
    const Result<Prediction> answer = compute(*session, *job);
    if (job->pending != nullptr) keep(*job->pending, answer);
    lock.lock();
    count(answer);
    job->stage = Job::Stage::answered;
    if (ending) answered.notify_all();
    if (job->pending != nullptr) {  // whoever waits for it waits for no callback
      job->pending->answer = &*job->pending->own;
      answered.notify_all();
      free(*job);
    } else {
      deliver(lock, *job, answer);
    }
  }
}

// At once, between two callbacks, even while frames before them are computed: their pixels are wanted back.
void RunnerState::tell_given_up(Session*) {
  std::unique_lock lock(mutex);
  for (;;) {
    Job* job = nullptr;
    given_up.wait(lock, [&] { return (job = oldest(Job::Stage::given_up)) != nullptr || ending; });
    if (job == nullptr) return;
    deliver(lock, *job, *job->outcome);
  }
}

Result<Prediction> RunnerState::compute(Session& session, const Job& job) const try {
  Prediction answer;
  answer.frame = job.frame;
  answer.picture = job.picture;
  answer.waited = milliseconds_between(job.given, Clock::now());
  switch (task) {
    case Task::classify: {
      MOBILENET_TRY(answer.classes, session.classify(job.picture));
      break;
    }
    case Task::detect: {
      MOBILENET_TRY(answer.objects, session.detect(job.picture));
      break;
    }
    case Task::segment: {
      MOBILENET_TRY(answer.segmentation, session.segment(job.picture));
      break;
    }
    case Task::features:
    case Task::run: {
      MOBILENET_TRY(answer.features, session.features(job.picture));
      break;
    }
  }
  answer.timing = session.timing();
  answer.latency = milliseconds_between(job.given, Clock::now());
  return answer;
} catch (...) {
  return caught("a frame");
}

void RunnerState::deliver(std::unique_lock<std::mutex>& lock, Job& job, const Result<Prediction>& answer) {
  const bool in_turn = job.stage == Job::Stage::answered && options.order == ResultOrder::as_given;
  turn.wait(lock, [&] { return !delivering && (!in_turn || is_oldest(job)); });
  delivering = true;
  callback_thread = std::this_thread::get_id();
  FrameCallback callback = std::move(job.callback);
  lock.unlock();
  if (options.callbacks != nullptr) {
    call_elsewhere(callback, answer);
  } else {
    call(callback, answer);
  }
  callback = {};  // what it held may end the Runner, or call it
  lock.lock();
  delivering = false;
  free(job);
}

void RunnerState::call(FrameCallback& callback, const Result<Prediction>& answer) {
  try {
    callback(answer);
  } catch (...) {
    const std::lock_guard lock(mutex);
    ++counts_.callback_errors;
  }
}

// The thread that ends a Runner may be the one on which the executor would run this: a task that has not begun by then
// is taken back, and finds nothing when it is run.
void RunnerState::call_elsewhere(FrameCallback& callback, const Result<Prediction>& answer) {
  std::unique_lock lock(mutex);
  if (!ending) {
    posted_ = {&callback, &answer, false};
    self_ = shared_from_this();
    lock.unlock();
    bool refused = false;
    try {
      options.callbacks->post([](void* context) { static_cast<RunnerState*>(context)->run_posted(); }, this);
    } catch (...) {
      refused = true;
    }
    lock.lock();
    if (refused) {
      ++counts_.callback_errors;
      self_ = nullptr;
    } else {
      posted_changed_.wait(lock, [this] { return posted_.done || (ending && posted_.callback != nullptr); });
    }
    if (posted_.done) return;
    posted_.callback = nullptr;
  }
  callback_thread = std::this_thread::get_id();
  lock.unlock();
  call(callback, answer);  // somebody must tell whose frame it is
}

void RunnerState::run_posted() {
  std::shared_ptr<RunnerState> alive;  // longer than the lock
  std::unique_lock lock(mutex);
  alive = std::move(self_);
  FrameCallback* const callback = std::exchange(posted_.callback, nullptr);
  if (callback == nullptr) return;
  callback_thread = std::this_thread::get_id();
  lock.unlock();
  call(*callback, *posted_.answer);
  lock.lock();
  callback_thread = {};  // this one may wait again
  posted_.done = true;
  posted_changed_.notify_all();
}

void RunnerState::count(const Result<Prediction>& answer) {
  if (!answer) {
    ++counts_.failed;
    return;
  }
  answers_[counts_.answered % answers_.size()] = {Clock::now(), answer->latency, answer->waited, answer->timing};
  ++counts_.answered;
}

RunnerStatistics RunnerState::statistics() const {
  if (is_left_behind()) return {};
  const std::lock_guard lock(mutex);
  RunnerStatistics result = counts_;
  const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(counts_.answered, answers_.size()));
  if (count == 0) return result;
  std::array<double, std::tuple_size_v<decltype(answers_)>> latencies{};
  for (std::size_t i = 0; i < count; ++i) {
    const Answered& one = answers_[i];
    latencies[i] = one.latency;
    result.waited += one.waited;
    result.timing.preprocess += one.timing.preprocess;
    result.timing.network += one.timing.network;
    result.timing.postprocess += one.timing.postprocess;
  }
  const auto all = static_cast<double>(count);
  for (double* sum : {&result.waited, &result.timing.preprocess, &result.timing.network, &result.timing.postprocess})
    *sum /= all;
  const auto percentile = [&](std::size_t percent) {
    const auto place = latencies.begin() + static_cast<std::ptrdiff_t>((count - 1) * percent / 100);
    std::nth_element(latencies.begin(), place, latencies.begin() + static_cast<std::ptrdiff_t>(count));
    return *place;
  };
  result.latency_p50 = percentile(50);
  result.latency_p99 = percentile(99);
  if (count > 1) {
    // Over the answers of the last second, or the last two where they are rarer.
    const auto nth = [&](std::size_t back) { return answers_[(counts_.answered - 1 - back) % answers_.size()].when; };
    std::size_t back = 1;
    while (back + 1 < count && nth(0) - nth(back) < std::chrono::seconds(1)) ++back;
    result.frames_a_second = 1000 * static_cast<double>(back) / std::max(milliseconds_between(nth(back), nth(0)), 1e-3);
  }
  return result;
}

PendingState* RunnerState::take_pending() {
  std::unique_lock lock(mutex);
  if (free_pending.empty()) {
    free_pending.reserve(all_pending.size() + 1);  // so that giving it back cannot fail
    all_pending.push_back(std::make_unique<PendingState>());
    free_pending.push_back(all_pending.back().get());
  }
  PendingState* const pending = free_pending.back();
  free_pending.pop_back();
  pending->runner = shared_from_this();
  pending->answer = nullptr;
  return pending;
}

void RunnerState::give_pending_back(PendingState* pending) {
  const std::shared_ptr<RunnerState> last = std::move(pending->runner);  // this may go when we return
  const std::lock_guard lock(mutex);
  free_pending.push_back(pending);
}

void RunnerState::keep(PendingState& pending, const Result<Prediction>& answer) {
  try {
    pending.own.emplace(answer ? Result<Prediction>(pending.kept.keep(*answer)) : answer);
  } catch (...) {
    pending.own.emplace(caught("the answer to a frame"));
  }
}

}  // namespace mobilenet
