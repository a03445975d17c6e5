// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// A process for pillow_oracle.py to talk to. Each line on stdin is one request, tab-separated; each gets one line back.
//   decode PICTURE OUT                          -> "WIDTH HEIGHT ORIENTATION", and the stored pixels as RGB in OUT
//   srgb PICTURE OUT                            -> the same, converted to sRGB
//   input PICTURE OUT HEIGHT WIDTH key=value... -> "ok", and the network's input as u8 (raw) or f32 in OUT
// or "error: SENTENCE".

#include <mobilenet/image.h>

#include <cstdlib>
#include <fstream>
#include <iostream>
#include <map>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "preprocess/picture_input.h"

namespace mobilenet {
namespace {

const std::map<std::string_view, ResizeMode> kModes = {{"crop", ResizeMode::crop},
                                                       {"central_crop", ResizeMode::central_crop},
                                                       {"shortest_edge", ResizeMode::shortest_edge},
                                                       {"cover", ResizeMode::cover},
                                                       {"fit", ResizeMode::fit},
                                                       {"keep", ResizeMode::keep},
                                                       {"squash", ResizeMode::squash},
                                                       {"pad", ResizeMode::pad}};
const std::map<std::string_view, ResizeFilter> kFilters = {
    {"nearest", ResizeFilter::pil_nearest},   {"box", ResizeFilter::pil_box},
    {"bilinear", ResizeFilter::pil_bilinear}, {"hamming", ResizeFilter::pil_hamming},
    {"bicubic", ResizeFilter::pil_bicubic},   {"lanczos", ResizeFilter::pil_lanczos}};
const std::map<std::string_view, Resampler> kResamplers = {{"pillow", Resampler::pillow},
                                                           {"torchvision", Resampler::torchvision}};
const std::map<std::string_view, CropRounding> kRoundings = {{"down", CropRounding::down},
                                                             {"half_even", CropRounding::half_even}};

void write(const std::string& path, const void* data, std::size_t bytes) {
  std::ofstream(path, std::ios::binary).write(static_cast<const char*>(data), static_cast<std::streamsize>(bytes));
}

std::string decode(const std::vector<std::string>& words) {
  const Result<Image> image = Image::open(words.at(1), {.to_srgb = words.at(0) == "srgb"});
  if (!image) return "error: " + image.error().message;
  const ImageView view = image->view();
  write(words.at(2), view.planes[0],
        static_cast<std::size_t>(view.row_bytes[0]) * static_cast<std::size_t>(view.height));
  std::ostringstream answer;
  answer << view.width << ' ' << view.height << ' ' << static_cast<int>(view.orientation);
  return answer.str();
}

std::string input(const std::vector<std::string>& words) {
  PreprocessSpec spec;
  for (std::size_t i = 5; i < words.size(); ++i) {
    const std::size_t equals = words[i].find('=');
    const std::string key = words[i].substr(0, equals), value = words[i].substr(equals + 1);
    if (key == "mode") spec.mode = kModes.at(value);
    if (key == "filter") spec.filter = kFilters.at(value);
    if (key == "rounding") spec.rounding = kRoundings.at(value);
    if (key == "fraction") spec.crop_fraction = std::stod(value);
    if (key == "resampler") spec.resampler = kResamplers.at(value);
    if (key == "edge") spec.resize_height = spec.resize_width = std::stoi(value);
    if (key == "resize_height") spec.resize_height = std::stoi(value);
    if (key == "resize_width") spec.resize_width = std::stoi(value);
    if (key == "fill") spec.fill.fill(std::stof(value));
  }
  const int height = std::stoi(words.at(3)), width = std::stoi(words.at(4));
  auto pictures = PictureInput::create(spec, height, width, {DataType::u8});
  if (!pictures) return "error: " + pictures.error().message;
  const Result<Image> image = Image::open(words.at(1));
  if (!image) return "error: " + image.error().message;
  std::vector<unsigned char> out(static_cast<std::size_t>(height) * static_cast<std::size_t>(width) * 3);
  if (const auto done = pictures->run(*image, out.data()); !done) return "error: " + done.error().message;
  write(words.at(2), out.data(), out.size());
  return "ok";
}

std::string answer(const std::string& line) {
  std::vector<std::string> words;
  std::istringstream stream(line);
  for (std::string word; std::getline(stream, word, '\t');) words.push_back(word);
  return words.at(0) == "input" ? input(words) : decode(words);
}

}  // namespace
}  // namespace mobilenet

int main() {
  for (std::string line; std::getline(std::cin, line);) std::cout << mobilenet::answer(line) << std::endl;
}
