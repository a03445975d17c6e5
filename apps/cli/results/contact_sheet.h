// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// All pictures, small and with their answers, on one: 6 columns of up to 10 rows. More go to FILE_2.jpg and so on.

#include <mobilenet/image.h>

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cli/results/result_kind.h"

namespace mobilenet::cli {

class ContactSheet : public ResultKind {
 public:
  explicit ContactSheet(std::string output) : output_(std::move(output)) {}
  Result<void> prepare(const ResultRequest& request, OutputFiles& files) override;
  bool wants_thumbnail() const override { return true; }
  Result<void> add(const LoadedPicture& picture, const PictureAnswer& answer) override;
  Result<void> finish() override;
  std::string summary() const override;

 private:
  Result<void> write_sheet();

  std::string output_;
  OutputFiles* files_ = nullptr;
  std::vector<Destination> destinations_;  // as many as are known to be needed
  std::vector<Image> thumbnails_;          // of the sheet that is not yet written
  std::size_t sheets_ = 0;                 // written
};

}  // namespace mobilenet::cli
