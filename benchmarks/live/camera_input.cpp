// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors

// camera_input [ROUNDS]: NV12 of 1920x1080 to a network's input of floats, on one thread: Session::preprocess, with the
// filter of the network, against libyuv (each plane by kFilterBox to the input's size, then RGB) and a loop that makes
// floats. Milliseconds, medians of so many rounds (default: 200) in turns, gigabytes of the frame a second, and our
// time for the same frame if it is a quarter turned.

#include <libyuv.h>
#include <mobilenet/mobilenet.h>

#include <algorithm>
#include <chrono>
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

double time_of(const std::function<void()>& call) {
  const auto start = Clock::now();
  call();
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

double median(std::vector<double> times) {
  std::sort(times.begin(), times.end());
  return times[times.size() / 2];
}

}  // namespace

int main(int count, char** words) {
  const int rounds = count > 1 ? std::max(std::atoi(words[1]), 1) : 200;
  std::mt19937 random(1);
  std::vector<std::uint8_t> noise(std::size_t{kWidth} * kHeight * 3 / 2);
  for (std::uint8_t& level : noise) level = static_cast<std::uint8_t>(random());
  const std::uint8_t* const colours = noise.data() + kWidth * kHeight;
  const ImageView frame = ImageView::packed(noise.data(), PixelFormat::nv12, kWidth, kHeight);
  ImageView turned = frame;
  turned.orientation = Orientation::rotate_90;
  const double bytes = static_cast<double>(noise.size());

  std::printf("%-26s %10s %10s %8s %8s %10s\n", "NV12 1920x1080 to", "ours ms", "libyuv ms", "ratio", "GB/s",
              "turned ms");
  struct Network {
    const char* architecture;
    int side;
  };
  for (const Network& network : {Network{"mobilenet_v2:1.0:224", 224}, Network{"ssd_mobilenet_v1:1.0:300", 300}}) {
    const char* const architecture = network.architecture;  // no structured binding: clang 14 lets no lambda take one
    const int side = network.side;
    const Model model = Model::random(architecture).value();
    Session session = model.session({.threads = 1}).value();
    const auto pixels = static_cast<std::size_t>(side * side);
    std::vector<std::uint8_t> luma(pixels), chroma(static_cast<std::size_t>((side + 1) / 2 * ((side + 1) / 2) * 2)),
        rgb(3 * pixels);
    std::vector<float> input(3 * pixels);
    const auto theirs = [&] {
      libyuv::NV12Scale(noise.data(), kWidth, colours, kWidth, kWidth, kHeight, luma.data(), side, chroma.data(),
                        (side + 1) / 2 * 2, side, side, libyuv::kFilterBox);
      libyuv::NV12ToRAW(luma.data(), side, chroma.data(), (side + 1) / 2 * 2, rgb.data(), side * 3, side, side);
      for (std::size_t i = 0; i < input.size(); ++i) input[i] = static_cast<float>(rgb[i]) / 127.5f - 1;
    };
    Session of_turned = model.session({.threads = 1}).value();  // tables are kept for one geometry
    std::vector<double> our_times, their_times, turned_times;
    for (int round = 0; round < rounds; ++round) {
      our_times.push_back(time_of([&] { session.preprocess(frame).value(); }));
      their_times.push_back(time_of(theirs));
      turned_times.push_back(time_of([&] { of_turned.preprocess(turned).value(); }));
    }
    const double mine = median(our_times), yours = median(their_times);
    std::printf("%-26s %10.3f %10.3f %8.2f %8.1f %10.3f\n", architecture, mine, yours, yours / mine, bytes / mine / 1e6,
                median(turned_times));
  }
}
