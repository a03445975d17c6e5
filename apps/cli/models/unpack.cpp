// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "cli/models/unpack.h"

#include <cerrno>
#include <memory>
#include <string_view>
#include <vector>

#include "cli/models/libraries.h"
#include "cli/output/pending_file.h"
#include "cli/output/table.h"

namespace mobilenet::cli {
namespace {

constexpr std::size_t kBlock = 10240;                            // that archives are read in
constexpr std::uint64_t kMostUnpacked = std::uint64_t{4} << 30;  // a few kB may stand for any number of zeros

// As archives write names of their own folder: "./detect.tflite".
std::string_view without_dot(std::string_view name) {
  while (name.starts_with("./")) name.remove_prefix(2);
  return name;
}

}  // namespace

bool can_unpack() { return true; }

Result<void> unpack_member(const std::filesystem::path& path, const std::string& member, std::FILE* out,
                           std::uint64_t most_bytes) {
  const auto loaded = load_archive();
  if (!loaded) return loaded.error();
  const Archive& library = **loaded;
  const std::unique_ptr<archive, decltype(library.archive_read_free)> reader(library.archive_read_new(),
                                                                             library.archive_read_free);
  const auto broken = [&](const std::string& what) -> Error {
    const char* const why = reader ? library.archive_error_string(reader.get()) : nullptr;
    return {ErrorCode::bad_format, path.string() + ": " + what + (why != nullptr ? std::string(": ") + why : "")};
  };
  if (!reader) return Error{ErrorCode::out_of_memory, path.string() + ": libarchive has no memory"};
  library.archive_read_support_filter_gzip(reader.get());
  library.archive_read_support_format_tar(reader.get());
  library.archive_read_support_format_zip(reader.get());
  if (library.archive_read_open_filename(reader.get(), path.c_str(), kBlock) != ARCHIVE_OK)
    return broken("is no archive");

  std::vector<char> chunk(std::size_t{1} << 16);
  std::uint64_t unpacked = 0;
  for (;;) {
    archive_entry* entry = nullptr;
    const int next = library.archive_read_next_header(reader.get(), &entry);
    if (next == ARCHIVE_EOF) return Error{ErrorCode::not_found, path.string() + ": holds no " + member};
    if (next != ARCHIVE_OK && next != ARCHIVE_WARN) return broken("is a broken archive");
    const char* const name = library.archive_entry_pathname(entry);  // null: not of this locale's letters
    const bool is_wanted = name != nullptr && without_dot(name) == without_dot(member);
    if (is_wanted && library.archive_entry_filetype(entry) != AE_IFREG)
      return Error{ErrorCode::bad_format, path.string() + ": its " + member + " is no file but a link or a folder"};
    std::uint64_t bytes = 0;
    for (;;) {
      const auto count = library.archive_read_data(reader.get(), chunk.data(), chunk.size());
      if (count < 0) return broken("is a broken archive");
      if (count == 0) break;
      bytes += static_cast<std::uint64_t>(count);
      unpacked += static_cast<std::uint64_t>(count);
      if (is_wanted && bytes > most_bytes)
        return Error{ErrorCode::bad_format,
                     path.string() + ": its " + member + " is longer than " + bytes_text(most_bytes)};
      if (unpacked > kMostUnpacked)
        return Error{ErrorCode::bad_format, path.string() + ": unpacks to more than " + bytes_text(kMostUnpacked)};
      errno = 0;
      if (is_wanted &&
          std::fwrite(chunk.data(), 1, static_cast<std::size_t>(count), out) != static_cast<std::size_t>(count))
        return system_error(path, "cannot write its " + member, errno);
    }
    if (is_wanted) return {};
  }
}

}  // namespace mobilenet::cli
