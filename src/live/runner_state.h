// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// What a Runner and its threads share: the frames in flight, the workers, each with a Session of its own, the thread
// that tells of frames that were given up, and the turns in which callbacks run.

#include <mobilenet/runner.h>
#include <sys/types.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "live/kept_answer.h"

namespace mobilenet {

// A Pending's answer, used again and again. It keeps its Runner's state alive while somebody holds it.
struct PendingState {
  std::shared_ptr<RunnerState> runner;
  std::uint64_t frame = 0;
  const Result<Prediction>* answer = nullptr;  // null: not yet; `own`, or one of the Runner's
  KeptAnswer kept;
  std::optional<Result<Prediction>> own;
};

struct RunnerState : std::enable_shared_from_this<RunnerState> {
  using Clock = std::chrono::steady_clock;

  RunnerState(Model network, const RunnerOptions& wishes, Task what)
      : model(std::move(network)), options(wishes), task(what) {}

  // A frame, from predict() until its callback has returned. All stages but the first and the last are in flight.
  struct Job {
    enum class Stage { free, waiting, computing, answered, given_up };
    Stage stage = Stage::free;
    std::uint64_t frame = 0;
    ImageView picture;  // its pixels are read while `computing`
    FrameCallback callback;
    PendingState* pending = nullptr;              // in place of a callback
    const Result<Prediction>* outcome = nullptr;  // when `given_up`
    Clock::time_point given;
  };

  Result<void> predict(const ImageView& picture, FrameCallback callback, PendingState* pending);
  // Cancels the frame of this number, or all, unless somebody works on them.
  void cancel(std::optional<std::uint64_t> frame);
  Result<void> wait_idle();
  RunnerStatistics statistics() const;
  void start();
  void end();

  // Pending answers.
  PendingState* take_pending();
  void give_pending_back(PendingState* pending);
  bool in_callback() const { return delivering && callback_thread == std::this_thread::get_id(); }

  // In a child of fork(): no thread of the Runner is there, and one may have held the mutex, which is left alone then.
  bool is_left_behind() const { return process != getpid(); }

  const Model model;
  const RunnerOptions options;
  const Task task;
  const pid_t process = getpid();
  std::vector<Session> sessions;     // one a worker
  std::vector<std::thread> threads;  // the workers, and who tells of frames that were given up

  mutable std::mutex mutex;
  std::condition_variable given, given_up, freed, turn, answered;
  std::vector<Job> jobs;  // twice as many as may be in flight: given up ones wait until a running callback returns
  std::uint64_t next_frame = 0;
  bool delivering = false;          // a callback runs,
  std::thread::id callback_thread;  // here
  bool ending = false;
  int waiting_for_room = 0;  // callers in predict()
  std::vector<std::unique_ptr<PendingState>> all_pending;
  std::vector<PendingState*> free_pending;

  const Result<Prediction> was_dropped =
      Error{ErrorCode::cancelled, "frame dropped"};  // so short that predict() allocates nothing for it
  const Result<Prediction> was_cancelled = Error{ErrorCode::cancelled, "the frame was cancelled"};
  const Result<Prediction> may_not_wait =
      Error{ErrorCode::invalid_argument, "a callback cannot wait for its own Runner, which waits for the callback"};
  const Result<Prediction> left_behind = Error{
      ErrorCode::invalid_argument, "this Runner's threads are not in a child of fork(): make another Runner here"};

 private:
  struct Answered {
    Clock::time_point when;
    double latency = 0, waited = 0;
    Timing timing;
  };

  void start_thread(void (RunnerState::*run)(Session*), Session* session);
  void work(Session* session);
  void tell_given_up(Session*);
  Result<Prediction> compute(Session& session, const Job& job) const;
  void keep(PendingState& pending, const Result<Prediction>& answer);
  void deliver(std::unique_lock<std::mutex>& lock, Job& job, const Result<Prediction>& answer);
  void call(FrameCallback& callback, const Result<Prediction>& answer);
  void call_elsewhere(FrameCallback& callback, const Result<Prediction>& answer);
  void run_posted();
  void count(const Result<Prediction>& answer);
  void give_up(Job& job, const Result<Prediction>& outcome);
  void give_up_waiting(std::optional<std::uint64_t> frame);
  void free(Job& job);
  Job* oldest(Job::Stage stage);
  Job* room();
  bool is_oldest(const Job& job) const;
  bool is_idle() const;

  // The callback that the executor is asked to run, on which the worker that has its answer waits.
  struct Posted {
    FrameCallback* callback = nullptr;  // null: begun, or nobody's any more
    const Result<Prediction>* answer = nullptr;
    bool done = false;
  };
  Posted posted_;
  std::condition_variable posted_changed_;
  std::shared_ptr<RunnerState> self_;  // as long as the executor has a task

  RunnerStatistics counts_;
  std::array<Answered, 1024> answers_;  // a ring; the newest is number counts_.answered - 1
};

}  // namespace mobilenet
