// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Session: what each task makes of the outputs of a run; the run itself is session_state.h.

#include <mobilenet/session.h>

#include <algorithm>
#include <type_traits>

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

// Runs the network on pictures; what `answer` makes of its raw answers is given, and its time is that of
// postprocessing.
template <class Answer>
auto answered(SessionState& state, Task task, std::span<const ImageView> images, const Answer& answer)
    -> Result<std::invoke_result_t<Answer, Compiled&, const RawAnswers&>> {
  using Answers = std::invoke_result_t<Answer, Compiled&, const RawAnswers&>;
  return state.run_in_range(task, [&]() -> Result<Answers> {
    MOBILENET_TRY(Compiled* const compiled, state.run_pictures(task, images));
    Stopwatch watch;
    auto raw = compiled->raw_answers(state.workers);
    if (!raw) return at(state.source(), std::move(raw).error());
    auto answers = answer(*compiled, *raw);
    state.timing.postprocess = watch.lap();
    return answers;
  });
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
  return answered(state, Task::classify, images, [&](Compiled& compiled, const RawAnswers& raw) {
    return std::get<ClassAnswers>(compiled.answers).of(raw).first(images.size());
  });
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
  return answered(state, Task::detect, images, [&](Compiled& compiled, const RawAnswers& raw) {
    return std::get<ObjectAnswers>(compiled.answers).of(raw, compiled.pictures).first(images.size());
  });
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
  return answered(state, Task::segment, {&image, 1}, [](Compiled& compiled, const RawAnswers& raw) {
    return std::get<MaskAnswer>(compiled.answers).of(raw.masks[0], compiled.pictures[0]);
  });
} catch (...) {
  return caught(state_->source());
}

Result<std::span<const TensorView>> Session::features(std::span<const ImageView> images) & try {
  SessionState& state = *state_;
  if (state.of(Task::features).outputs.empty())
    return failure(ErrorCode::invalid_argument, state.source(), ": no layers were named when the session was opened");
  MOBILENET_TRY(Compiled* const compiled,
                state.run_in_range(Task::features, [&] { return state.run_pictures(Task::features, images); }));
  Stopwatch watch;
  const std::span<const TensorView> views = compiled->show_outputs_of(images.size());
  state.timing.postprocess = watch.lap();
  return views;
} catch (...) {
  return caught(state_->source());
}

Result<std::span<const TensorView>> Session::run(std::span<const TensorView> inputs) & try {
  MOBILENET_TRY(Compiled* const compiled,
                state_->run_in_range(Task::run, [&] { return state_->run_tensors(inputs, {}); }));
  return std::span<const TensorView>(compiled->views);
} catch (...) {
  return caught(state_->source());
}

Result<void> Session::run(std::span<const TensorView> inputs, std::span<const TensorBuffer> outputs) & try {
  SessionState& state = *state_;
  const std::vector<TensorId>& wanted = state.of(Task::run).outputs;
  if (outputs.size() != wanted.size())
    return failure(ErrorCode::invalid_argument, state.source(), ": gives ", wanted.size(), " output tensors, got ",
                   outputs.size(), " buffers");
  MOBILENET_CHECK(state.run_in_range(Task::run, [&] { return state.run_tensors(inputs, outputs); }));
  return {};
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
  const auto batch = static_cast<std::size_t>(shape[0]);
  for (std::size_t i = 0; i < batch; ++i) {
    const std::size_t picture = std::min(i, images.size() - 1);  // a file's own batch is filled up with the last
    std::byte* const row = state.input_nhwc.data() + i * (bytes / batch);
    if (auto done = state.pictures->run(images[picture], row, state.workers); !done)
      return of_picture(picture, images.size(), std::move(done).error());
  }
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

const ModelInfo& Session::info() const { return state_->info ? *state_->info : state_->model->info; }
int Session::input_height() const { return state_->height; }
int Session::input_width() const { return state_->width; }
const Timing& Session::timing() const { return state_->timing; }
std::span<const StepTime> Session::step_times() const {
  return state_->last ? state_->last->step_times() : std::span<const StepTime>();
}
std::string_view Session::isa() const { return state_->isa; }
std::string_view Session::device() const { return name_of(state_->options.device); }
Precision Session::precision() const { return state_->precision(); }
int Session::threads() const { return state_->options.threads; }

}  // namespace mobilenet
