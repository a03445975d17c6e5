// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Not part of any build: compile_fail_test.py compiles it once as it stands, which must succeed, and once with each
// name of an #ifdef defined, which must fail with a message that matches the expression behind it.

#include <mobilenet/mobilenet.h>
#include <mobilenet/runner.h>

#include <array>
#include <span>
#include <string>
#include <utility>
#include <vector>

using namespace mobilenet;

int program(const Model& model, Session& session, NetworkBuilder& builder, Runner& runner, const Image& image,
            std::span<const ImageView> images, std::span<const TensorView> tensors) {
  // What people write instead of the lines below.
  const auto classes = session.classify(image).value();
  Session other = std::move(session);
  if (!model.save("saved.safetensors")) return 1;
  const auto callback = [](const Result<Prediction>&) {};
  if (!runner.predict(image, callback)) return 1;
  const Pending pending = runner.predict(image).value();
  if (!pending.wait()) return 1;

    // A session owns the memory of its answers, so a session that is gone at the end of the line has none.
#ifdef classify_of_a_temporary  // deleted
  model.session().value().classify(image).value();
#endif
#ifdef classify_batch_of_a_temporary  // deleted
  model.session().value().classify(images).value();
#endif
#ifdef detect_of_a_temporary  // deleted
  model.session().value().detect(image).value();
#endif
#ifdef detect_batch_of_a_temporary  // deleted
  model.session().value().detect(images).value();
#endif
#ifdef segment_of_a_temporary  // deleted
  model.session().value().segment(image).value();
#endif
#ifdef features_of_a_temporary  // deleted
  model.session().value().features(images).value();
#endif
#ifdef run_of_a_temporary  // deleted
  model.session().value().run(tensors).value();
#endif
#ifdef preprocess_of_a_temporary  // deleted
  model.session().value().preprocess(images).value();
#endif
#ifdef classify_of_a_moved_session  // deleted
  std::move(other).classify(image).value();
#endif

  // Errors are looked at.
#ifdef result_ignored  // nodiscard
  model.save("saved.safetensors");
#endif
#ifdef result_as_a_number  // cannot convert|no viable conversion|no match
  const int saved = model.save("saved.safetensors");
#endif
#ifdef result_as_its_value  // cannot convert|no viable conversion|conversion from
  const Model opened = Model::open("model.tflite");
#endif

  // One caller, one session; a model without weights does not exist.
#ifdef session_copied  // deleted
  const Session copy = other;
#endif
#ifdef builder_copied  // deleted|private
  const NetworkBuilder copy = builder;
#endif
#ifdef model_of_nothing  // no matching|no default constructor|no match
  const Model nothing;
#endif

  // A Runner reads pixels where they lie until the callback, and a Pending owns the answer.
#ifdef predict_of_a_temporary_picture  // deleted
  runner.predict(Image::open("a.png").value(), callback).value();
#endif
#ifdef predict_of_a_temporary_picture_turned  // deleted
  runner.predict(Image::open("a.png").value(), Orientation::rotate_90, callback).value();
#endif
#ifdef pending_of_a_temporary_picture  // deleted
  const Pending gone = runner.predict(Image::open("a.png").value()).value();
#endif
#ifdef answer_of_a_temporary_pending  // deleted
  const auto& gone = runner.predict(image).value().wait();
#endif
#ifdef answer_of_a_temporary_pending_in_time  // deleted
  const auto* gone = runner.predict(image).value().wait_for(std::chrono::milliseconds(1));
#endif
#ifdef pending_ignored  // nodiscard
  runner.predict(image).value();
#endif
#ifdef runner_copied  // deleted|private
  const Runner copy = runner;
#endif
#ifdef pending_copied  // deleted|private
  const Pending copy = pending;
#endif
#ifdef callback_that_wants_something_else  // no matching|cannot convert|no viable
  runner.predict(image, [](const Prediction&) {}).value();
#endif
#ifdef callback_too_large  // holds up to 64 bytes
  runner.predict(image, [large = std::array<char, 65>()](const Result<Prediction>&) {}).value();
#endif

  // Options say what they mean.
#ifdef labels_as_a_path  // could not convert|cannot convert|no viable conversion|no matching|conversion from
  const ModelOptions options{.labels = "labels.txt"};
#endif
#ifdef threads_as_text  // invalid conversion|cannot initialize|cannot convert
  const SessionOptions options{.threads = "4"};
#endif
#ifdef device_as_a_number  // cannot convert|cannot initialize|no viable|narrowing|could not convert
  const SessionOptions options{.device = 0};
#endif
#ifdef precision_for_device  // cannot convert|cannot initialize|could not convert|no viable
  const SessionOptions options{.device = Precision::f32};
#endif

  (void)builder, (void)images, (void)tensors;
  return static_cast<int>(classes.size());
}
