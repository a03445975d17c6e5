// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors

// draw_on_frames [ROUNDS]: milliseconds that a frame of 1920x1080 takes to be drawn on, and to become RGB, on one
// thread, by one Painter: median and fastest of so many rounds (default: 60), each on a fresh copy of the same noise.

#include <mobilenet/draw.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <random>
#include <string>
#include <vector>

namespace {

using namespace mobilenet;
using Clock = std::chrono::steady_clock;

constexpr int kWidth = 1920, kHeight = 1080;

void measure(const char* name, int rounds, const std::vector<std::uint8_t>& noise,
             const std::function<void(const PixelBuffer&)>& draw_on) {
  std::vector<std::uint8_t> pixels(noise.size());
  std::vector<double> times;
  for (int round = 0; round < rounds; ++round) {
    std::copy(noise.begin(), noise.end(), pixels.begin());
    const auto start = Clock::now();
    draw_on(PixelBuffer::packed(pixels.data(), PixelFormat::rgb, kWidth, kHeight));
    times.push_back(std::chrono::duration<double, std::milli>(Clock::now() - start).count());
  }
  std::sort(times.begin(), times.end());
  std::printf("%-28s %6.2f  %6.2f\n", name, times[times.size() / 2], times.front());
}

}  // namespace

int main(int count, char** words) {
  const int rounds = count > 1 ? std::max(std::atoi(words[1]), 1) : 60;
  std::mt19937 random(1);
  std::vector<std::uint8_t> noise(std::size_t{kWidth} * kHeight * 3);
  for (std::uint8_t& level : noise) level = static_cast<std::uint8_t>(random());

  std::vector<Detection> objects;
  std::vector<Track> tracks;
  for (int i = 0; i < 20; ++i) {
    Detection object;
    object.class_index = i % 7;
    object.label = "traffic light";
    object.score = 0.9f - 0.02f * static_cast<float>(i);
    object.left = static_cast<float>(90 * i), object.top = static_cast<float>(40 + 37 * i % 600);
    object.right = object.left + 260, object.bottom = object.top + 340;
    objects.push_back(object);
    tracks.push_back({i + 1, object, 10});
  }
  std::vector<Classification> classes;
  for (int i = 0; i < 5; ++i) classes.push_back({i, "Egyptian cat", 0.3f});
  // Six blobs of classes on background, as masks are.
  std::vector<std::uint8_t> mask(std::size_t{kWidth} * kHeight);
  Segmentation segmentation{kWidth, kHeight, mask, {}, {}};
  for (int y = 0; y < kHeight; ++y)
    for (int x = 0; x < kWidth; ++x)
      for (int blob = 0; blob < 6; ++blob) {
        const double across = x - (200.0 + 290 * blob), down = y - (540 + 200 * std::sin(blob * 2.0));
        const double radius = 130 + 40 * std::sin(7 * std::atan2(down, across) + blob);
        if (across * across + down * down < radius * radius)
          mask[static_cast<std::size_t>(y) * kWidth + static_cast<std::size_t>(x)] =
              static_cast<std::uint8_t>(blob + 1);
      }
  std::vector<SegmentClass> parts;
  for (int i = 0; i < 7; ++i)
    parts.push_back({i, i == 0 ? "background" : "person", std::count(mask.begin(), mask.end(), i)});
  segmentation.classes = parts;

  std::printf("%-28s median  fastest (ms)\n", "1920x1080, one thread");
  Painter painter = Painter::create({.trail = 30}).value();
  measure("20 objects", rounds, noise, [&](const PixelBuffer& p) { painter.draw(p, objects).value(); });
  measure("20 tracks with trails", rounds, noise, [&](const PixelBuffer& p) {
    for (Track& track : tracks) track.object.left += 2, track.object.right += 2;
    painter.draw(p, tracks).value();
  });
  measure("mask of 6 regions", rounds, noise, [&](const PixelBuffer& p) { painter.draw(p, segmentation).value(); });
  measure("5 classes", rounds, noise, [&](const PixelBuffer& p) { painter.draw(p, classes).value(); });
  measure("two lines of text", rounds, noise,
          [&](const PixelBuffer& p) { painter.draw_text(p, "24.6 frames/s\n14.3 ms").value(); });
  // The worst that a mask can be: no two neighbours alike but by chance.
  for (std::uint8_t& number : mask) number = static_cast<std::uint8_t>(random() % 7);
  measure("mask of noise", rounds, noise, [&](const PixelBuffer& p) { painter.draw(p, segmentation).value(); });
  for (const auto& [name, format] : {std::pair{"RGB of NV12", PixelFormat::nv12},
                                     {"RGB of I420", PixelFormat::i420},
                                     {"RGB of YUYV", PixelFormat::yuyv}}) {
    const ImageView view = ImageView::packed(noise.data(), format, kWidth, kHeight);
    measure(name, rounds, noise, [&](const PixelBuffer& p) { convert(view, p).value(); });
  }
}
