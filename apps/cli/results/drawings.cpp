// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "cli/results/drawings.h"

#include <mobilenet/draw.h>
#include <mobilenet/encode.h>

#include <atomic>
#include <filesystem>
#include <utility>
#include <vector>

#include "cli/output/files.h"
#include "cli/output/output.h"

namespace mobilenet::cli {
namespace {

namespace fs = std::filesystem;

Result<void> write_encoded(const Destination& destination, const Result<std::vector<std::byte>>& file) {
  if (!file) return Error{file.error().code, destination.path.string() + ": " + file.error().message};
  return write_bytes(destination, *file);
}

void note_file(PictureAnswer& answer, const char* key, const char* words, const Destination& file) {
  answer.line[key] = file.path.string();
  answer.title += words + printable(file.path.string()) + '\n';
}

}  // namespace

Result<void> annotate(const Destination& destination, const Image& image,
                      const std::function<Result<void>(Image&)>& draw_on) {
  const auto format = picture_format_of(destination.path);
  if (!format) return format.error();
  auto copy = image.upright();
  if (!copy) return copy.error();
  if (auto drawn = draw_on(*copy); !drawn) return drawn;
  return write_encoded(destination, encode(*copy, *format));
}

Result<void> draw_answer(Image& picture, const PictureAnswer& answer) {
  if (answer.mask != nullptr) return draw(picture, *answer.mask);
  if (!answer.classes.empty()) return draw(picture, answer.classes);
  return draw(picture, answer.detections);
}

void note_label(std::string_view label) {
  static std::atomic<bool> said = false;
  if (said || can_write(label) || said.exchange(true)) return;
  say("no font here has the letters of '" + printable(label) +
      "': such classes are drawn with their numbers (Debian: fonts-noto-cjk, fonts-noto-color-emoji, "
      "fonts-noto-core)");
}

Result<void> write_mask(const Destination& destination, std::span<const std::uint8_t> mask, int width, int height) {
  const auto format = picture_format_of(destination.path);
  if (!format) return format.error();
  if (*format != PictureFormat::png) {
    return Error{ErrorCode::invalid_argument, destination.path.string() +
                                                  ": a mask is written as a .png file, which keeps every number as it "
                                                  "is"};
  }
  return write_encoded(destination, encode_mask(mask, width, height));
}

AnnotatedPictures::AnnotatedPictures(std::string output)
    : files_(std::move(output), "the annotated ", picture_ending) {}

Result<void> AnnotatedPictures::prepare(const ResultRequest& request, OutputFiles& files) {
  if (auto able = can_draw(); !able) return able;
  if (files_.is_file()) {
    if (const auto format = picture_format_of(files_.output()); !format)
      return Error{format.error().code, format.error().message + ", or into a folder (end its name in /)"};
  }
  return files_.prepare(request, files);
}

Result<void> AnnotatedPictures::write(const LoadedPicture& picture, PictureAnswer& answer) {
  if (files_.is_done(picture.place)) return {};
  for (const Classification& c : answer.classes) note_label(c.label);
  for (const Detection& d : answer.detections) note_label(d.label);
  for (const SegmentClass& c : answer.segments) note_label(c.label);
  const auto place = files_.at(picture);
  if (!place) return place.error();
  auto written = annotate(*place, *picture.image, [&](Image& copy) { return draw_answer(copy, answer); });
  if (written) note_file(answer, "annotated", "  drawn in ", *place);
  return written;
}

Masks::Masks(std::string output) : files_(std::move(output), "the mask of ", [](const fs::path&) { return ".png"; }) {}

Result<void> Masks::prepare(const ResultRequest& request, OutputFiles& files) {
  if (files_.is_file()) {
    const auto format = picture_format_of(files_.output());
    if (!format || *format != PictureFormat::png)
      return Error{ErrorCode::invalid_argument,
                   files_.output() + ": masks are written to .png files, or into a folder (end its name in /)"};
  }
  return files_.prepare(request, files);
}

Result<void> Masks::write(const LoadedPicture& picture, PictureAnswer& answer) {
  if (files_.is_done(picture.place)) return {};
  const auto place = files_.at(picture);
  if (!place) return place.error();
  auto written = write_mask(*place, answer.mask->mask, answer.width, answer.height);
  if (written) note_file(answer, "mask", "  mask in ", *place);
  return written;
}

}  // namespace mobilenet::cli
