// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "cli/arrays/npy.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <limits>
#include <optional>

#include "cli/output/files.h"
#include "cli/output/output.h"
#include "cli/output/utf8.h"

namespace mobilenet::cli {
namespace {

static_assert(std::endian::native == std::endian::little, "arrays are written as they lie in memory");

constexpr std::string_view kMagic{"\x93NUMPY", 6};
constexpr std::size_t kAlignment = 64;        // numpy pads its header so that the numbers can be mapped
constexpr std::size_t kLongestTypeSaid = 40;  // what a file says instead of a type may be anything
constexpr std::size_t kMaxHeader = 1 << 16;   // a shape and a type need a hundred bytes
constexpr std::size_t kMaxAxes = 32;          // numpy's own limit for long

struct NamedType {
  DataType type;
  std::string_view name;
};

constexpr std::array kTypes = {
    NamedType{DataType::f32, "<f4"}, NamedType{DataType::f16, "<f2"},     NamedType{DataType::u8, "|u1"},
    NamedType{DataType::i8, "|i1"},  NamedType{DataType::i16, "<i2"},     NamedType{DataType::i32, "<i4"},
    NamedType{DataType::i64, "<i8"}, NamedType{DataType::boolean, "|b1"},
};

struct Header {
  std::optional<std::string> descr;
  std::optional<bool> fortran_order;
  std::optional<std::vector<std::int64_t>> shape;
};

// The header is a Python dictionary of exactly three entries; this reads that and nothing more of Python.
class HeaderParser {
 public:
  explicit HeaderParser(std::string_view text) : text_(text) {}

  bool parse(Header& header) {
    if (!take('{')) return false;
    while (!take('}')) {
      const auto key = string();
      if (!key || !take(':') || !value(*key, header)) return false;
      if (!take(',')) {
        if (!take('}')) return false;
        break;
      }
    }
    skip_space();
    return text_.empty();
  }

 private:
  bool value(std::string_view key, Header& header) {
    if (key == "descr" && !header.descr) {
      if (peek() == '[') {  // a record of named fields: the caller says that it cannot be read
        header.descr = "[...]";
        return skip_brackets();
      }
      return (header.descr = string()).has_value();
    }
    if (key == "fortran_order" && !header.fortran_order) return (header.fortran_order = boolean()).has_value();
    if (key == "shape" && !header.shape) return (header.shape = tuple()).has_value();
    return false;
  }

  void skip_space() {
    while (!text_.empty() && (text_[0] == ' ' || text_[0] == '\n' || text_[0] == '\t')) text_.remove_prefix(1);
  }
  char peek() {
    skip_space();
    return text_.empty() ? '\0' : text_[0];
  }
  bool take(char wanted) {
    if (peek() != wanted || text_.empty()) return false;
    text_.remove_prefix(1);
    return true;
  }
  bool take_word(std::string_view wanted) {
    skip_space();
    if (!text_.starts_with(wanted)) return false;
    text_.remove_prefix(wanted.size());
    return true;
  }

  std::optional<std::string> string() {
    const char quote = peek();
    if (quote != '\'' && quote != '"') return std::nullopt;
    text_.remove_prefix(1);
    const std::size_t end = text_.find(quote);
    if (end == std::string_view::npos) return std::nullopt;
    std::string found(text_.substr(0, end));
    text_.remove_prefix(end + 1);
    return found;
  }

  std::optional<bool> boolean() {
    if (take_word("True")) return true;
    if (take_word("False")) return false;
    return std::nullopt;
  }

  std::optional<std::vector<std::int64_t>> tuple() {
    if (!take('(')) return std::nullopt;
    std::vector<std::int64_t> numbers;
    while (!take(')')) {
      const auto number = integer();
      if (!number || numbers.size() == kMaxAxes) return std::nullopt;
      numbers.push_back(*number);
      if (!take(',')) {
        if (!take(')')) return std::nullopt;
        break;
      }
    }
    return numbers;
  }

  std::optional<std::int64_t> integer() {
    skip_space();
    std::int64_t number = 0;
    std::size_t digits = 0;
    for (; digits < text_.size() && text_[digits] >= '0' && text_[digits] <= '9'; ++digits) {
      if (digits == 18) return std::nullopt;  // 18 digits always fit
      number = number * 10 + (text_[digits] - '0');
    }
    if (digits == 0) return std::nullopt;
    text_.remove_prefix(digits);
    take('L');  // Python 2 wrote long integers so
    return number;
  }

  bool skip_brackets() {
    int depth = 0;
    while (!text_.empty()) {
      const char c = text_[0];
      text_.remove_prefix(1);
      if (c == '[') ++depth;
      if (c == ']' && --depth == 0) return true;
    }
    return false;
  }

  std::string_view text_;
};

std::optional<DataType> type_from_npy(std::string_view descr) {
  const auto found =
      std::find_if(kTypes.begin(), kTypes.end(), [descr](const NamedType& t) { return t.name == descr; });
  if (found == kTypes.end()) return std::nullopt;
  return found->type;
}

std::uint32_t little_endian(std::span<const std::byte> bytes) {
  std::uint32_t value = 0;
  for (std::size_t i = bytes.size(); i > 0; --i) value = (value << 8) | std::to_integer<std::uint32_t>(bytes[i - 1]);
  return value;
}

// The bytes that `shape` elements of `type` take, or nothing when the product overflows.
std::optional<std::size_t> byte_count(DataType type, std::span<const std::int64_t> shape) {
  std::size_t count = size_of(type);
  // A zero anywhere makes the array empty, however large the other sizes are.
  if (std::find(shape.begin(), shape.end(), 0) != shape.end()) return 0;
  for (const std::int64_t size : shape) {
    const auto factor = static_cast<std::size_t>(size);
    if (count > std::numeric_limits<std::size_t>::max() / factor) return std::nullopt;
    count *= factor;
  }
  return count;
}

}  // namespace

Result<NpyArray> parse_npy(std::span<const std::byte> file, std::string_view name) {
  const auto bad = [name](std::string_view what, ErrorCode code = ErrorCode::bad_format) {
    return Error{code, std::string(name) + ": " + std::string(what)};
  };
  if (file.size() < 10 || std::memcmp(file.data(), kMagic.data(), kMagic.size()) != 0) {
    return bad("not a .npy file");
  }
  const int major = std::to_integer<int>(file[6]);
  if (major < 1 || major > 3) {
    return bad("version " + std::to_string(major) + " of .npy is not known", ErrorCode::unsupported);
  }
  const std::size_t start = major == 1 ? 10 : 12;
  if (file.size() < start) return bad("truncated before its header");
  const std::size_t length = little_endian(file.subspan(8, start - 8));
  if (length > kMaxHeader || length > file.size() - start) return bad("truncated in its header");
  const std::string_view text(reinterpret_cast<const char*>(file.data() + start), length);
  Header header;
  if (!HeaderParser(text).parse(header) || !header.descr || !header.fortran_order || !header.shape) {
    return bad("its header is malformed");
  }
  const auto type = type_from_npy(*header.descr);
  if (!type) {
    const std::string hint = *header.descr == "<f8" ? "; save it with .astype('float32')" : "";
    return bad("type '" + printable(std::string_view(*header.descr).substr(0, kLongestTypeSaid)) +
                   "' is not one of <f4, <f2, |u1, |i1, <i2, <i4, <i8, |b1" + hint,
               ErrorCode::unsupported);
  }
  if (*header.fortran_order) {
    return bad("in Fortran order; save it with numpy.ascontiguousarray", ErrorCode::unsupported);
  }
  const auto payload = file.subspan(start + length);
  const auto wanted = byte_count(*type, *header.shape);
  if (!wanted || *wanted != payload.size()) {
    return bad("holds " + std::to_string(payload.size()) + " bytes of numbers, expected " +
               (wanted ? std::to_string(*wanted) : "far more") + " for " + *header.descr + " numbers in a shape of " +
               std::to_string(header.shape->size()) + " axes");
  }
  return NpyArray{*type, std::move(*header.shape), {payload.begin(), payload.end()}};
}

std::string_view npy_type(DataType type) {
  for (const NamedType& named : kTypes) {
    if (named.type == type) return named.name;
  }
  return "|V1";
}

std::string npy_header(std::string_view npy_type, std::span<const std::int64_t> shape, std::size_t at_least) {
  std::string text = "{'descr': '" + std::string(npy_type) + "', 'fortran_order': False, 'shape': (";
  for (const std::int64_t size : shape) text += std::to_string(size) + (shape.size() == 1 ? "," : ", ");
  if (shape.size() > 1) text.resize(text.size() - 2);
  text += "), }";
  // Magic, version and length take 10 bytes; a line feed ends the header.
  const std::size_t needed = (10 + text.size() + 1 + kAlignment - 1) / kAlignment * kAlignment;
  const std::size_t total = std::max(needed, at_least);
  text.append(total - 10 - text.size() - 1, ' ');
  text += '\n';
  std::string header(kMagic);
  header += {'\x01', '\x00', static_cast<char>(text.size() & 0xff), static_cast<char>(text.size() >> 8)};
  return header + text;
}

Result<void> write_npy(const Destination& destination, const TensorView& tensor) {
  const std::string header = npy_header(npy_type(tensor.type), tensor.shape);
  const std::array parts = {std::as_bytes(std::span(header)),
                            std::span(static_cast<const std::byte*>(tensor.data), tensor.bytes)};
  return write_file(destination, parts);
}

NpyTexts npy_texts(std::span<const std::string> texts) {
  std::vector<std::u32string> rows;
  std::size_t longest = 1;  // numpy has no strings of length 0
  for (std::string_view text : texts) {
    std::u32string row;
    while (!text.empty()) {
      const Utf8 next = first_code_point(text);
      row += next.valid ? next.code_point : 0xdc00 + next.code_point;
      text.remove_prefix(next.bytes);
    }
    longest = std::max(longest, row.size());
    rows.push_back(std::move(row));
  }
  const std::array shape = {static_cast<std::int64_t>(texts.size())};
  NpyTexts result{npy_header("<U" + std::to_string(longest), shape), {}};
  result.bytes.resize(rows.size() * longest * sizeof(char32_t));
  for (std::size_t i = 0; i < rows.size(); ++i) {
    std::memcpy(result.bytes.data() + i * longest * sizeof(char32_t), rows[i].data(),
                rows[i].size() * sizeof(char32_t));
  }
  return result;
}

}  // namespace mobilenet::cli
