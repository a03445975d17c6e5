// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// An index that is brought up to date: which of its rows are as good as new, and which go.

#include <mobilenet/result.h>
#include <mobilenet/search.h>

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "cli/arguments/picture_sources.h"

namespace mobilenet::cli {

// Size and time of a file; zeros of what is none.
FileStamp stamp_of(const std::string& path);

struct UpdateCounts {
  std::size_t added = 0, changed = 0, kept = 0;
  std::size_t gone = 0;  // whose files are not there any more
};

class IndexUpdate {
 public:
  // Marks those of `sources` as done that have their row already, by path and stamp. A row whose picture is not among
  // them stays, unless the file is gone: not to be found in a folder that is there.
  IndexUpdate(const SearchIndex& old, std::span<PictureSource> sources, std::span<const FileStamp> stamps);

  // What the rest became: row i of `fresh` is a picture of source places[i]. The order is that of an index made anew,
  // behind the rows whose pictures were not named.
  Result<void> finish(const SearchIndex& fresh, std::span<const std::size_t> places, SearchIndexBuilder& builder);

  // After finish(): whether the index differs from the old one.
  bool has_changed() const { return lost_ > 0 || counts_.added + counts_.changed > 0; }
  const UpdateCounts& counts() const { return counts_; }

 private:
  SearchIndex old_;
  std::vector<std::size_t> unnamed_;              // rows that stay, of pictures that are not among the sources
  std::vector<std::optional<std::size_t>> kept_;  // by source
  std::vector<bool> was_there_;                   // by source
  std::size_t lost_ = 0;                          // rows that go, whatever takes their place
  UpdateCounts counts_;
};

}  // namespace mobilenet::cli
