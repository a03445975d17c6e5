// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "cli/results/contact_sheet.h"

#include <mobilenet/draw.h>
#include <mobilenet/encode.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <memory>
#include <span>

#include "cli/output/files.h"
#include "cli/output/words.h"
#include "cli/results/picture_files.h"
#include "cli/results/thumbnail.h"

namespace mobilenet::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kColumns = 6, kRows = 10;
constexpr int kGap = 8, kCell = kThumbnailSide + kGap;
constexpr int kPaper = 0xf2;  // grey

fs::path sheet_path(const std::string& output, std::size_t sheet) {
  return sheet == 0 ? fs::path(output) : numbered(output, sheet + 1);
}

}  // namespace

Result<void> ContactSheet::prepare(const ResultRequest& request, OutputFiles& files) {
  files_ = &files;
  if (auto able = can_draw(); !able) return able;
  if (const auto format = picture_format_of(output_); !format) return format.error();
  const std::size_t pictures = std::max(request.pictures.size(), std::size_t{1});
  for (std::size_t sheet = 0; sheet * kColumns * kRows < pictures; ++sheet) {
    auto added = files.add(sheet_path(output_, sheet), "the contact sheet");
    if (!added) return added.error();
    destinations_.push_back(*std::move(added));
  }
  return {};
}

Result<void> ContactSheet::add(const LoadedPicture&, const PictureAnswer& answer) {
  auto copy = Image::upright(answer.thumbnail->view());
  if (!copy) return copy.error();
  if (auto drawn = answer.segments.empty() ? draw_small(*copy, answer) : Result<void>(); !drawn) return drawn;
  thumbnails_.push_back(*std::move(copy));
  return thumbnails_.size() < kColumns * kRows ? Result<void>() : write_sheet();
}

Result<void> ContactSheet::finish() { return thumbnails_.empty() ? Result<void>() : write_sheet(); }

Result<void> ContactSheet::write_sheet() {
  const std::size_t columns = std::min(thumbnails_.size(), kColumns);
  const std::size_t rows = (thumbnails_.size() + kColumns - 1) / kColumns;
  const int width = static_cast<int>(columns) * kCell + kGap, height = static_cast<int>(rows) * kCell + kGap;
  const std::size_t row_bytes = static_cast<std::size_t>(width) * 3;
  auto pixels = std::make_unique<std::byte[]>(row_bytes * static_cast<std::size_t>(height));
  std::memset(pixels.get(), kPaper, row_bytes * static_cast<std::size_t>(height));
  for (std::size_t i = 0; i < thumbnails_.size(); ++i) {
    const ImageView small = thumbnails_[i].view();
    const int left = kGap + static_cast<int>(i % kColumns) * kCell + (kThumbnailSide - small.width) / 2;
    const int top = kGap + static_cast<int>(i / kColumns) * kCell + (kThumbnailSide - small.height) / 2;
    for (int y = 0; y < small.height; ++y) {
      std::memcpy(pixels.get() + row_bytes * static_cast<std::size_t>(top + y) + static_cast<std::size_t>(left) * 3,
                  static_cast<const std::byte*>(small.planes[0]) + small.row_bytes[0] * y,
                  static_cast<std::size_t>(small.width) * 3);
    }
  }
  thumbnails_.clear();
  if (sheets_ == destinations_.size()) {  // standard input brought more pictures than the list has
    auto added = files_->add(sheet_path(output_, sheets_), "the contact sheet");
    if (!added) return added.error();
    destinations_.push_back(*std::move(added));
  }
  const Destination& destination = destinations_[sheets_++];
  const auto format = picture_format_of(destination.path);
  if (!format) return format.error();
  const auto file = encode(ImageView::packed(pixels.get(), PixelFormat::rgb, width, height), *format);
  if (!file) return file.error();
  return write_bytes(destination, *file);
}

std::string ContactSheet::summary() const {
  return (sheets_ > 1 ? counted(sheets_, "contact sheet") + " beginning with " : "contact sheet in ") + output_;
}

}  // namespace mobilenet::cli
