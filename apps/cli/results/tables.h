// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Answers about all pictures in one file: for spreadsheets, and for COCO's evaluation.

#include <mobilenet/evaluate.h>

#include <optional>
#include <string>
#include <utility>

#include "cli/results/result_kind.h"

namespace mobilenet::cli {

// Comma-separated values (RFC 4180), a line an answer below one of names: image,rank,score,class,label of classifiers;
// image,left,top,right,bottom,score,class,label of detectors; image,pixels,share,class,label of segmenters.
class CsvTable : public ResultKind {
 public:
  explicit CsvTable(std::string output) : output_(std::move(output)) {}
  Result<void> prepare(const ResultRequest& request, OutputFiles& files) override;
  Result<void> add(const LoadedPicture& picture, const PictureAnswer& answer) override;
  Result<void> finish() override;
  std::string summary() const override { return "table in " + output_; }

 private:
  std::string output_;
  std::optional<PendingFile> file_;
  std::optional<Destination> destination_;
};

// One field of a line, in quotes where it needs them. Bytes that are no UTF-8 become U+FFFD.
std::string csv_field(std::string_view text);

class CocoFile : public ResultKind {
 public:
  explicit CocoFile(std::string output) : output_(std::move(output)) {}
  Result<void> prepare(const ResultRequest& request, OutputFiles& files) override;
  Result<void> add(const LoadedPicture& picture, const PictureAnswer& answer) override;
  Result<void> finish() override;
  std::string summary() const override;

 private:
  std::string output_;
  std::optional<Destination> destination_;
  CocoResults results_;
};

}  // namespace mobilenet::cli
