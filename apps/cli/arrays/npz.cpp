// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "cli/arrays/npz.h"

#include <unistd.h>
#include <zip.h>

#include <array>
#include <memory>

#include "cli/arrays/npy.h"
#include "cli/output/files.h"

namespace mobilenet::cli {
namespace {

// 1 January 1980, the first day a zip archive knows and the one numpy writes.
constexpr zip_uint16_t kFirstDay = (1 << 5) | 1;

struct DiscardArchive {
  void operator()(zip_t* archive) const { zip_discard(archive); }
};
using Archive = std::unique_ptr<zip_t, DiscardArchive>;

Error archive_error(const std::filesystem::path& path, std::string_view what, zip_error_t* error) {
  return Error{ErrorCode::io, path.string() + ": " + std::string(what) + ": " + zip_error_strerror(error)};
}

// The .npy as libzip will read it when the archive is closed; nullptr: out of memory or out of file descriptors.
zip_source_t* source_of(const NpzArray& array, zip_t* archive) {
  if (array.file != nullptr) {
    // libzip closes what it is given, so it gets a descriptor of its own.
    const int descriptor = dup(fileno(array.file));
    if (descriptor < 0) return nullptr;
    std::FILE* own = fdopen(descriptor, "rb");
    if (own == nullptr) {
      close(descriptor);
      return nullptr;
    }
    // The position is shared with array.file, and libzip reads from where it stands.
    if (std::fseek(own, 0, SEEK_SET) != 0) {
      std::fclose(own);
      return nullptr;
    }
    zip_source_t* source = zip_source_filep(archive, own, 0, -1);
    if (source == nullptr) std::fclose(own);
    return source;
  }
  const auto fragment = [](const void* data, std::size_t size) {
    // libzip's fragments are not const, but are only read.
    return zip_buffer_fragment_t{static_cast<zip_uint8_t*>(const_cast<void*>(data)), size};
  };
  const std::array fragments = {fragment(array.header.data(), array.header.size()),
                                fragment(array.numbers.data(), array.numbers.size())};
  const std::size_t used = array.numbers.empty() ? 1 : 2;
  return zip_source_buffer_fragment(archive, fragments.data(), used, 0);
}

}  // namespace

NpzArray npz_array(const TensorView& tensor) {
  return {std::string(tensor.name),
          npy_header(npy_type(tensor.type), tensor.shape),
          {static_cast<const std::byte*>(tensor.data), tensor.bytes},
          nullptr};
}

Result<void> write_npz(const Destination& destination, std::span<const NpzArray> arrays) {
  const std::filesystem::path& path = destination.path;  // what messages speak of
  auto pending = PendingFile::create(destination);
  if (!pending) return pending.error();
  int code = 0;
  Archive archive(zip_open(pending->path().c_str(), ZIP_CREATE | ZIP_TRUNCATE, &code));
  if (!archive) {
    zip_error_t error;
    zip_error_init_with_code(&error, code);
    Error failure = archive_error(path, "cannot create it", &error);
    zip_error_fini(&error);
    return failure;
  }
  for (const NpzArray& array : arrays) {
    zip_source_t* source = source_of(array, archive.get());
    if (source == nullptr)
      return archive_error(path, "cannot prepare array " + array.name, zip_get_error(archive.get()));
    const zip_int64_t index = zip_file_add(archive.get(), (array.name + ".npy").c_str(), source, ZIP_FL_ENC_UTF_8);
    if (index < 0) {
      zip_source_free(source);
      return archive_error(path, "cannot add array " + array.name, zip_get_error(archive.get()));
    }
    const auto entry = static_cast<zip_uint64_t>(index);
    if (zip_set_file_compression(archive.get(), entry, ZIP_CM_STORE, 0) != 0 ||
        zip_file_set_dostime(archive.get(), entry, 0, kFirstDay, 0) != 0) {
      return archive_error(path, "cannot add array " + array.name, zip_get_error(archive.get()));
    }
  }
  if (zip_close(archive.get()) != 0) return archive_error(path, "cannot write it", zip_get_error(archive.get()));
  static_cast<void>(archive.release());  // closed means freed
  return pending->commit();
}

}  // namespace mobilenet::cli
