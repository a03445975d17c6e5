// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// The first frame of a GIF, on the canvas that PIL gives it: of the transparent number where the file names one, else
// of number 0. Transparent pixels have the colour of their number. What is broken or truncated is what PIL finds to be.

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <utility>

#include "base/error.h"
#include "pictures/decode.h"

namespace mobilenet {
namespace {

using Bytes = std::span<const unsigned char>;

class Reader {
 public:
  explicit Reader(Bytes bytes) : rest_(bytes) {}

  // Fewer where the file ends.
  Bytes take(std::size_t count) {
    const Bytes taken = rest_.first(std::min(count, rest_.size()));
    rest_ = rest_.subspan(taken.size());
    return taken;
  }
  // A byte, or none at the end.
  std::optional<unsigned char> byte() {
    const Bytes taken = take(1);
    return taken.empty() ? std::nullopt : std::optional(taken[0]);
  }
  // A block of data behind its length; empty at the end of a chain of blocks, and of the file.
  Bytes block() { return take(byte().value_or(0)); }
  Bytes rest() const { return rest_; }

 private:
  Bytes rest_;
};

std::int64_t number_at(Bytes bytes, std::size_t at) { return bytes[at] | bytes[at + 1] << 8; }

constexpr std::size_t kScreenBytes = 13, kFrameBytes = 9;

struct Frame {
  std::int64_t left = 0, top = 0, width = 0, height = 0;
  bool interlaced = false;
  Bytes palette = {};
  std::optional<unsigned char> transparent = {};
  int bits = 0;  // of the numbers in its data
  Bytes data = {};
};

Bytes take_palette(Reader& reader, unsigned char flags) {
  constexpr unsigned char kHasPalette = 0x80, kPaletteBits = 7;
  if ((flags & kHasPalette) == 0) return {};
  return reader.take(std::size_t{3} << ((flags & kPaletteBits) + 1));
}

// Skips what is between the screen and the first frame, but for the transparent number. None without a frame.
std::optional<Frame> find_frame(Reader& reader, Bytes palette) {
  constexpr unsigned char kExtension = '!', kImage = ',', kEnd = ';', kGraphicControl = 0xf9, kInterlaced = 0x40;
  Frame frame;
  while (const auto kind = reader.byte()) {
    if (*kind == kEnd) return std::nullopt;
    if (*kind == kExtension) {
      const auto label = reader.byte();
      Bytes block = reader.block();
      if (label == kGraphicControl && block.size() >= 4 && (block[0] & 1) != 0) frame.transparent = block[3];
      while (!block.empty()) block = reader.block();
    }
    if (*kind != kImage) continue;  // PIL passes over what is neither
    const Bytes place = reader.take(kFrameBytes);
    if (place.size() < kFrameBytes) return std::nullopt;
    frame.left = number_at(place, 0);
    frame.top = number_at(place, 2);
    frame.width = number_at(place, 4);
    frame.height = number_at(place, 6);
    frame.interlaced = (place[8] & kInterlaced) != 0;
    const Bytes own = take_palette(reader, place[8]);
    frame.palette = own.empty() ? palette : own;
    const auto bits = reader.byte();
    if (!bits) return std::nullopt;
    frame.bits = *bits;
    frame.data = reader.rest();
    return frame;
  }
  return std::nullopt;
}

// Numbers outside the palette are black; without a palette, or with one that says the same, they are greys.
Colours colours_of(Bytes palette) {
  Colours colours{};
  bool greys = true;
  for (std::size_t i = 0; i < palette.size(); ++i) {
    colours[i / 3][i % 3] = palette[i];
    greys = greys && palette[i] == i / 3;
  }
  return greys ? numbers_as_colours() : colours;
}

// Bits from the chain of blocks that holds a frame's data; PIL reads only blocks that are there wholly.
class Codes {
 public:
  explicit Codes(Bytes data) : data_(data) {}

  // None where the file ends.
  std::optional<unsigned> next(int bits) {
    while (count_ < bits) {
      if (left_in_block_ == 0) {
        if (data_.empty() || data_.size() < std::size_t{data_[0]} + 1) return std::nullopt;
        left_in_block_ = data_[0];
        data_ = data_.subspan(1);
        continue;
      }
      held_ |= static_cast<unsigned>(data_[0]) << count_;
      count_ += 8;
      data_ = data_.subspan(1);
      --left_in_block_;
    }
    const unsigned code = held_ & ((1u << bits) - 1);
    held_ >>= bits;
    count_ -= bits;
    return code;
  }

 private:
  Bytes data_;
  std::size_t left_in_block_ = 0;
  unsigned held_ = 0;
  int count_ = 0;
};

enum class End { complete, truncated, broken };

// LZW: each code is a number, or what an earlier code was and one number more. Calls put(number) until it says that the
// frame is full.
template <class Put>
End unpack(const Frame& frame, const Put& put) {
  constexpr int kMostBits = 12;
  constexpr std::size_t kTable = 1 << kMostBits;
  std::array<unsigned char, kTable> last_of{};    // the last number of what a code stands for
  std::array<std::uint16_t, kTable> before_of{};  // the code of what is before it
  std::array<unsigned char, kTable> unpacked;     // filled from its end
  const unsigned clear = 1u << frame.bits, end = clear + 1;
  Codes codes(frame.data);
  unsigned free = clear + 2, previous = 0;
  unsigned char first = 0;  // number of what the previous code stood for
  int bits = frame.bits + 1;
  bool begins = true;  // behind a clearing
  for (;;) {
    const auto read = codes.next(bits);
    if (!read || *read == end) return End::truncated;
    unsigned code = *read;
    if (code == clear) {
      free = clear + 2;
      bits = frame.bits + 1;
      begins = true;
      continue;
    }
    std::size_t at = kTable;
    if (begins) {
      if (code > clear) return End::broken;
      begins = false;
    } else {
      if (code > free) return End::broken;
      if (code == free) {  // the one that is made of this very code
        unpacked[--at] = first;
        code = previous;
      }
      while (code >= clear) {
        if (at == 0 || code >= kTable) return End::broken;
        unpacked[--at] = last_of[code];
        code = before_of[code];
      }
      if (free < kTable) {
        last_of[free] = static_cast<unsigned char>(code);
        before_of[free] = static_cast<std::uint16_t>(previous);
        if (free == (1u << bits) - 1 && bits < kMostBits) ++bits;
        ++free;
      }
    }
    first = static_cast<unsigned char>(code);
    previous = *read;
    if (put(first)) return End::complete;
    for (; at < kTable; ++at)
      if (put(unpacked[at])) return End::complete;
  }
}

// Where the numbers of a frame belong, one after the other.
class FrameRows {
 public:
  FrameRows(const Frame& frame, const DecodedPicture& picture, const Colours& colours)
      : frame_(frame), picture_(picture), colours_(colours), out_(row(0)), step_(frame.interlaced ? 8 : 1) {}

  // True where the frame is full.
  bool put(unsigned char number) {
    std::memcpy(out_, colours_[number].data(), 3);
    out_ += 3;
    if (++x_ < frame_.width) return false;
    x_ = 0;
    y_ += step_;
    while (y_ >= frame_.height)
      if (!frame_.interlaced || !next_pass()) return true;
    out_ = row(y_);
    return false;
  }

 private:
  unsigned char* row(std::int64_t y) const { return picture_.row(frame_.top + y) + 3 * frame_.left; }

  // Rows 0, 8, ..., then 4, 12, ..., then 2, 6, ..., then 1, 3, ...
  bool next_pass() {
    constexpr std::array<std::pair<std::int64_t, std::int64_t>, 4> kPasses{{{0, 8}, {4, 8}, {2, 4}, {1, 2}}};
    if (++pass_ >= kPasses.size()) return false;
    y_ = kPasses[pass_].first;
    step_ = kPasses[pass_].second;
    return true;
  }

  const Frame& frame_;
  const DecodedPicture& picture_;
  const Colours& colours_;
  unsigned char* out_;
  std::int64_t x_ = 0, y_ = 0, step_;
  std::size_t pass_ = 0;
};

}  // namespace

Result<DecodedPicture> decode_gif(const PictureFile& file) {
  const auto refused = [&](std::string_view why) {
    return failure(ErrorCode::bad_format, file.name, ": is not a readable GIF picture: ", why);
  };
  Reader reader(Bytes(file.data(), file.bytes.size()));
  const Bytes screen = reader.take(kScreenBytes);
  if (screen.size() < kScreenBytes) return refused("it is truncated");
  const auto frame = find_frame(reader, take_palette(reader, screen[10]));
  if (!frame) return refused("it has no picture, or is truncated");
  if (frame->width < 1 || frame->height < 1) return refused("its first frame is empty");
  if (frame->bits > 8) return refused("its numbers have more than 8 bits");

  // A frame that is larger than the canvas makes it larger.
  MOBILENET_TRY(auto picture, blank_picture(file, std::max(number_at(screen, 6), frame->left + frame->width),
                                            std::max(number_at(screen, 8), frame->top + frame->height)));
  const Colours colours =
      file.stored_numbers == StoredNumbers::numbers ? numbers_as_colours() : colours_of(frame->palette);
  const auto& background = colours[frame->transparent.value_or(0)];
  if (frame->width < picture.width || frame->height < picture.height)
    for (int y = 0; y < picture.height; ++y)
      for (int x = 0; x < picture.width; ++x) std::memcpy(picture.row(y) + 3 * x, background.data(), 3);

  FrameRows rows(*frame, picture, colours);
  switch (unpack(*frame, [&](unsigned char number) { return rows.put(number); })) {
    case End::complete:
      return picture;
    case End::truncated:
      return refused("it is truncated");
    case End::broken:
      break;
  }
  return refused("its pixels are corrupt");
}

}  // namespace mobilenet
