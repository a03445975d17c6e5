// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors

// live_detection VIDEO OUTPUT [MODEL]: objects that keep their number, drawn into another video. Links mobilenet::draw,
// mobilenet::live and mobilenet::video.

#include <mobilenet/draw.h>
#include <mobilenet/mobilenet.h>
#include <mobilenet/runner.h>
#include <mobilenet/tracker.h>
#include <mobilenet/video.h>

#include <iostream>
#include <vector>

#include "sample.h"

int main(int count, char** arguments) try {
  if (count < 3) throw mobilenet::Exception({mobilenet::ErrorCode::invalid_argument, "which video, and where to?"});
  const mobilenet::Model model = sample_model(count, arguments, 3, "ssdlite_mobilenet_v2:0.35:160");
  auto reader = mobilenet::VideoReader::open(arguments[1]).value();
  const mobilenet::VideoInfo& info = reader.info();
  const int width = info.width, height = info.height;
  auto writer =
      mobilenet::VideoWriter::create(arguments[2], {.width = width, .height = height, .fps = info.fps}).value();

  // A tracker wants to hear of doubtful boxes, too.
  auto runner =
      mobilenet::Runner::create(model, {.session = {.score_threshold = mobilenet::TrackerOptions().low_score}}).value();
  auto tracker = mobilenet::Tracker::create().value();
  auto painter = mobilenet::Painter::create({.trail = 30}).value();
  std::vector<std::byte> rgb(static_cast<std::size_t>(width) * static_cast<std::size_t>(height) * 3);
  const auto pixels = mobilenet::PixelBuffer::packed(rgb.data(), mobilenet::PixelFormat::rgb, width, height);
  std::int64_t tracks = 0;
  for (mobilenet::VideoFrame frame; reader.next(frame).value();) {
    runner
        .predict(frame.view(),
                 [&, frame](const mobilenet::Result<mobilenet::Prediction>& answer) {
                   const auto seen = tracker.update(answer.value().objects, frame.seconds()).value();
                   mobilenet::convert(frame.view(), pixels).value();
                   painter.draw(pixels, seen).value();
                   writer.write(pixels.view(), frame.seconds()).value();
                   for (const mobilenet::Track& track : seen) tracks = std::max(tracks, track.id);
                 })
        .value();
  }
  runner.wait_idle().value();
  writer.finish().value();
  const auto statistics = runner.statistics();
  if (statistics.callback_errors > 0) throw mobilenet::Exception({mobilenet::ErrorCode::io, "frames were not written"});
  std::cout << statistics.answered << " frames with " << tracks << " tracks in " << arguments[2] << '\n';
} catch (const mobilenet::Exception& error) {
  std::cerr << error.what() << '\n';
  return 1;
}
