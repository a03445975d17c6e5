// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include <mobilenet/session.h>

#include <array>
#include <cstring>

#include "api/session_state.h"
#include "base/caught.h"
#include "base/error.h"
#include "base/stopwatch.h"

namespace mobilenet {
namespace {

// What a session of another task says.
Error not_made_for(const SessionState& state, std::string_view what, std::string_view advice = "") {
  return failure(ErrorCode::unsupported, state.source(), ": is no ", what, " (task: ", name_of(state.model->info.task),
                 ")", advice);
}

}  // namespace

Session::Session(std::unique_ptr<SessionState> state) : state_(std::move(state)) {}
Session::Session(Session&&) noexcept = default;
Session& Session::operator=(Session&&) noexcept = default;
Session::~Session() = default;

Result<Session> Model::session(const SessionOptions& options) const try {
  auto state = std::make_unique<SessionState>();
  state->model = state_;
  state->options = options;
  MOBILENET_CHECK(state->prepare());
  return Session(std::move(state));
} catch (...) {
  return caught(state_->info.source);
}

Result<std::span<const std::span<const Classification>>> Session::classify(std::span<const ImageView> images) & try {
  SessionState& state = *state_;
  if (state.of(Task::classify).outputs.empty())
    return not_made_for(state, "classifier", "; only its layers and raw outputs can be asked for");
  MOBILENET_TRY(Compiled* const compiled, state.run_pictures(Task::classify, images));
  Stopwatch watch;
  auto raw = compiled->raw_answers();
  if (!raw) return at(state.source(), std::move(raw).error());
  const auto answers = std::get<ClassAnswers>(compiled->answers).of(*raw);
  state.timing.postprocess = watch.lap();
  return answers;
} catch (...) {
  return caught(state_->source());
}

Result<std::span<const Classification>> Session::classify(const ImageView& image) & try {
  MOBILENET_TRY(const auto answers, classify(std::span<const ImageView>(&image, 1)));
  return answers[0];
} catch (...) {
  return caught(state_->source());
}

Result<std::span<const std::span<const Detection>>> Session::detect(std::span<const ImageView> images) & try {
  SessionState& state = *state_;
  if (state.of(Task::detect).outputs.empty()) return not_made_for(state, "detector");
  MOBILENET_TRY(Compiled* const compiled, state.run_pictures(Task::detect, images));
  Stopwatch watch;
  auto raw = compiled->raw_answers();
  if (!raw) return at(state.source(), std::move(raw).error());
  const auto answers = std::get<ObjectAnswers>(compiled->answers).of(*raw, compiled->pictures);
  state.timing.postprocess = watch.lap();
  return answers;
} catch (...) {
  return caught(state_->source());
}

Result<std::span<const Detection>> Session::detect(const ImageView& image) & try {
  MOBILENET_TRY(const auto answers, detect(std::span<const ImageView>(&image, 1)));
  return answers[0];
} catch (...) {
  return caught(state_->source());
}

Result<Segmentation> Session::segment(const ImageView& image) & try {
  SessionState& state = *state_;
  if (state.of(Task::segment).outputs.empty()) return not_made_for(state, "segmenter");
  MOBILENET_TRY(Compiled* const compiled, state.run_pictures(Task::segment, {&image, 1}));
  Stopwatch watch;
  auto raw = compiled->raw_answers();
  if (!raw) return at(state.source(), std::move(raw).error());
  const Segmentation answer = std::get<MaskAnswer>(compiled->answers).of(*raw, compiled->pictures[0]);
  state.timing.postprocess = watch.lap();
  return answer;
} catch (...) {
  return caught(state_->source());
}

Result<std::span<const TensorView>> Session::features(std::span<const ImageView> images) & try {
  SessionState& state = *state_;
  if (state.of(Task::features).outputs.empty())
    return failure(ErrorCode::invalid_argument, state.source(), ": no layers were named when the session was opened");
  MOBILENET_TRY(Compiled* const compiled, state.run_pictures(Task::features, images));
  Stopwatch watch;
  const std::span<const TensorView> views = compiled->show_outputs();
  state.timing.postprocess = watch.lap();
  return views;
} catch (...) {
  return caught(state_->source());
}

Result<std::span<const TensorView>> Session::run(std::span<const TensorView> inputs) & try {
  SessionState& state = *state_;
  const Network& network = state.network();
  if (inputs.size() != network.inputs.size())
    return failure(ErrorCode::invalid_argument, state.source(), ": takes ", network.inputs.size(),
                   " input tensors, got ", inputs.size());
  const SourceLayout layout = state.model->loaded.spec.layout;
  std::array<Shape, 8> shapes;
  if (inputs.size() > shapes.size()) return failure(ErrorCode::unsupported, "more than ", shapes.size(), " inputs");
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const Tensor& tensor = state.tensor(network.inputs[i]);
    const Shape expected = input_shape(network, i, 1, state.height, state.width);
    Shape given;
    if (inputs[i].shape.size() <= Shape::kMaxRank)
      for (const std::int64_t axis : inputs[i].shape) given.push_back(axis);
    if (given.rank() == 4 && layout == SourceLayout::nchw) given = {given[0], given[2], given[3], given[1]};
    bool fits = given.rank() == expected.rank() && inputs[i].type == tensor.type && given.rank() > 0;
    for (int axis = 0; fits && axis < given.rank(); ++axis) {
      const bool free = axis == 0 || (expected.rank() == 4 && axis < 3 && !network.fixed_size);
      // Free extents are bounded so that their product fits 64 bits.
      fits = free ? given[axis] > 0 && given[axis] < (std::int64_t{1} << 15) : given[axis] == expected[axis];
    }
    if (!fits) {
      Shape asked;
      for (const std::int64_t axis : framework_shape(expected, layout)) asked.push_back(axis);
      Shape got;
      if (inputs[i].shape.size() <= Shape::kMaxRank)
        for (const std::int64_t axis : inputs[i].shape) got.push_back(axis);
      return failure(ErrorCode::invalid_argument, state.source(), ": input ", tensor.name, " takes ",
                     name_of(tensor.type), " ", to_string(asked), " (the batch is free",
                     network.fixed_size ? "" : ", height and width too", "), got ", name_of(inputs[i].type), " ",
                     to_string(got));
    }
    const std::size_t bytes = static_cast<std::size_t>(given.elements()) * size_of(tensor.type);
    if (inputs[i].bytes != bytes || inputs[i].data == nullptr)
      return failure(ErrorCode::invalid_argument, state.source(), ": input ", tensor.name, " has ", inputs[i].bytes,
                     " bytes, its shape needs ", bytes);
    shapes[i] = given;
  }
  MOBILENET_TRY(Compiled* const compiled, state.compiled_for(Task::run, std::span(shapes.data(), inputs.size())));
  Stopwatch watch;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const TensorMemory& to = compiled->execution->inputs()[i];
    const auto* from = static_cast<const std::byte*>(inputs[i].data);
    if (layout == SourceLayout::nchw && to.shape.rank() == 4)
      nchw_to_nhwc(from, to.data, to.shape, size_of(to.type));
    else
      std::memcpy(to.data, from, to.bytes);
  }
  state.timing.preprocess = watch.lap();
  if (auto done = compiled->execution->run(); !done) return at(state.source(), std::move(done).error());
  state.timing.network = watch.lap();
  state.last = compiled->execution.get();
  const std::span<const TensorView> views = compiled->show_outputs();
  state.timing.postprocess = watch.lap();
  return views;
} catch (...) {
  return caught(state_->source());
}

Result<TensorView> Session::preprocess(std::span<const ImageView> images) & try {
  SessionState& state = *state_;
  if (!state.pictures) return state.no_pictures;
  if (images.empty()) return failure(ErrorCode::invalid_argument, "no pictures given");
  const Tensor& input = state.tensor(state.network().inputs[0]);
  MOBILENET_TRY(const Shape shape, state.picture_batch_shape(images));
  const SourceLayout layout = state.model->loaded.spec.layout;
  const std::size_t bytes = static_cast<std::size_t>(shape.elements()) * size_of(input.type);
  state.input_nhwc.resize(bytes);
  for (std::size_t i = 0; i < images.size(); ++i)
    if (auto done = state.pictures->run(images[i], state.input_nhwc.data() + i * (bytes / images.size())); !done)
      return of_picture(i, images.size(), std::move(done).error());
  state.input_axes = framework_shape(shape, layout);
  if (layout == SourceLayout::nchw) {
    state.input_copy.resize(bytes);
    nhwc_to_nchw(state.input_nhwc.data(), state.input_copy.data(), shape, size_of(input.type));
  }
  const std::vector<std::byte>& data = layout == SourceLayout::nchw ? state.input_copy : state.input_nhwc;
  const InputElements elements = input_elements(state.network());
  return TensorView{input.name,  input.type,     state.input_axes,   data.data(),
                    data.size(), elements.scale, elements.zero_point};
} catch (...) {
  return caught(state_->source());
}

Result<std::span<const TensorView>> Session::features(const ImageView& image) & {
  return features(std::span<const ImageView>(&image, 1));
}

Result<TensorView> Session::preprocess(const ImageView& image) & {
  return preprocess(std::span<const ImageView>(&image, 1));
}

Result<std::span<const std::span<const Classification>>> Session::classify(std::span<const Image> images) & try {
  return classify(state_->views_of(images));
} catch (...) {
  return caught(state_->source());
}

Result<std::span<const std::span<const Detection>>> Session::detect(std::span<const Image> images) & try {
  return detect(state_->views_of(images));
} catch (...) {
  return caught(state_->source());
}

Result<std::span<const TensorView>> Session::features(std::span<const Image> images) & try {
  return features(state_->views_of(images));
} catch (...) {
  return caught(state_->source());
}

void Session::release_memory() {
  SessionState& state = *state_;
  state.last = nullptr;
  for (TaskState& task : state.tasks) task.compiled.clear();
  state.input_nhwc = std::vector<std::byte>();  // clear() would keep the memory
  state.input_copy = std::vector<std::byte>();
}

const ModelInfo& Session::info() const { return state_->model->info; }
int Session::input_height() const { return state_->height; }
int Session::input_width() const { return state_->width; }
const Timing& Session::timing() const { return state_->timing; }
std::span<const StepTime> Session::step_times() const {
  return state_->last ? state_->last->step_times() : std::span<const StepTime>();
}
std::string_view Session::isa() const { return state_->isa; }
std::string_view Session::device() const { return name_of(state_->options.device); }
Precision Session::precision() const { return state_->precision; }
int Session::threads() const { return state_->options.threads; }

}  // namespace mobilenet
