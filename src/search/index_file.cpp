// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors

// The file of an index (docs/search.md): a header, texts, stamps, vectors. Little-endian, as all machines are that this
// library runs on. Codes are not in it: they follow from the vectors, and to make them checks every one.

#include <algorithm>
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
constexpr std::uint32_t kVersion = 2;

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
static_assert(sizeof(FileStamp) == 16 && std::is_trivially_copyable_v<FileStamp>);

Result<Header> read_header(std::span<const std::byte> file) {
  Header header{};
  if (file.size() < sizeof header || std::memcmp(file.data(), kMagic, sizeof kMagic) != 0)
    return failure(ErrorCode::bad_format, "is no index of `mobilenet index`");
  std::memcpy(&header, file.data(), sizeof header);
  if (header.version != kVersion)
    return failure(ErrorCode::unsupported, "is an index of version ", header.version, ", expected ", kVersion,
                   ": make it again with `mobilenet index`");
  if (header.dimensions < 1 || header.dimensions > kMostElements || header.fingerprint_count > 1)
    return failure(ErrorCode::bad_format, "is an index of ", header.dimensions, " dimensions with ",
                   header.fingerprint_count, " fingerprints, expected 1 to ", kMostElements, " and 0 or 1");
  for (const std::uint32_t zero : header.zero)
    if (zero != 0) return failure(ErrorCode::bad_format, "has ", zero, " in its header where nothing is");
  return header;
}

// Where parts of the file begin, in bytes.
struct Places {
  std::uint64_t stamps = 0, vectors = 0;
};

// Or the reason why a file of this header cannot be so long.
Result<Places> places_of(const Header& header, std::uint64_t file_bytes) {
  const std::uint64_t row_bytes = padded_row(header.dimensions) * sizeof(std::uint16_t);
  const std::uint64_t limit = file_bytes - sizeof header;  // no sum below can overflow
  if (header.text_bytes <= limit && header.rows <= limit / row_bytes) {
    Places places;
    places.stamps = whole_lines(sizeof header + header.text_bytes);
    places.vectors = places.stamps + whole_lines(header.rows * sizeof(FileStamp));
    const std::uint64_t vectors = header.rows + header.fingerprint_count;
    if (places.vectors <= file_bytes && vectors == (file_bytes - places.vectors) / row_bytes &&
        (file_bytes - places.vectors) % row_bytes == 0)
      return places;
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

namespace {

// A part of the file; `room` keeps what is not in memory yet.
template <class T>
Result<std::span<const T>> take(const IndexBytes& bytes, std::uint64_t offset, std::size_t count, AlignedBuffer& room) {
  if (count == 0) return std::span<const T>();
  if (!bytes.in_memory()) room = AlignedBuffer(count * sizeof(T));
  const std::byte* const found = bytes.at(offset, count * sizeof(T), room.data());
  if (found == nullptr) return bytes.read_error();
  return std::span(reinterpret_cast<const T*>(found), count);
}

Result<std::shared_ptr<const IndexState>> parse(IndexBytes bytes, std::string_view name) {
  AlignedBuffer room;
  MOBILENET_TRY(const auto head,
                take<std::byte>(bytes, 0, std::min<std::uint64_t>(bytes.size(), sizeof(Header)), room));
  MOBILENET_TRY(const Header header, read_header(head));
  MOBILENET_TRY(const Places places, places_of(header, bytes.size()));
  auto index = std::make_shared<IndexState>();
  index->name = name;
  index->dimensions = header.dimensions;
  index->stride = padded_row(header.dimensions);
  index->rows = header.rows;
  const auto texts = std::make_shared<AlignedBuffer>();
  MOBILENET_TRY(const auto letters, take<char>(bytes, sizeof header, header.text_bytes, *texts));
  MOBILENET_CHECK(read_texts({letters.data(), letters.size()}, *index));
  index->texts = texts;
  MOBILENET_TRY(const auto stamps, take<FileStamp>(bytes, places.stamps, header.rows, room));
  index->stamps.assign(stamps.begin(), stamps.end());
  if (header.fingerprint_count > 0) {
    MOBILENET_TRY(const auto halves, take<std::uint16_t>(bytes, places.vectors, index->stride, room));
    index->fingerprint.assign(halves.begin(), halves.end());
    for (std::size_t i = 0; i < index->dimensions; ++i)
      index->source.fingerprint.push_back(half_to_float(index->fingerprint[i]));
  }
  index->rows_at = places.vectors + header.fingerprint_count * index->stride * sizeof(std::uint16_t);
  MOBILENET_CHECK(bytes.check_unchanged());
  index->bytes = std::move(bytes);  // and with them what names in memory refer to
  return std::shared_ptr<const IndexState>(std::move(index));
}

}  // namespace

Result<std::shared_ptr<const IndexState>> parse_index(IndexBytes bytes, std::string_view name) {
  auto index = parse(std::move(bytes), name);
  if (!index) return at(std::string(name), std::move(index).error());
  return index;
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
  const std::uint64_t stamp_bytes = index.stamps.size() * sizeof(FileStamp);
  return replace_file(path, [&](std::ostream& out) -> Result<void> {
    out.write(reinterpret_cast<const char*>(&header), sizeof header);
    write_text(out, index.source.model);
    write_text(out, index.source.layer);
    for (const std::string_view name : index.names) write_text(out, name);
    write_padding(out, sizeof header + header.text_bytes);
    out.write(reinterpret_cast<const char*>(index.stamps.data()), static_cast<std::streamsize>(stamp_bytes));
    write_padding(out, stamp_bytes);
    const std::size_t row_bytes = index.stride * sizeof(std::uint16_t);
    out.write(reinterpret_cast<const char*>(index.fingerprint.data()),
              static_cast<std::streamsize>(index.fingerprint.empty() ? 0 : row_bytes));
    constexpr std::size_t kTogether = 64;
    RowReader reader(index, kTogether);
    for (std::size_t row = 0; row < index.rows; row += kTogether) {
      const std::size_t count = std::min(kTogether, index.rows - row);
      const std::uint16_t* const rows = reader.rows(row, count);
      if (rows == nullptr) break;
      out.write(reinterpret_cast<const char*>(rows), static_cast<std::streamsize>(count * row_bytes));
    }
    return check_reading(index, std::span(&reader, 1));
  });
}

}  // namespace mobilenet
