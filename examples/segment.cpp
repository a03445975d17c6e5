// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors

// segment [MODEL PICTURE [MASK.pgm]]: the class of every pixel, at the picture's own size. The mask is written as a
// grey picture whose pixels are class numbers.

#include <mobilenet/mobilenet.h>

#include <fstream>
#include <iostream>

#include "sample.h"

int main(int count, char** arguments) try {
  const mobilenet::Model model = sample_model(count, arguments, 1, "deeplab_mobilenet_v2:0.35:129");
  const mobilenet::Image picture = sample_picture(count, arguments);

  auto session = model.session().value();
  const mobilenet::Segmentation answer = session.segment(picture).value();
  for (const mobilenet::SegmentClass& found : answer.classes)
    std::cout << found.pixels << " pixels of " << found.index << ' ' << found.label << '\n';

  if (count > 3) {
    std::ofstream file(arguments[3], std::ios::binary);
    file << "P5\n" << answer.width << ' ' << answer.height << "\n255\n";
    file.write(reinterpret_cast<const char*>(answer.mask.data()), static_cast<std::streamsize>(answer.mask.size()));
    if (!file) throw mobilenet::Exception({mobilenet::ErrorCode::io, "the mask could not be written"});
  }
} catch (const mobilenet::Exception& error) {
  std::cerr << error.what() << '\n';
  return 1;
}
