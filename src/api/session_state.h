// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// What a Session holds: for every task that it can do the networks compiled for it, and the way of pictures through
// one.

#include <mobilenet/session.h>

#include <array>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "api/answers.h"
#include "api/edge_tensor.h"
#include "api/model_state.h"
#include "backend/backend.h"
#include "backend/host_ends.h"
#include "base/workers.h"
#include "preprocess/picture_input.h"

namespace mobilenet {

// A network compiled for one task and one set of input shapes, with this session's memory.
struct Compiled {
  std::vector<Shape> input_shapes;
  std::unique_ptr<Execution> execution;
  Claims claims;
  std::unique_ptr<HostAnswer> host_answer;  // null where the execution answers itself, or there is no answer
  std::variant<std::monostate, ClassAnswers, ObjectAnswers, MaskAnswer> answers;
  std::vector<PictureCall> pictures;  // of the last run
  // Of the tasks that show tensors.
  std::vector<EdgeTensor> edges;
  std::vector<TensorView> views;
  std::vector<TensorMemory> given, bound;  // inputs and outputs, in memory of the caller of one run

  // The end's answer to the last run.
  Result<RawAnswers> raw_answers(const Workers& workers);
  // The outputs of the last run as the source framework shows them.
  std::span<const TensorView> show_outputs();
  // The same for the first pictures of the batch.
  std::span<const TensorView> show_outputs_of(std::size_t shown);
};

// What one task wants to see of the network.
struct TaskState {
  std::vector<TensorId> outputs;  // empty: the model is not made for the task
  std::vector<std::string> names;
  std::vector<std::unique_ptr<Compiled>> compiled;  // one per set of input shapes met so far, the last used in front
};

// What a network is computed in.
struct Arithmetic {
  Precision precision = Precision::f32;
  std::shared_ptr<const Weights> weights;
};

struct SessionState {
  std::shared_ptr<const ModelState> model;
  std::optional<ModelInfo> info;  // the model's and a decision more, where this session made one
  SessionOptions options;
  const Backend* backend = nullptr;
  Arithmetic answers, tensors;  // of classes, boxes and masks, and of what is shown as it is
  int height = 0, width = 0;
  std::optional<PictureEnd> picture_end;
  std::optional<PictureInput> pictures;  // the same on the host
  Error no_pictures;                     // why those two are empty
  std::array<TaskState, 5> tasks;        // by Task
  std::string isa;
  Timing timing;
  Workers workers;  // of pictures and masks; a network brings its own
  const Execution* last = nullptr;
  std::vector<ImageView> views;  // of the decoded pictures of a call
  // preprocess() only
  std::vector<std::byte> input_nhwc, input_copy;
  std::vector<std::int64_t> input_axes;

  const Network& network() const { return model->loaded.network(); }
  const Tensor& tensor(TensorId id) const { return network().tensor(id); }
  const std::string& source() const { return model->info.source; }
  // Of the session as a whole: what its answers are computed in, where it has any.
  Precision precision() const;
  const Arithmetic& arithmetic_of(Task task) const {
    return task == Task::run || task == Task::features ? tensors : answers;
  }
  const TaskState& of(Task task) const { return tasks[static_cast<std::size_t>(task)]; }
  TaskState& of(Task task) { return tasks[static_cast<std::size_t>(task)]; }

  std::span<const ImageView> views_of(std::span<const Image> images) {
    views.assign(images.begin(), images.end());
    return views;
  }

  // run(), and once more in floats where fewer bits found no numbers, or too small ones: halves go from 6.1e-5 to
  // 65504, and an infinity of bf16x3 is no number. Where floats find none either, they are not to blame, and all is as
  // before.
  template <class Run>
  auto run_in_range(Task task, const Run& run) -> decltype(run()) {
    auto done = run();
    if (done || done.error().code != ErrorCode::bad_format || !has_fewer_bits(arithmetic_of(task).precision))
      return done;
    const std::array before{answers, tensors};
    if (auto changed = change_to_floats(); !changed) return std::move(changed).error();
    auto again = run();
    if (!again && again.error().code == ErrorCode::bad_format) {
      change_to(before[0], before[1]);
      info.reset();
    }
    return again;
  }

  // Checks the options, chooses what they leave open, and compiles for one picture of the usual size.
  Result<void> prepare();
  // Compiles unless that was done for these shapes before.
  Result<Compiled*> compiled_for(Task task, std::span<const Shape> shapes);
  // Of the smallest batch that holds these pictures: a file may fix how many are computed at once.
  Result<Shape> picture_batch_shape(std::span<const ImageView> images);
  // Tensors of the caller into the network, its outputs into `outputs`, or Compiled::views where there are none.
  Result<Compiled*> run_tensors(std::span<const TensorView> inputs, std::span<const TensorBuffer> outputs);
  // Pictures into the network, up to its outputs or its claimed answer.
  Result<Compiled*> run_pictures(Task task, std::span<const ImageView> images);

 private:
  // From now on all is computed in floats, and the session says why.
  Result<void> change_to_floats();
  void change_to(Arithmetic of_answers, Arithmetic of_tensors);
  Result<Arithmetic> arithmetic(Precision asked) const;
  Result<void> prepare_on(Device device);
  Result<void> prepare_pictures();
  Result<void> name_outputs();
  Result<std::unique_ptr<Compiled>> compile(Task task, std::span<const Shape> shapes);
};

// Which picture of a batch an error is about.
Error of_picture(std::size_t index, std::size_t count, Error error);

}  // namespace mobilenet
