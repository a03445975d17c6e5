// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// The files that a .tflite with metadata carries behind its graph, as an archive: labels, above all.

#include "formats/tflite/metadata.h"

#ifdef MOBILENET_WITH_ZIP
#include <zip.h>

#include <algorithm>
#include <cstring>
#include <memory>
#endif

namespace mobilenet::tflite {

#ifdef MOBILENET_WITH_ZIP
namespace {

constexpr zip_int64_t kMaxFiles = 64;
constexpr zip_uint64_t kMaxFileBytes = 4u << 20;  // a label file has a few dozen KiB

struct Discard {
  void operator()(zip_t* archive) const { zip_discard(archive); }
  void operator()(zip_file_t* file) const { zip_fclose(file); }
};

std::optional<PackedFile> read_file(zip_t* archive, zip_uint64_t index) {
  zip_stat_t status;
  zip_stat_init(&status);
  if (zip_stat_index(archive, index, 0, &status) != 0) return std::nullopt;
  const zip_uint64_t needed = ZIP_STAT_NAME | ZIP_STAT_SIZE;
  if ((status.valid & needed) != needed || status.size > kMaxFileBytes) return std::nullopt;
  const std::unique_ptr<zip_file_t, Discard> file(zip_fopen_index(archive, index, 0));
  if (!file) return std::nullopt;
  PackedFile packed{status.name, std::string(static_cast<std::size_t>(status.size), '\0')};
  if (zip_fread(file.get(), packed.text.data(), status.size) != static_cast<zip_int64_t>(status.size))
    return std::nullopt;
  return packed;
}

}  // namespace

std::vector<PackedFile> packed_files(std::span<const std::byte> file) {
  std::vector<PackedFile> files;
  zip_source_t* source = zip_source_buffer_create(file.data(), file.size(), 0, nullptr);
  if (source == nullptr) return files;
  const std::unique_ptr<zip_t, Discard> archive(zip_open_from_source(source, ZIP_RDONLY, nullptr));
  if (!archive) {
    zip_source_free(source);
    return files;
  }
  const zip_int64_t count = std::min(zip_get_num_entries(archive.get(), 0), kMaxFiles);
  for (zip_int64_t i = 0; i < count; ++i)
    if (auto packed = read_file(archive.get(), static_cast<zip_uint64_t>(i))) files.push_back(*std::move(packed));
  return files;
}

bool lost_packed_file(std::span<const std::byte> file, std::string_view name) {
  // Every packed file begins with this mark and 26 more bytes before its name.
  constexpr char kMark[] = {'P', 'K', 3, 4};
  constexpr std::ptrdiff_t kHeaderBytes = 30;
  if (name.empty()) return false;
  for (const PackedFile& packed : packed_files(file))
    if (packed.name == name) return false;
  const auto letters = std::as_bytes(std::span(name));
  for (auto at = file.begin();; ++at) {
    at = std::search(at, file.end(), letters.begin(), letters.end());
    if (at == file.end()) return false;
    if (at - file.begin() >= kHeaderBytes && std::memcmp(&*(at - kHeaderBytes), kMark, sizeof(kMark)) == 0) return true;
  }
}

#else

std::vector<PackedFile> packed_files(std::span<const std::byte>) { return {}; }
bool lost_packed_file(std::span<const std::byte>, std::string_view) { return false; }

#endif

}  // namespace mobilenet::tflite
