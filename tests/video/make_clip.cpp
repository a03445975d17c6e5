// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors

// make_clip OUTPUT FRAMES WIDTH HEIGHT [PICTURE...]: a clip in which every picture stands still for FRAMES frames, at
// its own size in the upper left corner; without pictures, numbered frames. Twenty-five a second, but that every third
// frame comes 10 ms late.

#include <mobilenet/image.h>
#include <mobilenet/video.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <iostream>
#include <vector>

#include "video/clip.h"

int main(int count, char** words) try {
  using namespace mobilenet;
  if (count < 5) {
    std::cerr << "make_clip OUTPUT FRAMES WIDTH HEIGHT [PICTURE...]\n";
    return 2;
  }
  const int frames = std::atoi(words[2]), width = std::atoi(words[3]), height = std::atoi(words[4]);
  if (count == 5) {
    testing::write_clip(words[1], width, height, frames);
    return 0;
  }
  VideoWriter writer = VideoWriter::create(words[1], {.width = width, .height = height, .fps = 25}).value();
  std::vector<std::byte> rgb(static_cast<std::size_t>(width) * static_cast<std::size_t>(height) * 3);
  int number = 0;
  for (int word = 5; word < count; ++word) {
    Image picture = Image::open(words[word]).value().upright().value();
    std::fill(rgb.begin(), rgb.end(), std::byte{114});
    const auto row = static_cast<std::size_t>(std::min(width, picture.width())) * 3;
    for (int y = 0; y < std::min(height, picture.height()); ++y)
      std::memcpy(rgb.data() + static_cast<std::size_t>(y) * static_cast<std::size_t>(width) * 3,
                  picture.pixels().data() + static_cast<std::size_t>(y) * static_cast<std::size_t>(picture.width()) * 3,
                  row);
    for (int i = 0; i < frames; ++i, ++number)
      writer.write(ImageView::packed(rgb.data(), PixelFormat::rgb, width, height), testing::uneven_time(number))
          .value();
  }
  writer.finish().value();
} catch (const std::exception& error) {
  std::cerr << "make_clip: " << error.what() << '\n';
  return 1;
}
