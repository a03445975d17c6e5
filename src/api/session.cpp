// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include <mobilenet/session.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <limits>

#include "api/answer_options.h"
#include "api/answers.h"
#include "api/edge_tensor.h"
#include "api/model_state.h"
#include "api/session_options.h"
#include "base/caught.h"
#include "base/error.h"
#include "base/machine_memory.h"
#include "base/nearest_name.h"
#include "base/processors.h"
#include "base/thread_pool.h"
#include "preprocess/picture_input.h"
#include "preprocess/preprocess_options.h"

namespace mobilenet {
namespace {

class Stopwatch {
 public:
  // Milliseconds since construction or the last call.
  double lap() {
    const auto now = std::chrono::steady_clock::now();
    const double elapsed = std::chrono::duration<double, std::milli>(now - start_).count();
    start_ = now;
    return elapsed;
  }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

// A network compiled for one set of shapes and wanted tensors, with this session's memory.
struct Compiled {
  std::vector<Shape> input_shapes;
  std::unique_ptr<Execution> execution;
  std::vector<EdgeTensor> edges;
  std::vector<TensorView> views;
  std::vector<Geometry> geometries;  // of the pictures of the last run
  // The one that belongs to the purpose.
  std::optional<ClassAnswers> classes;
  std::optional<ObjectAnswers> objects;
  std::optional<MaskAnswer> mask;
};

// Batch sizes and input sizes that stay compiled; a caller who needs more pays for compiling again, not with memory.
constexpr std::size_t kMaxCompiled = 8;

// The things a session does differ in what they want to see.
struct Purpose {
  std::vector<TensorId> outputs;
  std::vector<std::string> names;
  bool average = false;
  std::vector<std::unique_ptr<Compiled>> compiled;  // one per set of input shapes met so far, the last used in front
};

std::size_t memory_limit(const SessionOptions& options) {
  constexpr std::uint64_t kUsual = std::uint64_t{4} << 30;
  const std::uint64_t limit =
      options.max_memory_bytes > 0 ? options.max_memory_bytes : std::min<std::uint64_t>(kUsual, usable_memory() / 2);
  return static_cast<std::size_t>(std::min<std::uint64_t>(limit, std::numeric_limits<std::size_t>::max()));
}

std::vector<std::string_view> layer_names(const Network& network) {
  std::vector<std::string_view> names;
  for (const Layer& layer : network.layers) names.push_back(layer.name);
  return names;
}

// Which picture of a batch an error is about.
Error of_picture(std::size_t index, std::size_t count, Error error) {
  return count == 1 ? std::move(error) : at(text("picture ", index + 1, " of ", count), std::move(error));
}

}  // namespace

struct SessionState {
  std::shared_ptr<const ModelState> model;
  SessionOptions options;
  const Backend* backend = nullptr;
  Precision precision = Precision::f32;
  std::shared_ptr<const Weights> weights;
  int height = 0, width = 0;
  std::optional<PictureInput> pictures;
  Error no_pictures;  // why `pictures` is empty
  Purpose classes, objects, mask, features, raw;
  std::string isa;
  Timing timing;
  const Execution* last = nullptr;
  std::vector<ImageView> views;  // of the decoded pictures of a call
  // preprocess() only
  std::vector<std::byte> input_nhwc, input_copy;
  std::vector<std::int64_t> input_axes;

  const Network& network() const { return model->loaded.network(); }
  const Tensor& tensor(TensorId id) const { return network().tensor(id); }
  const std::string& source() const { return model->info.source; }

  std::span<const ImageView> views_of(std::span<const Image> images) {
    views.assign(images.begin(), images.end());
    return views;
  }

  Result<void> prepare();
  Result<void> choose_precision();
  void find_answers();
  Result<Compiled*> compiled_for(Purpose& purpose, std::span<const Shape> shapes);
  Result<std::unique_ptr<Compiled>> compile(const Purpose& purpose, std::span<const Shape> shapes);
  Result<Shape> picture_batch_shape(std::span<const ImageView> images);
  Result<Compiled*> run_pictures(Purpose& purpose, std::span<const ImageView> images);
};

Result<void> SessionState::choose_precision() {
  const bool quantized = model->info.quantized;
  precision = quantized ? Precision::int8 : Precision::f32;
  if (options.precision == Precision::f32 && quantized)
    return failure(
        ErrorCode::invalid_argument, source(),
        ": precision f32 was asked for, but the file holds an integer network, which is computed exactly in int8");
  if (options.precision == Precision::int8 && !quantized)
    return failure(ErrorCode::invalid_argument, source(),
                   ": precision int8 was asked for, but the file holds float weights; int8 needs a quantised .tflite");
  return {};
}

// Classifier: the first output. Detector and segmenter: the tensors before the file's own post-processing, which
// sessions do themselves, at the picture's own size.
void SessionState::find_answers() {
  const auto see = [this](Purpose& purpose, std::initializer_list<TensorId> ids) {
    for (const TensorId id : ids) {
      purpose.outputs.push_back(id);
      purpose.names.push_back(tensor(id).name);
    }
  };
  const ModelSpec& spec = model->loaded.spec;
  if (spec.detection.classes > 0) see(objects, {network().boxes, network().scores});
  if (spec.segmentation.classes > 0) see(mask, {network().mask_logits});
  if (is_classifier(spec)) see(classes, {network().outputs[0]});
}

Result<void> SessionState::prepare() {
  MOBILENET_CHECK(check_options(options));
  MOBILENET_CHECK(check_answer_options(*model, options));
  if (options.threads == 0) options.threads = physical_cores();
  ThreadPool::shared().reserve(options.threads);

  const ModelSpec& spec = model->loaded.spec;
  height = options.input_height > 0 ? options.input_height : spec.input_height;
  width = options.input_width > 0 ? options.input_width : spec.input_width;
  if (network().fixed_size && (height != spec.input_height || width != spec.input_width))
    return failure(ErrorCode::invalid_argument, source(), ": its graph is made for ", spec.input_height, "x",
                   spec.input_width, " pictures and cannot take ", height, "x", width);
  MOBILENET_CHECK(choose_precision());
  MOBILENET_TRY(backend, backend_for(options.device));
  MOBILENET_TRY(weights, model->weights(*backend, precision));

  const Tensor& input = tensor(network().inputs[0]);
  if (takes_pictures(network())) {
    MOBILENET_TRY(const PreprocessSpec preprocess, with_options(spec.preprocess, {.geometry = options.preprocess}));
    auto created = PictureInput::create(preprocess, height, width, input_elements(network()));
    if (created)
      pictures = *std::move(created);
    else if (created.error().code == ErrorCode::unsupported)  // what is unknown does not stop run()
      no_pictures = at(source(), std::move(created).error());
    else
      return at(source(), std::move(created).error());
  } else {
    no_pictures = network().inputs.size() == 1
                      ? failure(ErrorCode::unsupported, source(), ": its input ", input.name, " is ",
                                to_string(input.shape), ", not one RGB picture; it takes raw tensors")
                      : failure(ErrorCode::unsupported, source(), ": has ", network().inputs.size(),
                                " inputs, not one RGB picture; it takes raw tensors");
  }

  find_answers();
  for (const std::string& name : options.layers) {
    const TensorId id = network().find(name);
    if (id == kNoTensor)
      return failure(ErrorCode::not_found, source(), ": has no layer ", name, instead_of(name, layer_names(network())));
    features.outputs.push_back(id);
    features.names.push_back(name);
  }
  features.average = options.pooling == Pooling::average;
  for (const TensorId id : network().outputs) {
    raw.outputs.push_back(id);
    raw.names.push_back(tensor(id).name);
  }
  for (const std::string& name : options.tensors) {
    const TensorId id = network().find(name);
    if (id == kNoTensor)
      return failure(ErrorCode::not_found, source(), ": has no tensor or layer ", name,
                     instead_of(name, layer_names(network())));
    raw.outputs.push_back(id);
    raw.names.push_back(name);
  }
  // Whatever can fail for this size fails here rather than at the first picture, and the first picture finds all ready.
  Purpose* usual = &raw;
  for (Purpose* purpose : {&mask, &objects, &classes, &features})
    if (!purpose->outputs.empty()) usual = purpose;
  std::vector<Shape> shapes;
  for (std::size_t i = 0; i < network().inputs.size(); ++i)
    shapes.push_back(input_shape(network(), i, 1, height, width));
  MOBILENET_TRY(const Compiled* first, compiled_for(*usual, shapes));
  (void)first;
  return {};
}

Result<std::unique_ptr<Compiled>> SessionState::compile(const Purpose& purpose, std::span<const Shape> shapes) {
  auto compiled = std::make_unique<Compiled>();
  compiled->input_shapes.assign(shapes.begin(), shapes.end());
  MOBILENET_TRY(const auto program,
                backend->compile(weights, {compiled->input_shapes, purpose.outputs, memory_limit(options)}));
  MOBILENET_TRY(compiled->execution, program->open({options.threads, options.profile}));
  isa = program->isa();
  const std::span<const HostTensor> outputs = compiled->execution->outputs();
  for (std::size_t i = 0; i < outputs.size(); ++i)
    compiled->edges.emplace_back(outputs[i], tensor(outputs[i].tensor), purpose.names[i], model->loaded.spec.layout,
                                 purpose.average);
  compiled->views.resize(outputs.size());
  compiled->geometries.resize(static_cast<std::size_t>(shapes[0][0]));
  const Execution& execution = *compiled->execution;
  if (&purpose == &classes) {
    MOBILENET_TRY(ClassAnswers made, ClassAnswers::create(*model, options, execution));
    compiled->classes.emplace(std::move(made));
  }
  if (&purpose == &mask) compiled->mask.emplace(*model, options, execution);
  if (&purpose == &objects) {
    MOBILENET_TRY(ObjectAnswers made, ObjectAnswers::create(*model, options, execution));
    compiled->objects.emplace(std::move(made));
  }
  return compiled;
}

Result<Compiled*> SessionState::compiled_for(Purpose& purpose, std::span<const Shape> shapes) {
  auto& all = purpose.compiled;
  const auto known = std::find_if(all.begin(), all.end(), [&](const auto& compiled) {
    return std::equal(shapes.begin(), shapes.end(), compiled->input_shapes.begin(), compiled->input_shapes.end());
  });
  if (known != all.end()) {
    std::rotate(all.begin(), known, known + 1);
    return all.front().get();
  }
  if (all.size() == kMaxCompiled) {  // the one not used for longest goes, and before the new one takes memory
    last = nullptr;
    all.pop_back();
  }
  auto fresh = compile(purpose, shapes);
  if (!fresh) return at(source(), std::move(fresh).error());
  all.insert(all.begin(), *std::move(fresh));
  return all.front().get();
}

Result<Shape> SessionState::picture_batch_shape(std::span<const ImageView> images) {
  PictureSize size;
  for (std::size_t i = 0; i < images.size(); ++i) {
    auto wanted = pictures->input_size(images[i]);
    if (!wanted) return of_picture(i, images.size(), std::move(wanted).error());
    if (i > 0 && *wanted != size)
      return failure(ErrorCode::invalid_argument, source(), ": its preprocessing makes inputs of ", size.width, "x",
                     size.height, " and ", wanted->width, "x", wanted->height,
                     " pixels of these pictures, which cannot be one batch; pass them one by one");
    size = *wanted;
  }
  return input_shape(network(), 0, static_cast<std::int64_t>(images.size()), size.height, size.width);
}

Result<Compiled*> SessionState::run_pictures(Purpose& purpose, std::span<const ImageView> images) {
  if (!pictures) return no_pictures;
  if (images.empty()) return failure(ErrorCode::invalid_argument, "no pictures given");
  MOBILENET_TRY(const Shape shape, picture_batch_shape(images));
  MOBILENET_TRY(Compiled* const compiled, compiled_for(purpose, {&shape, 1}));
  Stopwatch watch;
  const HostTensor& input = compiled->execution->inputs()[0];
  const std::size_t bytes = input.bytes / images.size();
  for (std::size_t i = 0; i < images.size(); ++i) {
    auto geometry = pictures->run(images[i], input.data + i * bytes);
    if (!geometry) return of_picture(i, images.size(), std::move(geometry).error());
    compiled->geometries[i] = *std::move(geometry);
  }
  timing.preprocess = watch.lap();
  compiled->execution->run();
  timing.network = watch.lap();
  timing.postprocess = 0;
  last = compiled->execution.get();
  return compiled;
}

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
  if (state.classes.outputs.empty())
    return failure(ErrorCode::unsupported, state.source(), ": is no classifier (task: ", state.model->info.task,
                   "); only its layers and raw outputs can be asked for");
  MOBILENET_TRY(Compiled* const compiled, state.run_pictures(state.classes, images));
  Stopwatch watch;
  auto answers = compiled->classes->run();
  if (!answers) return at(state.source(), std::move(answers).error());
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
  if (state.objects.outputs.empty())
    return failure(ErrorCode::unsupported, state.source(), ": is no detector (task: ", state.model->info.task, ")");
  MOBILENET_TRY(Compiled* const compiled, state.run_pictures(state.objects, images));
  Stopwatch watch;
  auto answers = compiled->objects->run(compiled->geometries);
  if (!answers) return at(state.source(), std::move(answers).error());
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
  if (state.mask.outputs.empty())
    return failure(ErrorCode::unsupported, state.source(), ": is no segmenter (task: ", state.model->info.task, ")");
  MOBILENET_TRY(Compiled* const compiled, state.run_pictures(state.mask, {&image, 1}));
  Stopwatch watch;
  auto answer = compiled->mask->run(compiled->geometries[0], image.upright_width(), image.upright_height());
  if (!answer) return at(state.source(), std::move(answer).error());
  state.timing.postprocess = watch.lap();
  return answer;
} catch (...) {
  return caught(state_->source());
}

Result<std::span<const TensorView>> Session::features(std::span<const ImageView> images) & try {
  SessionState& state = *state_;
  if (state.features.outputs.empty())
    return failure(ErrorCode::invalid_argument, state.source(), ": no layers were named when the session was opened");
  MOBILENET_TRY(Compiled* const compiled, state.run_pictures(state.features, images));
  Stopwatch watch;
  for (std::size_t i = 0; i < compiled->edges.size(); ++i) {
    compiled->edges[i].update();
    compiled->views[i] = compiled->edges[i].view();
  }
  state.timing.postprocess = watch.lap();
  return std::span<const TensorView>(compiled->views);
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
  MOBILENET_TRY(Compiled* const compiled, state.compiled_for(state.raw, std::span(shapes.data(), inputs.size())));
  Stopwatch watch;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const HostTensor& to = compiled->execution->inputs()[i];
    const auto* from = static_cast<const std::byte*>(inputs[i].data);
    if (layout == SourceLayout::nchw && to.shape.rank() == 4)
      nchw_to_nhwc(from, to.data, to.shape, size_of(to.type));
    else
      std::memcpy(to.data, from, to.bytes);
  }
  state.timing.preprocess = watch.lap();
  compiled->execution->run();
  state.timing.network = watch.lap();
  state.last = compiled->execution.get();
  for (std::size_t i = 0; i < compiled->edges.size(); ++i) {
    compiled->edges[i].update();
    compiled->views[i] = compiled->edges[i].view();
  }
  state.timing.postprocess = watch.lap();
  return std::span<const TensorView>(compiled->views);
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
  for (Purpose* purpose : {&state.classes, &state.objects, &state.mask, &state.features, &state.raw})
    purpose->compiled.clear();
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
