// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Runner: the frames of a camera or a video through one Model, several at the same time: while the network runs on one,
// the next is being prepared and the last is being answered. An optional part of the library, the CMake target
// mobilenet::live.
//
//   auto runner = mobilenet::Runner::create(model, {.when_full = mobilenet::WhenFull::drop_oldest}).value();
//   camera.on_frame([&](Frame frame) {
//     runner.predict(frame.view(), [frame](const mobilenet::Result<mobilenet::Prediction>& answer) { ... });
//   });

#include <mobilenet/export.h>
#include <mobilenet/image.h>
#include <mobilenet/model.h>
#include <mobilenet/result.h>
#include <mobilenet/results.h>
#include <mobilenet/session.h>
#include <mobilenet/tensor.h>

#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <span>
#include <type_traits>
#include <utility>

namespace mobilenet {

// What predict() does when as many frames are in flight as may be.
enum class WhenFull : std::uint8_t {
  block,        // waits until one is answered
  drop_oldest,  // gives up the oldest that nobody works on yet; there is none, or callbacks lag behind: the new one
  drop_newest,  // gives up the new one
};

enum class ResultOrder : std::uint8_t {
  as_given,  // in the order of predict()
  as_ready,
};

// What is known of a frame. Views are valid during the callback, or as long as the Pending lives.
struct Prediction {
  std::uint64_t frame = 0;                       // 0, 1, ... in the order of predict()
  ImageView picture;                             // as it was given
  std::span<const Classification> classes = {};  // of classifiers
  std::span<const Detection> objects = {};       // of detectors
  Segmentation segmentation = {};                // of segmenters
  std::span<const TensorView> features = {};     // with SessionOptions::layers, one tensor a layer, and nothing else
  Timing timing = {};
  double waited = 0;   // milliseconds from predict() until somebody began with it
  double latency = 0;  // milliseconds from predict() until its answer was there
};

// Called once for every frame that predict() took, with its Prediction or with what went wrong: ErrorCode::cancelled
// when it was dropped, cancelled, or its Runner ended. Until then the frame's pixels are read where they lie, and from
// then on nobody reads them. It is kept without an allocation, so it may hold as much as 64 bytes; larger things belong
// behind a pointer. Of an empty std::function or a null pointer it is empty, which predict() refuses.
class FrameCallback {
 public:
  static constexpr std::size_t kBytes = 64;

  FrameCallback() = default;
  template <class Call>
  requires(!std::same_as<std::decay_t<Call>, FrameCallback> &&
           std::invocable<std::decay_t<Call>&, const Result<Prediction>&>) FrameCallback(Call&& call) {
    using Kept = std::decay_t<Call>;
    static_assert(sizeof(Kept) <= kBytes && alignof(Kept) <= alignof(std::max_align_t),
                  "a FrameCallback holds up to 64 bytes: capture a pointer to what is larger");
    static_assert(std::is_nothrow_move_constructible_v<Kept>, "what a FrameCallback holds must move without throwing");
    if constexpr (std::is_constructible_v<Kept, std::nullptr_t> && requires(const Kept& kept) { kept == nullptr; }) {
      if (static_cast<const Kept&>(call) == nullptr) return;
    }
    new (&kept_) Kept(std::forward<Call>(call));
    call_ = [](void* kept, const Result<Prediction>& answer) { (*static_cast<Kept*>(kept))(answer); };
    move_ = [](void* from, void* to) noexcept {
      if (to != nullptr) new (to) Kept(std::move(*static_cast<Kept*>(from)));
      static_cast<Kept*>(from)->~Kept();
    };
  }
  FrameCallback(FrameCallback&& other) noexcept { take(other); }
  FrameCallback& operator=(FrameCallback&& other) noexcept {
    if (this == &other) return *this;
    clear();
    take(other);
    return *this;
  }
  ~FrameCallback() { clear(); }

  explicit operator bool() const { return call_ != nullptr; }
  void operator()(const Result<Prediction>& answer) { call_(&kept_, answer); }

 private:
  void take(FrameCallback& other) noexcept {
    call_ = std::exchange(other.call_, nullptr);
    move_ = std::exchange(other.move_, nullptr);
    if (move_ != nullptr) move_(&other.kept_, &kept_);
  }
  void clear() noexcept {
    if (move_ != nullptr) move_(&kept_, nullptr);
    call_ = nullptr, move_ = nullptr;
  }

  void (*call_)(void*, const Result<Prediction>&) = nullptr;
  void (*move_)(void*, void*) noexcept = nullptr;
  alignas(std::max_align_t) std::byte kept_[kBytes];
};

// Where callbacks run, given by the application: its event loop, or a thread of its own.
class CallbackExecutor {
 public:
  virtual ~CallbackExecutor() = default;
  // Runs task(context) once, now or later, on any thread. A thread of the Runner waits until that has returned, because
  // the answer lies in its memory. One task of a Runner is posted at a time. The thread that runs them may end the
  // Runner: a task that has not begun by then does nothing, and its callback runs on a thread of the Runner.
  virtual void post(void (*task)(void* context), void* context) = 0;
};

struct RunnerOptions {
  SessionOptions session = {};  // with `layers`: the answers are features
  int frames_in_flight = 3;     // 1 to 64
  WhenFull when_full = WhenFull::block;
  ResultOrder order = ResultOrder::as_given;
  CallbackExecutor* callbacks = nullptr;  // must outlive the Runner; none: callbacks run on the Runner's threads
};

// Since the Runner was made. The last five are of the last 1024 answers at most.
struct RunnerStatistics {
  std::uint64_t given = 0;                  // to predict(), dropped ones included
  std::uint64_t answered = 0;               // with a Prediction
  std::uint64_t failed = 0;                 // with another error than `cancelled`
  std::uint64_t dropped = 0;                // because too many were in flight
  std::uint64_t cancelled = 0;              // by cancel(), a Pending, or the Runner's end
  std::uint64_t callback_errors = 0;        // callbacks that threw, which nobody hears of otherwise
  double frames_a_second = 0;               // answers, over the last of these frames
  double latency_p50 = 0, latency_p99 = 0;  // milliseconds from predict() until an answer
  double waited = 0;                        // milliseconds on average, as in Prediction
  Timing timing = {};                       // milliseconds on average
};

struct RunnerState;
struct PendingState;
class [[nodiscard]] Pending;  // gcc takes no second attribute where the class is exported

// A frame's answer that is still to come. It holds a copy of the answer, in memory that the Runner uses again and
// again. It may outlive its Runner. One that was moved from may only be destroyed or assigned to. In a child of fork()
// every one is ready, with the answer that was there or with an error.
class MOBILENET_API Pending {
 public:
  Pending(Pending&&) noexcept;
  Pending& operator=(Pending&&) noexcept;
  // Cancels the frame, or waits where somebody works on it: from here on nobody reads its pixels.
  ~Pending();

  bool ready() const;
  // Waits for the answer, which is valid as long as this lives. Not in a callback of the same Runner.
  const Result<Prediction>& wait() const&;
  const Result<Prediction>& wait() const&& = delete;
  // The same for so long at most; null: not yet.
  const Result<Prediction>* wait_for(std::chrono::milliseconds time) const&;
  const Result<Prediction>* wait_for(std::chrono::milliseconds time) const&& = delete;
  // The answer becomes ErrorCode::cancelled, unless somebody works on the frame already.
  void cancel();

 private:
  friend class Runner;
  explicit Pending(PendingState* state) : state_(state) {}
  void release();
  PendingState* state_;
};

// Any number of threads may call any of these at the same time. One that was moved from may only be destroyed or
// assigned to. Runners of one Model share its weights; all Runners and Sessions of a process share the library's
// threads, and so the cores.
//
// Callbacks run one at a time, on threads of the Runner or where `callbacks` puts them, never inside predict() or
// cancel(), and in the frames' order unless that is as_ready. Those of frames that were dropped or cancelled do not
// wait for the answers of frames before them. A callback may call everything but wait_idle() and a predict() that would
// block, which are refused. What it throws is counted.
//
// In a child of fork() a Runner of the parent may only be destroyed; calls do nothing, or say so.
class MOBILENET_API Runner {
 public:
  // On the CPU as many frames are computed at the same time as there are threads for the session; on other devices all
  // that are in flight. Memory for them is taken here; after the first frames of a size nothing is allocated any more.
  static Result<Runner> create(const Model& model, const RunnerOptions& options = {});
  Runner(Runner&&) noexcept;
  Runner& operator=(Runner&&) noexcept;
  // Cancels what nobody works on yet, waits for the rest and for all callbacks. In one of its own callbacks it waits
  // until no frame's pixels are read any more; the callbacks that are due then run after this one has returned.
  ~Runner();

  // Takes the frame, or says why not (the callback is then not called): `cancelled` when it is dropped.
  Result<void> predict(const ImageView& frame, FrameCallback callback);
  // With this orientation instead of the view's.
  Result<void> predict(const ImageView& frame, Orientation orientation, FrameCallback callback);
  Result<Pending> predict(const ImageView& frame);
  // Pixels that are gone when the call returns.
  Result<void> predict(const Image&& frame, FrameCallback callback) = delete;
  Result<void> predict(const Image&& frame, Orientation orientation, FrameCallback callback) = delete;
  Result<Pending> predict(const Image&& frame) = delete;

  // Of all frames that nobody works on yet. Their callbacks are still to come.
  void cancel();
  // Until all frames are answered and their callbacks have returned.
  Result<void> wait_idle();

  RunnerStatistics statistics() const;
  const ModelInfo& info() const;  // the model's
  std::string_view device() const;
  std::string_view isa() const;
  Precision precision() const;

 private:
  explicit Runner(std::shared_ptr<RunnerState> state);
  void end();
  std::shared_ptr<RunnerState> state_;
};

}  // namespace mobilenet
