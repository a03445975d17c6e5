// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors

// pictures_and_masks THREADS: what compare_pillow.py times of this library. It answers lines on its standard input:
//
//   picture FILE FORMAT WIDTH HEIGHT ORIENTATION    the next picture: its bytes in FILE, FORMAT as in formats() below
//   input FILTER SIZE ELEMENTS                      the next network: FILTER as in filters(), ELEMENTS u8 or f32
//   run OUT                                         -> milliseconds; the input of the network goes to OUT
//   mask WIDTH HEIGHT CELLS CLASSES FILE OUT        -> milliseconds; FILE: float scores, the mask goes to OUT
//
// Pictures and memory are warm: the best of the runs of one line counts.

#include <mobilenet/image.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <iostream>
#include <iterator>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/thread_pool.h"
#include "base/workers.h"
#include "postprocess/mask.h"
#include "preprocess/picture_input.h"

namespace {

using namespace mobilenet;

constexpr int kRuns = 5;

template <class Value>
struct Named {
  std::string_view name;
  Value value;
};

constexpr Named<PixelFormat> kFormats[] = {{"rgb", PixelFormat::rgb},
                                           {"bgr", PixelFormat::bgr},
                                           {"rgba", PixelFormat::rgba},
                                           {"bgra", PixelFormat::bgra},
                                           {"grey", PixelFormat::grey}};

constexpr Named<ResizeFilter> kFilters[] = {
    {"nearest", ResizeFilter::pil_nearest},   {"box", ResizeFilter::pil_box},
    {"bilinear", ResizeFilter::pil_bilinear}, {"hamming", ResizeFilter::pil_hamming},
    {"bicubic", ResizeFilter::pil_bicubic},   {"lanczos", ResizeFilter::pil_lanczos},
    {"tf", ResizeFilter::tf_bilinear_legacy}};

template <class Value, std::size_t kCount>
Value named(const Named<Value> (&all)[kCount], const std::string& name) {
  for (const Named<Value>& one : all)
    if (one.name == name) return one.value;
  std::cerr << "nothing is called " << name << '\n';
  std::exit(2);
}

std::vector<char> bytes_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// Of one thread the time that it had a processor, so that others on the machine count little; of more what passed.
double milliseconds(bool alone) {
  if (alone) return static_cast<double>(std::clock()) * 1000 / CLOCKS_PER_SEC;
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration<double, std::milli>(now).count();
}

template <class Body>
double best_milliseconds(const Workers& workers, const Body& body) {
  const bool alone = workers.most() == 1;
  double best = std::numeric_limits<double>::max();
  for (int run = 0; run < kRuns; ++run) {
    const double begin = milliseconds(alone);
    body();
    best = std::min(best, milliseconds(alone) - begin);
  }
  return best;
}

void write(const std::string& path, const std::vector<char>& bytes) {
  std::ofstream(path, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

double time_mask(int width, int height, int cells, int classes, const std::string& in, const std::string& out,
                 const Workers& workers) {
  const std::vector<char> stored = bytes_of(in);
  const MaskAxis rows{0, static_cast<double>(cells - 1) / (height - 1), height, cells};
  const MaskAxis columns{0, static_cast<double>(cells - 1) / (width - 1), width, cells};
  MaskEnlargement enlargement(*best_or_forced(runnable_mask_kernels()).kernels);
  std::vector<char> mask(static_cast<std::size_t>(width) * static_cast<std::size_t>(height));
  const double best = best_milliseconds(workers, [&] {
    enlargement.run({reinterpret_cast<const float*>(stored.data()), classes}, rows, columns,
                    reinterpret_cast<std::uint8_t*>(mask.data()), {}, workers);
  });
  write(out, mask);
  return best;
}

}  // namespace

int main(int count, char** arguments) {
  const int threads = count > 1 ? std::stoi(arguments[1]) : 1;
  ThreadPool::shared().reserve(threads);
  const Workers workers(threads, nullptr, ThreadPool::kSpin);
  std::vector<char> stored, made;
  ImageView view;
  std::optional<PictureInput> input;
  for (std::string command; std::cin >> command;) {
    std::string file, name, elements;
    if (command == "picture") {
      int orientation;
      std::cin >> file >> name >> view.width >> view.height >> orientation;
      stored = bytes_of(file);
      view = ImageView::packed(stored.data(), named(kFormats, name), view.width, view.height);
      view.orientation = static_cast<Orientation>(orientation);
    } else if (command == "input") {
      int size;
      std::cin >> name >> size >> elements;
      PreprocessSpec spec;
      spec.mode = ResizeMode::squash;
      spec.filter = named(kFilters, name);
      const DataType type = elements == "u8" ? DataType::u8 : DataType::f32;
      input = PictureInput::create(spec, size, size, {type}).value();
      made.resize(static_cast<std::size_t>(size) * static_cast<std::size_t>(size) * 3 * (type == DataType::u8 ? 1 : 4));
    } else if (command == "run") {
      std::cin >> file;
      const double best = best_milliseconds(workers, [&] { input->run(view, made.data(), workers).value(); });
      write(file, made);
      std::cout << best << '\n' << std::flush;
    } else if (command == "mask") {
      int width, height, cells, classes;
      std::cin >> width >> height >> cells >> classes >> file >> name;
      std::cout << time_mask(width, height, cells, classes, file, name, workers) << '\n' << std::flush;
    }
  }
}
