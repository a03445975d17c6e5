// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors

// live_classification VIDEO [MODEL]: says what a video or a camera ("0") shows, whenever that changes, while the next
// frames are on their way. Links mobilenet::live and mobilenet::video.

#include <mobilenet/mobilenet.h>
#include <mobilenet/runner.h>
#include <mobilenet/smoothing.h>
#include <mobilenet/video.h>

#include <iostream>

#include "sample.h"

int main(int count, char** arguments) try {
  if (count < 2) throw mobilenet::Exception({mobilenet::ErrorCode::invalid_argument, "which video or camera?"});
  const mobilenet::Model model = sample_model(count, arguments, 2);
  auto reader = mobilenet::VideoReader::open(arguments[1]).value();

  // All classes, because an average needs more than the best.
  auto runner = mobilenet::Runner::create(model, {.session = {.top = model.info().classes}}).value();
  auto smoother = mobilenet::ClassSmoother::create({.half_life = 0.3}).value();
  int shown = -2;
  for (mobilenet::VideoFrame frame; reader.next(frame).value();) {
    // The callback holds the frame, whose pixels the network reads where the decoder left them. Callbacks come one at a
    // time and in order, so they may share what they like.
    runner
        .predict(frame.view(),
                 [&, frame](const mobilenet::Result<mobilenet::Prediction>& answer) {
                   const auto steady = smoother.update(answer.value().classes, frame.seconds()).value();
                   if (steady.empty() || steady.front().index == shown) return;
                   shown = steady.front().index;
                   std::cout << frame.seconds() << " s: " << shown << ' ' << steady.front().label << '\n';
                 })
        .value();
  }
  runner.wait_idle().value();
  const auto statistics = runner.statistics();
  std::cout << statistics.answered << " frames, " << statistics.frames_a_second << " a second, "
            << statistics.latency_p50 << " ms from frame to answer\n";
} catch (const mobilenet::Exception& error) {
  std::cerr << error.what() << '\n';
  return 1;
}
