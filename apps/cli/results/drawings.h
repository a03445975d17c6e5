// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Pictures made of pictures: with their answers drawn on them, and masks.

#include <mobilenet/image.h>
#include <mobilenet/result.h>

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "cli/output/pending_file.h"
#include "cli/results/picture_files.h"
#include "cli/results/result_kind.h"

namespace mobilenet::cli {

// Draws on an upright copy and writes it as PNG or JPEG, by the ending of its name.
Result<void> annotate(const Destination& destination, const Image& image,
                      const std::function<Result<void>(Image&)>& draw_on);
// Draws what the answer holds.
Result<void> draw_answer(Image& picture, const PictureAnswer& answer);
// Says, once, that a class is drawn with its number because no font has the letters of its label.
void note_label(std::string_view label);
// `mask` is [height][width]: an indexed PNG, the pixel is the class. Its name must end in .png.
Result<void> write_mask(const Destination& destination, std::span<const std::uint8_t> mask, int width, int height);

// In a folder JPEG pictures stay .jpg, all others become .png, which loses nothing.
class AnnotatedPictures : public ResultKind {
 public:
  explicit AnnotatedPictures(std::string output);
  Result<void> prepare(const ResultRequest& request, OutputFiles& files) override;
  bool is_done(std::size_t place) const override { return files_.is_done(place); }
  Result<void> write(const LoadedPicture& picture, PictureAnswer& answer) override;
  std::string summary() const override { return "annotated pictures in " + files_.output(); }

 private:
  PictureFiles files_;
};

class Masks : public ResultKind {
 public:
  explicit Masks(std::string output);
  Result<void> prepare(const ResultRequest& request, OutputFiles& files) override;
  bool is_done(std::size_t place) const override { return files_.is_done(place); }
  Result<void> write(const LoadedPicture& picture, PictureAnswer& answer) override;
  std::string summary() const override { return "masks in " + files_.output(); }

 private:
  PictureFiles files_;
};

}  // namespace mobilenet::cli
