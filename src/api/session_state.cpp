// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "api/session_state.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <utility>

#include "api/answer_options.h"
#include "api/session_options.h"
#include "base/error.h"
#include "base/machine_memory.h"
#include "base/nearest_name.h"
#include "base/processors.h"
#include "base/stopwatch.h"
#include "base/text.h"
#include "base/thread_pool.h"
#include "network/picture_axes.h"
#include "preprocess/preprocess_options.h"

namespace mobilenet {
namespace {

// Batch sizes and input sizes that stay compiled; a caller who needs more pays for compiling again, not with memory.
constexpr std::size_t kMaxCompiled = 8;

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

}  // namespace

Error of_picture(std::size_t index, std::size_t count, Error error) {
  return count == 1 ? std::move(error) : at(text("picture ", index + 1, " of ", count), std::move(error));
}

Result<RawAnswers> Compiled::raw_answers(const Workers& workers) {
  return claims.answer ? Result<RawAnswers>(execution->answers())
                       : host_answer->run(execution->outputs(), pictures, workers);
}

std::span<const TensorView> Compiled::show_outputs() {
  for (std::size_t i = 0; i < edges.size(); ++i) views[i] = edges[i].show(execution->outputs()[i]);
  return views;
}

std::span<const TensorView> Compiled::show_outputs_of(std::size_t shown) {
  show_outputs();
  for (std::size_t i = 0; i < edges.size() && shown < pictures.size(); ++i)
    views[i] = edges[i].first_pictures(views[i], shown, pictures.size());
  return views;
}

// What a picture needs to become the network's input; where that is unknown, run() works all the same.
Result<void> SessionState::prepare_pictures() {
  const Tensor& input = tensor(network().inputs[0]);
  if (!takes_pictures(network())) {
    no_pictures = network().inputs.size() == 1
                      ? failure(ErrorCode::unsupported, source(), ": its input ", input.name, " is ",
                                to_string(input.shape), ", not one picture; it takes raw tensors")
                      : failure(ErrorCode::unsupported, source(), ": has ", network().inputs.size(),
                                " inputs, not one picture; it takes raw tensors");
    return {};
  }
  MOBILENET_TRY(PreprocessSpec preprocess,
                with_options(model->loaded.spec.preprocess, {.geometry = options.preprocess}));
  auto created = PictureInput::create(preprocess, height, width, input_elements(network()));
  if (created) {
    pictures = *std::move(created);
    picture_end = PictureEnd{std::move(preprocess), {width, height}, input_elements(network())};
    return {};
  }
  no_pictures = at(source(), std::move(created).error());
  return no_pictures.code == ErrorCode::unsupported ? Result<void>() : no_pictures;
}

// Classifier: the first output. Detector and segmenter: the tensors before the file's own post-processing, which
// sessions do themselves, at the picture's own size.
Result<void> SessionState::name_outputs() {
  const auto see = [this](Task task, TensorId id, std::string name) {
    of(task).outputs.push_back(id);
    of(task).names.push_back(std::move(name));
  };
  const auto see_named = [&](Task task, const std::string& name, std::string_view kind) -> Result<void> {
    const TensorId id = network().find(name);
    if (id == kNoTensor)
      return failure(ErrorCode::not_found, source(), ": has no ", kind, " ", name,
                     instead_of(name, layer_names(network())));
    see(task, id, name);
    return {};
  };
  const ModelSpec& spec = model->loaded.spec;
  if (spec.detection.classes > 0)
    for (const TensorId id : {network().boxes, network().scores}) see(Task::detect, id, tensor(id).name);
  if (spec.segmentation.classes > 0) see(Task::segment, network().mask_logits, tensor(network().mask_logits).name);
  if (is_classifier(spec)) see(Task::classify, class_row(network()), tensor(class_row(network())).name);
  for (const std::string& name : options.layers) MOBILENET_CHECK(see_named(Task::features, name, "layer"));
  for (const TensorId id : network().outputs) see(Task::run, id, tensor(id).name);
  for (const std::string& name : options.tensors) MOBILENET_CHECK(see_named(Task::run, name, "tensor or layer"));
  return {};
}

Precision SessionState::precision() const {
  constexpr Task kAnswers[] = {Task::segment, Task::detect, Task::classify};
  const bool answers_something =
      std::any_of(std::begin(kAnswers), std::end(kAnswers), [&](Task task) { return !of(task).outputs.empty(); });
  return (answers_something ? answers : tensors).precision;
}

Result<Arithmetic> SessionState::arithmetic(Precision asked) const {
  auto chosen = backend->choose(network(), asked);
  if (!chosen) return at(source(), std::move(chosen).error());
  Arithmetic found{*chosen, nullptr};
  MOBILENET_TRY(found.weights, model->weights(*backend, found.precision));
  return found;
}

Result<void> SessionState::change_to_floats() {
  MOBILENET_TRY(const Arithmetic floats, arithmetic(Precision::f32));
  const Precision before = precision();
  const auto changed = [&](const Arithmetic& own) { return has_fewer_bits(own.precision) ? floats : own; };
  change_to(changed(answers), changed(tensors));
  info = model->info;
  info->decisions.push_back(
      {"precision", text("f32, because ", name_of(before), " does not hold numbers of the network")});
  return {};
}

void SessionState::change_to(Arithmetic of_answers, Arithmetic of_tensors) {
  answers = std::move(of_answers);
  tensors = std::move(of_tensors);
  last = nullptr;
  for (TaskState& task : tasks) task.compiled.clear();
}

Result<void> SessionState::prepare() {
  MOBILENET_CHECK(check_options(options));
  MOBILENET_CHECK(check_answer_options(*model, options));
  options.threads = threads_of(options);
  if (options.executor == nullptr) {
    ThreadPool::shared().set_cores(physical_cores());
    ThreadPool::shared().reserve(options.threads);
  }
  workers = Workers(options.threads, options.executor, std::chrono::microseconds(options.spin_us));

  const InputSizes sizes = model->loaded.sizes;
  if (sizes == InputSizes::unsaid && options.input_height == 0)
    return failure(ErrorCode::invalid_argument, source(),
                   ": the file leaves the height and width of its input free; say them (--size, or input_height and "
                   "input_width of SessionOptions)");
  const bool another = options.input_height > 0 && (options.input_height != model->loaded.spec.input_height ||
                                                    options.input_width != model->loaded.spec.input_width);
  if (another && (sizes == InputSizes::example || sizes == InputSizes::unsaid)) {
    MOBILENET_TRY(model, model->at_size(options.input_height, options.input_width));
  }
  const ModelSpec& spec = model->loaded.spec;
  height = options.input_height > 0 ? options.input_height : spec.input_height;
  width = options.input_width > 0 ? options.input_width : spec.input_width;
  if (network().fixed_size && (height != spec.input_height || width != spec.input_width))
    return failure(ErrorCode::invalid_argument, source(), ": its graph is made for ", spec.input_height, "x",
                   spec.input_width, " pictures and cannot take ", height, "x", width);
  MOBILENET_CHECK(prepare_pictures());
  MOBILENET_CHECK(name_outputs());
  if (options.device != Device::automatic) return prepare_on(options.device);
  // A GPU that is missing, too full or without what the network needs leaves it to the processor.
  if (prepare_on(Device::cuda)) return {};
  return prepare_on(Device::cpu);
}

Result<void> SessionState::prepare_on(Device device) {
  options.device = device;
  auto found = backend_for(device);
  if (!found) return at(text("device ", name_of(device)), std::move(found).error());
  backend = *found;
  MOBILENET_TRY(answers, arithmetic(options.precision));
  tensors = answers;
  if (options.precision == Precision::automatic) {
    MOBILENET_TRY(tensors, arithmetic(Precision::source));
  }

  // Whatever can fail for this size fails here rather than at the first picture, and the first picture finds all ready.
  Task usual = Task::run;
  for (const Task task : {Task::segment, Task::detect, Task::classify, Task::features})
    if (!of(task).outputs.empty()) usual = task;
  std::vector<Shape> shapes;
  for (std::size_t i = 0; i < network().inputs.size(); ++i)
    shapes.push_back(input_shape(network(), i, stored_batch(network()), height, width));
  MOBILENET_CHECK(compiled_for(usual, shapes));
  return {};
}

Result<std::unique_ptr<Compiled>> SessionState::compile(Task task, std::span<const Shape> shapes) {
  const TaskState& wanted = of(task);
  auto compiled = std::make_unique<Compiled>();
  compiled->input_shapes.assign(shapes.begin(), shapes.end());
  Ends ends;
  if (task != Task::run) ends.picture = picture_end;
  if (ends.picture) {
    const PictureAxes axes = map_axes(shapes[0]);
    ends.picture->input = {static_cast<int>(shapes[0][axes.width]), static_cast<int>(shapes[0][axes.height])};
  }
  MOBILENET_TRY(ends.answer, answer_end(*model, options, task, shapes));
  Claims& claims = compiled->claims;
  claims = backend->claims(network(), ends);

  CompileRequest request{compiled->input_shapes, wanted.outputs, options.threads, memory_limit(options)};
  if (claims.picture) request.ends.picture = ends.picture;
  if (claims.answer) request.ends.answer = ends.answer;
  request.executor = options.executor;
  MOBILENET_TRY(const auto program, model->program(*backend, arithmetic_of(task).weights, request));
  MOBILENET_TRY(compiled->execution, program->open({options.profile, options.executor, options.spin_us}));
  isa = program->isa();

  const std::span<const TensorMemory> outputs = compiled->execution->outputs();
  if (!claims.answer) {
    MOBILENET_TRY(compiled->host_answer, host_answer(ends.answer, network(), shapes[0], outputs));
  }
  compiled->pictures.resize(static_cast<std::size_t>(shapes[0][0]));
  if (const auto* classes = std::get_if<TopKEnd>(&ends.answer))
    compiled->answers.emplace<ClassAnswers>(*model, options, *classes, compiled->pictures.size());
  if (const auto* objects = std::get_if<BoxesEnd>(&ends.answer))
    compiled->answers.emplace<ObjectAnswers>(*model, *objects, shapes[0]);
  if (std::holds_alternative<MaskEnd>(ends.answer)) compiled->answers.emplace<MaskAnswer>(*model);
  if (task != Task::run && task != Task::features) return compiled;

  const Pooling pooling = task == Task::features ? options.pooling : Pooling::none;
  for (std::size_t i = 0; i < outputs.size(); ++i)
    compiled->edges.emplace_back(outputs[i], tensor(outputs[i].tensor), wanted.names[i], model->loaded.spec.layout,
                                 pooling);
  compiled->views.resize(outputs.size());
  const std::span<const TensorMemory> inputs = compiled->execution->inputs();
  compiled->given.assign(inputs.begin(), inputs.end());
  compiled->bound.assign(outputs.begin(), outputs.end());
  return compiled;
}

Result<Compiled*> SessionState::compiled_for(Task task, std::span<const Shape> shapes) {
  auto& all = of(task).compiled;
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
  auto fresh = compile(task, shapes);
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
  const std::int64_t stored = stored_batch(network()), pictures_given = static_cast<std::int64_t>(images.size());
  const std::int64_t batch = (pictures_given + stored - 1) / stored * stored;
  return input_shape(network(), 0, batch, size.height, size.width);
}

Result<Compiled*> SessionState::run_pictures(Task task, std::span<const ImageView> images) {
  if (!pictures) return no_pictures;
  if (images.empty()) return failure(ErrorCode::invalid_argument, "no pictures given");
  for (std::size_t i = 0; i < images.size(); ++i)
    if (!backend->accepts(images[i].memory))
      return of_picture(i, images.size(),
                        failure(ErrorCode::invalid_argument, "the picture lies in device memory, which ",
                                name_of(options.device), " cannot reach"));
  MOBILENET_TRY(const Shape shape, picture_batch_shape(images));
  MOBILENET_TRY(Compiled* const compiled, compiled_for(task, {&shape, 1}));
  Stopwatch watch;
  const TensorMemory& input = compiled->execution->inputs()[0];
  const std::size_t bytes = input.bytes / compiled->pictures.size();
  for (std::size_t i = 0; i < images.size(); ++i) {
    auto geometry = compiled->claims.picture ? pictures->geometry(images[i])
                                             : pictures->run(images[i], input.data + i * bytes, workers);
    if (!geometry) return of_picture(i, images.size(), std::move(geometry).error());
    compiled->pictures[i] = {images[i], *std::move(geometry)};
  }
  // A file's own batch is filled up with the last picture, whose further answers nobody sees.
  for (std::size_t i = images.size(); i < compiled->pictures.size(); ++i) {
    if (!compiled->claims.picture) std::memcpy(input.data + i * bytes, input.data + (i - 1) * bytes, bytes);
    compiled->pictures[i] = compiled->pictures[i - 1];
  }
  timing.preprocess = watch.lap();
  if (auto run = compiled->execution->run({.pictures = compiled->pictures}); !run)
    return at(source(), std::move(run).error());
  timing.network = watch.lap();
  timing.postprocess = 0;
  last = compiled->execution.get();
  return compiled;
}

}  // namespace mobilenet
