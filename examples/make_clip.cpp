// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors

// make_clip OUTPUT PICTURE...: a video that looks at each picture for two seconds, from its left to its right. Links
// mobilenet::video.

#include <mobilenet/mobilenet.h>
#include <mobilenet/video.h>

#include <algorithm>
#include <iostream>
#include <vector>

static constexpr int kFrames = 50, kRate = 25;  // of a picture; a second

int main(int count, char** arguments) try {
  if (count < 3) throw mobilenet::Exception({mobilenet::ErrorCode::invalid_argument, "where to, of which pictures?"});
  std::vector<mobilenet::Image> pictures;
  for (int i = 2; i < count; ++i) pictures.push_back(mobilenet::Image::open(arguments[i]).value().upright().value());
  // What fits into all of them, and leaves a fifth of the narrowest to move.
  int width = 1280, height = 720;
  for (const mobilenet::Image& picture : pictures) {
    width = std::min(width, picture.width() * 4 / 5);
    height = std::min(height, picture.height());
  }
  auto writer = mobilenet::VideoWriter::create(arguments[1], {.width = width, .height = height, .fps = kRate}).value();
  int number = 0;
  for (const mobilenet::Image& picture : pictures) {
    for (int i = 0; i < kFrames; ++i, ++number) {
      const int left = (picture.width() - width) * i / (kFrames - 1), top = (picture.height() - height) / 2;
      const auto part = picture.view().crop(left, top, width, height).value();
      writer.write(part, static_cast<double>(number) / kRate).value();
    }
  }
  writer.finish().value();
  std::cout << number << " frames of " << width << 'x' << height << " in " << arguments[1] << '\n';
} catch (const mobilenet::Exception& error) {
  std::cerr << error.what() << '\n';
  return 1;
}
