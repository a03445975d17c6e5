// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors

// draw [MODEL PICTURE [OUTPUT]]: draws what is in a picture onto it and writes that as a PNG. Links mobilenet::draw and
// mobilenet::encode.

#include <mobilenet/draw.h>
#include <mobilenet/encode.h>
#include <mobilenet/mobilenet.h>

#include <fstream>
#include <iostream>

#include "sample.h"

int main(int count, char** arguments) try {
  const mobilenet::Model model = sample_model(count, arguments, 1, "ssdlite_mobilenet_v2:0.35:160");
  mobilenet::Image picture = sample_picture(count, arguments);

  auto session = model.session({.score_threshold = 0.5f, .max_detections = 10}).value();
  const auto found = session.detect(picture).value();
  mobilenet::draw(picture, found).value();
  const auto file = mobilenet::encode(picture, mobilenet::PictureFormat::png).value();

  std::ofstream(count > 3 ? arguments[3] : "drawn.png", std::ios::binary)
      .write(reinterpret_cast<const char*>(file.data()), static_cast<std::streamsize>(file.size()));
  std::cout << found.size() << " objects in a file of " << file.size() << " bytes\n";
} catch (const mobilenet::Exception& error) {
  std::cerr << error.what() << '\n';
  return 1;
}
