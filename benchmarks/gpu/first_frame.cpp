// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors

// first_frame FILE [options]: how long a process that has just begun takes until a GPU answers, step by step, in
// milliseconds of the clock, as JSON. A process measures once: whoever wants a median starts several.
//
//   --size WIDTHxHEIGHT   of the picture, RGB bytes of noise (640x480)
//   --precision NAME      automatic (default), f16 or f32
//
//   driver   the driver is found and started
//   context  the GPU is opened, with the first of the kernels
//   load     the model's file is read, and its network recognised
//   open     a session: the network compiled, weights converted and uploaded, all other kernels loaded, the graph made
//   frames   the first ten, each from a picture in the host's memory to its answer there. The first takes memory for
//            the picture, and the graph is uploaded
//   until_first_answer   the sum of these up to the first frame

#include <mobilenet/mobilenet.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <random>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "backend/cuda/driver/device.h"

namespace {

using namespace mobilenet;  // NOLINT: a program of one file

struct Options {
  std::string file;
  int width = 640, height = 480;
  Precision precision = Precision::automatic;
};

[[noreturn]] void fail(const std::string& message) {
  std::cerr << "first_frame: " << message << '\n';
  std::exit(1);
}

template <class T>
T need(Result<T> result) {
  if (!result) fail(result.error().message);
  return *std::move(result);
}

Options options_of(int count, char** words) {
  Options options;
  for (int i = 1; i < count; ++i) {
    const std::string word = words[i];
    const auto next = [&]() -> std::string { return i + 1 < count ? words[++i] : (fail("a value after " + word), ""); };
    if (word == "--size") {
      std::istringstream size(next());
      if (char x = 0; !(size >> options.width >> x >> options.height)) fail("--size WIDTHxHEIGHT");
    } else if (word == "--precision") {
      const auto precision = precision_from_name(next());
      if (!precision) fail("no such precision");
      options.precision = *precision;
    } else {
      options.file = word;
    }
  }
  if (options.file.empty() || options.width < 1 || options.height < 1) fail("a file is needed, and a size");
  return options;
}

// Milliseconds since it was last asked.
class Clock {
 public:
  double lap() {
    const auto now = std::chrono::steady_clock::now();
    return std::chrono::duration<double, std::milli>(now - std::exchange(then_, now)).count();
  }

 private:
  std::chrono::steady_clock::time_point then_ = std::chrono::steady_clock::now();
};

void answer(Session& session, const ImageView& picture) {
  switch (session.info().task) {
    case Task::classify:
      need(session.classify(picture));
      return;
    case Task::detect:
      need(session.detect(picture));
      return;
    case Task::segment:
      need(session.segment(picture));
      return;
    case Task::features:
    case Task::run:
      break;
  }
  fail(session.info().source + " gives neither classes, objects nor a mask");
}

}  // namespace

int main(int count, char** words) {
  const Options options = options_of(count, words);
  std::mt19937 random(1);
  std::vector<std::byte> pixels(static_cast<std::size_t>(options.width) * static_cast<std::size_t>(options.height) * 3);
  for (std::byte& byte : pixels) byte = static_cast<std::byte>(random() & 255);
  const ImageView picture = ImageView::packed(pixels.data(), PixelFormat::rgb, options.width, options.height);

  Clock clock;
  need(cuda::driver());
  const double driver = clock.lap();
  const cuda::Device& device = *need(cuda::device());
  const double context = clock.lap();
  const Model model = need(Model::open(options.file));
  const double load = clock.lap();
  Session session = need(model.session({.device = Device::cuda, .precision = options.precision}));
  const double open = clock.lap();
  std::array<double, 10> frames{};
  for (double& frame : frames) {
    answer(session, picture);
    frame = clock.lap();
  }

  const std::string precision(name_of(session.precision())), task(name_of(model.info().task));
  std::printf("{\"device\": \"%s\", \"task\": \"%s\", \"precision\": \"%s\", \"picture\": \"%dx%d\", ",
              device.name().c_str(), task.c_str(), precision.c_str(), options.width, options.height);
  std::printf("\"milliseconds\": {\"driver\": %.3f, \"context\": %.3f, \"load\": %.3f, \"open\": %.3f, \"frames\": [",
              driver, context, load, open);
  for (std::size_t i = 0; i < frames.size(); ++i) std::printf("%s%.3f", i == 0 ? "" : ", ", frames[i]);
  std::printf("], \"until_first_answer\": %.3f}}\n", driver + context + load + open + frames[0]);
}
