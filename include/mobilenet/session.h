// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Session: the memory and the command stream of one caller. Not thread-safe; make one per thread from a shared Model.
//
// Opening a session compiles the network for one picture. The first call with another batch size, or another input size
// of run(), compiles for it, and the first pictures of a new size, orientation or pixel format let tables grow; after
// that a call allocates nothing. What the last eight batch and input sizes of each kind of call took is kept until
// release_memory().
//
// A session that was moved from may only be destroyed or assigned to.

#include <mobilenet/device.h>
#include <mobilenet/export.h>
#include <mobilenet/image.h>
#include <mobilenet/preprocess.h>
#include <mobilenet/result.h>
#include <mobilenet/results.h>
#include <mobilenet/tensor.h>
#include <mobilenet/threads.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mobilenet {

struct ModelInfo;
struct SessionState;

enum class Pooling { none, average };

// How a detector's raw boxes become objects, where it is not to be as the model says. max_detections and the
// score_threshold of SessionOptions belong to it too.
struct SuppressionOptions {
  std::optional<float> iou_threshold = {};   // boxes that overlap more are one object
  std::optional<int> max_per_class = {};     // objects; only models that suppress class by class have this limit
  std::vector<float> class_thresholds = {};  // one per class, where larger than the score threshold; empty: the model's
};

struct SessionOptions {
  Device device = Device::cpu;
  Precision precision = Precision::automatic;
  // The most threads to compute on, up to kMostThreads; 0: one per physical core that the process may use. Sessions
  // that work at the same time share the cores.
  int threads = 0;
  // Compiles and computes on these threads, and on no more than it has, in place of the library's, none of which is
  // started then; must outlive the session.
  Executor* executor = nullptr;
  // Microseconds that the library's threads stay awake when they wait, for each other or for the next call; 0 saves
  // power. Longer makes frames that follow at once a little faster. Up to a second.
  int spin_us = kUsualSpin;
  // Network input size, both or neither; 0: the model's own. Weights-only models accept any size, graph files only
  // their own, unless they leave it free.
  int input_height = 0;
  int input_width = 0;
  std::optional<PreprocessPolicy> preprocess = {};  // instead of the model's own geometry and filter
  int top = 5;                                      // classes per answer of a classifier
  // Classifiers and detectors: scores below are left out; none: 0.5 for detectors, 0 for classifiers. A detector's own
  // threshold holds too.
  std::optional<float> score_threshold = {};
  // Objects per picture; none: the model's own limit, which is often 10. More come from the network's raw boxes.
  std::optional<int> max_detections = {};
  // Classifiers and detectors: only these classes, without those, by index or label (of all classes that have it; its
  // case matters only where labels differ in nothing else). They are chosen before `top` and `max_detections` count.
  std::vector<int> classes{};  // of both lists empty: all
  std::vector<std::string> class_names{};
  std::vector<int> excluded_classes{};
  std::vector<std::string> excluded_class_names{};
  SuppressionOptions suppression = {};
  // Segmenters: also compute the probability of every class at every pixel.
  bool probabilities = false;
  // What features() returns, by layer name, in this order.
  std::vector<std::string> layers = {};
  Pooling pooling = Pooling::none;
  // Inner tensors that run() returns after the network's outputs, by tensor or layer name.
  std::vector<std::string> tensors = {};
  // The most bytes that tensors, working memory and the model's packed weights may take for one input shape, the batch
  // included; more is refused before it is touched. 0: 4 GiB, or half of what the process may use where that is less.
  std::uint64_t max_memory_bytes = 0;
  // Time every step; costs a clock reading per step.
  bool profile = false;
};

struct StepTime {
  std::string_view name;  // of the last operator in the step
  std::string_view kind;  // "convolution", "depthwise", ...
  double milliseconds = 0;
};

class MOBILENET_API Session {
 public:
  Session(Session&&) noexcept;
  Session& operator=(Session&&) noexcept;
  ~Session();

  // Best first. The span stays valid until the next call on this session.
  Result<std::span<const Classification>> classify(const ImageView& image) &;
  Result<std::span<const Classification>> classify(const ImageView& image) && = delete;  // a temporary would dangle

  // One answer per picture, in order, computed as one batch.
  Result<std::span<const std::span<const Classification>>> classify(std::span<const ImageView> images) &;
  Result<std::span<const std::span<const Classification>>> classify(std::span<const ImageView> images) && = delete;
  Result<std::span<const std::span<const Classification>>> classify(std::span<const Image> images) &;
  Result<std::span<const std::span<const Classification>>> classify(std::span<const Image> images) && = delete;

  // Best first. The span stays valid until the next call on this session.
  Result<std::span<const Detection>> detect(const ImageView& image) &;
  Result<std::span<const Detection>> detect(const ImageView& image) && = delete;
  // One answer per picture, in order, computed as one batch.
  Result<std::span<const std::span<const Detection>>> detect(std::span<const ImageView> images) &;
  Result<std::span<const std::span<const Detection>>> detect(std::span<const ImageView> images) && = delete;
  Result<std::span<const std::span<const Detection>>> detect(std::span<const Image> images) &;
  Result<std::span<const std::span<const Detection>>> detect(std::span<const Image> images) && = delete;

  // The mask of a picture, at the picture's own size. The spans inside stay valid until the next call.
  Result<Segmentation> segment(const ImageView& image) &;
  Result<Segmentation> segment(const ImageView& image) && = delete;

  // One tensor per name in SessionOptions::layers; axis 0 = pictures. In the layout and type of the source framework.
  Result<std::span<const TensorView>> features(std::span<const ImageView> images) &;
  Result<std::span<const TensorView>> features(std::span<const ImageView> images) && = delete;
  Result<std::span<const TensorView>> features(const ImageView& image) &;
  Result<std::span<const TensorView>> features(const ImageView& image) && = delete;
  Result<std::span<const TensorView>> features(std::span<const Image> images) &;
  Result<std::span<const TensorView>> features(std::span<const Image> images) && = delete;

  // Raw tensors in, raw tensors out: the network's outputs, then SessionOptions::tensors. Inputs follow the order of
  // ModelInfo::inputs, in their type and layout; axis 0, the batch, is free.
  Result<std::span<const TensorView>> run(std::span<const TensorView> inputs) &;
  Result<std::span<const TensorView>> run(std::span<const TensorView> inputs) && = delete;

  // The same into memory of the caller: a buffer for every output, each of exactly its size, written when it returns.
  // Tensors in device memory are `unsupported` where the device does not take it, or the model's axes are to be put in
  // another order (channels first).
  Result<void> run(std::span<const TensorView> inputs, std::span<const TensorBuffer> outputs) &;

  // The network's input as the pictures become it: the tensor that run() takes. For those who compare or debug.
  Result<TensorView> preprocess(std::span<const ImageView> images) &;
  Result<TensorView> preprocess(std::span<const ImageView> images) && = delete;
  Result<TensorView> preprocess(const ImageView& image) &;
  Result<TensorView> preprocess(const ImageView& image) && = delete;

  // Gives back the memory of all batch and input sizes met so far, as after a large batch. All answers end; the next
  // call compiles anew. The weights stay, as they belong to the Model.
  void release_memory();

  // The model's, and a decision more where this session computes in another precision than it began with; valid as long
  // as the session.
  const ModelInfo& info() const;
  int input_height() const;  // of the network, in pixels
  int input_width() const;
  const Timing& timing() const;
  std::span<const StepTime> step_times() const;  // of the last call; empty without SessionOptions::profile
  std::string_view isa() const;                  // "avx512", ..., "scalar" for reference
  std::string_view device() const;
  // What really runs: f32, f16, bf16x3, bf16, or int8 for integers of any width. Of `automatic` it is what answers are
  // computed in; run() and features() then compute in `source`. The first call with numbers
  // inside the network that f16, bf16x3 or bf16 do not hold is computed again in f32, as all further ones are: beyond
  // 65504 in f16, infinite in bf16x3, and below 6.1e-5 a whole layer long inside the blocks of bf16.
  Precision precision() const;
  int threads() const;

 private:
  friend class Model;
  explicit Session(std::unique_ptr<SessionState> state);
  std::unique_ptr<SessionState> state_;
};

}  // namespace mobilenet
