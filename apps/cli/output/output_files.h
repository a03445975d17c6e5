// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// The files that a command is going to write, settled before its work begins: none replaces a file that the command
// reads, none an existing one (but a mask that this program made) unless that was asked for, no two results share one,
// and all can be written where they belong.

#include <mobilenet/result.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <utility>

#include "cli/output/pending_file.h"

namespace mobilenet::cli {

class OutputFiles {
 public:
  explicit OutputFiles(IfExists if_exists) : if_exists_(if_exists) {}

  // The command reads this file, if it is there: nothing may be written to it, by whatever name or link.
  void reads(const std::filesystem::path& path);

  // `content` says what will be written there: "the mask of a.jpg". Fails when that cannot be; but files that exist
  // already are only noted. Any number of threads may add.
  Result<Destination> add(const std::filesystem::path& path, const std::string& content);
  // Fails when files exist already and are not to be replaced.
  Result<void> check_existing() const;
  // Both for the only file that a command writes.
  Result<Destination> only(const std::filesystem::path& path, const std::string& content);

 private:
  using Identity = std::pair<std::uint64_t, std::uint64_t>;  // device and inode

  IfExists if_exists_;
  std::mutex mutex_;                      // of what add() changes
  std::set<std::filesystem::path> read_;  // canonical
  std::set<Identity> read_identities_;
  std::map<std::filesystem::path, std::string> content_;  // by canonical folder and name in lower case
  std::filesystem::path existing_;                        // the first
  std::size_t existing_count_ = 0;
};

// With those above it; one that is there stays.
Result<void> make_folder(const std::filesystem::path& folder);

}  // namespace mobilenet::cli
