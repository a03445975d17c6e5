// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors

// detect [MODEL PICTURE]: where is what in the picture? Boxes are in pixels of the upright picture.

#include <mobilenet/mobilenet.h>

#include <iostream>

#include "sample.h"

int main(int count, char** arguments) try {
  const mobilenet::Model model = sample_model(count, arguments, 1, "ssdlite_mobilenet_v2:0.35:160");
  const mobilenet::Image picture = sample_picture(count, arguments);

  auto session = model.session({.score_threshold = 0.5f, .max_detections = 10}).value();
  for (const mobilenet::Detection& found : session.detect(picture).value())
    std::cout << found.score << "  " << found.class_index << ' ' << found.label << " from " << found.left << ','
              << found.top << " to " << found.right << ',' << found.bottom << '\n';
  std::cout << session.timing().network << " ms in the network, " << session.timing().postprocess << " ms after it\n";
} catch (const mobilenet::Exception& error) {
  std::cerr << error.what() << '\n';
  return 1;
}
