// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors

// live_segmentation VIDEO [MODEL]: how much of the picture each class covers, of the newest frame only: where the
// network is slower than the camera, frames in between are dropped. Links mobilenet::live and mobilenet::video.

#include <mobilenet/mobilenet.h>
#include <mobilenet/runner.h>
#include <mobilenet/smoothing.h>
#include <mobilenet/video.h>

#include <iostream>

#include "sample.h"

int main(int count, char** arguments) try {
  if (count < 2) throw mobilenet::Exception({mobilenet::ErrorCode::invalid_argument, "which video or camera?"});
  const mobilenet::Model model = sample_model(count, arguments, 2, "deeplab_mobilenet_v2:0.35:97");
  auto reader = mobilenet::VideoReader::open(arguments[1]).value();

  auto runner = mobilenet::Runner::create(model, {.when_full = mobilenet::WhenFull::drop_oldest}).value();
  auto smoother = mobilenet::MaskSmoother::create({.hold_seconds = 0.2}).value();
  for (mobilenet::VideoFrame frame; reader.next(frame).value();) {
    const auto taken = runner.predict(frame.view(), [&, frame](const mobilenet::Result<mobilenet::Prediction>& answer) {
      if (!answer) return;  // dropped: a newer one came
      const auto steady = smoother.update(answer->segmentation, frame.seconds()).value();
      std::cout << frame.seconds() << " s:";
      for (const mobilenet::SegmentClass& part : steady.classes)
        std::cout << "  " << part.index << ' ' << part.label << ' '
                  << 100 * part.pixels / (std::int64_t{steady.width} * steady.height) << " %";
      std::cout << '\n';
    });
    if (!taken && taken.error().code != mobilenet::ErrorCode::cancelled) taken.value();
  }
  runner.wait_idle().value();
  const auto statistics = runner.statistics();
  std::cout << statistics.answered << " frames, " << statistics.dropped << " dropped\n";
} catch (const mobilenet::Exception& error) {
  std::cerr << error.what() << '\n';
  return 1;
}
