// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// One page for a browser that holds all there is to see of a run: small pictures with their answers, filters by class
// and score, and how often each class and score came. It needs no other file and no network.

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "cli/results/result_kind.h"

namespace mobilenet::cli {

class HtmlReport : public ResultKind {
 public:
  explicit HtmlReport(std::string output) : output_(std::move(output)) {}
  Result<void> prepare(const ResultRequest& request, OutputFiles& files) override;
  bool wants_thumbnail() const override { return true; }
  Result<void> add(const LoadedPicture& picture, const PictureAnswer& answer) override;
  Result<void> finish() override;
  std::string summary() const override { return "report in " + output_; }

 private:
  Result<void> append(std::string_view text);

  std::string output_;
  std::optional<PendingFile> file_;
  std::size_t pictures_ = 0;
};

// RFC 4648.
std::string base64(std::span<const std::byte> bytes);
// JSON that can stand inside of <script>: nothing in it ends the element.
std::string script_json(const Json& value);

}  // namespace mobilenet::cli
