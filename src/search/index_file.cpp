// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors

// The file of an index (docs/search.md): a header, texts, vectors. Little-endian, as all machines are that this library
// runs on. Codes are not in it: they follow from the vectors, and to make them checks every one.

#include <bit>
#include <cstring>
#include <ostream>
#include <type_traits>

#include "base/error.h"
#include "base/half.h"
#include "base/replace_file.h"
#include "search/index_state.h"

namespace mobilenet {
namespace {

static_assert(std::endian::native == std::endian::little);

constexpr char kMagic[8] = {'M', 'O', 'B', 'I', 'L', 'I', 'D', 'X'};
constexpr std::uint32_t kVersion = 1;

struct Header {
  char magic[8];
  std::uint32_t version;
  std::uint32_t dimensions;
  std::uint64_t rows;
  std::uint64_t text_bytes;         // model, layer and the rows' names, each with a zero byte behind it
  std::uint32_t fingerprint_count;  // 0 or 1 vectors before those of the rows
  std::uint32_t zero[7];
};
static_assert(sizeof(Header) == kAlignment && std::is_trivially_copyable_v<Header>);

Result<Header> read_header(std::span<const std::byte> file) {
  Header header{};
  if (file.size() < sizeof header || std::memcmp(file.data(), kMagic, sizeof kMagic) != 0)
    return failure(ErrorCode::bad_format, "is no index of `mobilenet index`");
  std::memcpy(&header, file.data(), sizeof header);
  if (header.version != kVersion)
    return failure(ErrorCode::unsupported, "is an index of version ", header.version, ", expected ", kVersion);
  if (header.dimensions < 1 || header.dimensions > kMostElements || header.fingerprint_count > 1)
    return failure(ErrorCode::bad_format, "is an index of ", header.dimensions, " dimensions with ",
                   header.fingerprint_count, " fingerprints, expected 1 to ", kMostElements, " and 0 or 1");
  for (const std::uint32_t zero : header.zero)
    if (zero != 0) return failure(ErrorCode::bad_format, "has ", zero, " in its header where nothing is");
  return header;
}

// Where the vectors begin, in bytes, or the reason why a file of this header cannot be so long.
Result<std::uint64_t> vectors_at(const Header& header, std::uint64_t file_bytes) {
  const std::uint64_t row_bytes = padded_row(header.dimensions) * sizeof(std::uint16_t);
  const std::uint64_t limit = file_bytes - sizeof header;  // no sum below can overflow
  if (header.text_bytes <= limit && header.rows <= limit / row_bytes) {
    const std::uint64_t begin = whole_lines(sizeof header + header.text_bytes);
    const std::uint64_t vectors = header.rows + header.fingerprint_count;
    if (begin <= file_bytes && vectors == (file_bytes - begin) / row_bytes && (file_bytes - begin) % row_bytes == 0)
      return begin;
  }
  return failure(ErrorCode::bad_format, "is ", file_bytes, " bytes long, which does not fit ", header.rows,
                 " vectors of ", header.dimensions, " halves and ", header.text_bytes,
                 " bytes of names: it is cut off or damaged");
}

// The next text and what is behind it; null where no zero byte ends it.
const char* take_text(std::string_view& texts, std::string_view& taken) {
  const std::size_t end = texts.find('\0');
  if (end == std::string_view::npos) return nullptr;
  taken = texts.substr(0, end);
  texts.remove_prefix(end + 1);
  return taken.data();
}

Result<void> read_texts(std::string_view texts, IndexState& index) {
  std::string_view model, layer;
  bool whole = take_text(texts, model) != nullptr && take_text(texts, layer) != nullptr;
  index.names.resize(index.rows);
  for (std::size_t row = 0; whole && row < index.rows; ++row) whole = take_text(texts, index.names[row]) != nullptr;
  if (!whole || !texts.empty())
    return failure(ErrorCode::bad_format, "its names are not those of ", index.rows, " rows");
  index.source.model = model;
  index.source.layer = layer;
  return {};
}

void write_padding(std::ostream& out, std::uint64_t written) {
  for (; written % kAlignment != 0; ++written) out.put('\0');
}

void write_text(std::ostream& out, std::string_view text) {
  out.write(text.data(), static_cast<std::streamsize>(text.size()));
  out.put('\0');
}

}  // namespace

Result<void> check_index_head(std::span<const std::byte> head) {
  MOBILENET_TRY([[maybe_unused]] const Header header, read_header(head));
  return {};
}

Result<std::shared_ptr<const IndexState>> parse_index(std::span<const std::byte> file,
                                                      std::shared_ptr<const void> owner) {
  MOBILENET_TRY(const Header header, read_header(file));
  MOBILENET_TRY(const std::uint64_t begin, vectors_at(header, file.size()));
  auto index = std::make_shared<IndexState>();
  index->dimensions = header.dimensions;
  index->stride = padded_row(header.dimensions);
  index->rows = header.rows;
  index->owner = std::move(owner);
  const std::string_view texts(reinterpret_cast<const char*>(file.data()) + sizeof header, header.text_bytes);
  MOBILENET_CHECK(read_texts(texts, *index));
  const auto* const vectors = reinterpret_cast<const std::uint16_t*>(file.data() + begin);
  if (header.fingerprint_count > 0) {
    index->fingerprint.assign(vectors, vectors + index->stride);
    for (std::size_t i = 0; i < index->dimensions; ++i)
      index->source.fingerprint.push_back(half_to_float(index->fingerprint[i]));
  }
  index->halves = vectors + header.fingerprint_count * index->stride;
  MOBILENET_CHECK(index->encode());
  return std::shared_ptr<const IndexState>(std::move(index));
}

Result<void> write_index(const std::filesystem::path& path, const IndexState& index) {
  Header header{};
  std::memcpy(header.magic, kMagic, sizeof kMagic);
  header.version = kVersion;
  header.dimensions = static_cast<std::uint32_t>(index.dimensions);
  header.rows = index.rows;
  header.text_bytes = index.source.model.size() + index.source.layer.size() + 2;
  for (const std::string_view name : index.names) header.text_bytes += name.size() + 1;
  header.fingerprint_count = index.fingerprint.empty() ? 0 : 1;
  return replace_file(path, [&](std::ostream& out) -> Result<void> {
    out.write(reinterpret_cast<const char*>(&header), sizeof header);
    write_text(out, index.source.model);
    write_text(out, index.source.layer);
    for (const std::string_view name : index.names) write_text(out, name);
    write_padding(out, sizeof header + header.text_bytes);
    const auto row_bytes = static_cast<std::streamsize>(index.stride * sizeof(std::uint16_t));
    if (!index.fingerprint.empty()) out.write(reinterpret_cast<const char*>(index.fingerprint.data()), row_bytes);
    out.write(reinterpret_cast<const char*>(index.halves), row_bytes * static_cast<std::streamsize>(index.rows));
    return {};
  });
}

}  // namespace mobilenet
