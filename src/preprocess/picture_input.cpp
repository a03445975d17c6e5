// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// PictureInput: geometry, resize, then the encoding of the network's input. Bytes stay bytes until the last step, where
// a table of 256 entries a channel encodes them; results that are not whole bytes are encoded one by one.

#include "preprocess/picture_input.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <new>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "base/error.h"
#include "preprocess/geometry.h"
#include "preprocess/resize_pil.h"
#include "preprocess/resize_tf.h"
#include "preprocess/upright_pixels.h"

namespace mobilenet {
namespace {

// One channel of a resized pixel, in units of a byte, as element c of the network's input. Steps in float32.
float normalized(const PreprocessSpec& spec, float value, std::size_t c) {
  const float scaled = spec.divide_by_255 ? value / 255.0f : value * spec.rescale;
  return (scaled - spec.mean[c]) / spec.deviation[c];
}

// To the nearest byte, ties to even; NaN becomes 0.
int nearest_byte(float value) { return value > 0 ? static_cast<int>(std::nearbyint(std::min(value, 255.0f))) : 0; }

template <class Element>
Element encoded(const PreprocessSpec& spec, float value, std::size_t c) {
  if constexpr (std::is_same_v<Element, float>)
    return normalized(spec, value, c);
  else if constexpr (std::is_same_v<Element, std::uint8_t>)
    return static_cast<std::uint8_t>(nearest_byte(value));
  else
    return static_cast<std::int8_t>(nearest_byte(value) - 128);
}

// Encodes resized pixels for networks whose input elements are of this type.
template <class Element>
class Encoder {
 public:
  explicit Encoder(const PreprocessSpec& spec) : spec_(spec) {
    for (std::size_t c = 0; c < 3; ++c) {
      for (std::size_t byte = 0; byte < 256; ++byte)
        of_byte_[c][byte] = encoded<Element>(spec, static_cast<float>(byte), c);
      const bool mid_fill = spec.mode == ResizeMode::pad;  // a crop that sticks out is filled with black
      padding_[c] = encoded<Element>(spec, mid_fill ? spec.pad_byte : 0.0f, c);
    }
  }

  // window: the resized pixels, RGB; everything around them becomes padding.
  template <class Sample>
  void run(const Sample* window, const Geometry& geometry, PictureSize input, Element* out) const {
    const AxisGeometry& columns = geometry.columns;
    const AxisGeometry& rows = geometry.rows;
    const std::array<std::size_t, 3> source =
        spec_.swap_red_blue ? std::array<std::size_t, 3>{2, 1, 0} : std::array<std::size_t, 3>{0, 1, 2};
    for (int y = 0; y < input.height; ++y) {
      if (y < rows.output_begin || y >= rows.output_begin + rows.window_size) {
        out = pad(input.width, out);
        continue;
      }
      out = pad(columns.output_begin, out);
      for (int x = 0; x < columns.window_size; ++x, window += 3, out += 3)
        for (std::size_t c = 0; c < 3; ++c) out[c] = encode(window[source[c]], c);
      out = pad(input.width - columns.output_begin - columns.window_size, out);
    }
  }

 private:
  Element encode(std::uint8_t byte, std::size_t c) const { return of_byte_[c][byte]; }
  Element encode(float value, std::size_t c) const { return encoded<Element>(spec_, value, c); }

  Element* pad(int pixels, Element* out) const {
    for (int x = 0; x < pixels; ++x) out = std::copy(padding_.begin(), padding_.end(), out);
    return out;
  }

  PreprocessSpec spec_;
  std::array<std::array<Element, 256>, 3> of_byte_;
  std::array<Element, 3> padding_;
};

using AnyEncoder = std::variant<Encoder<float>, Encoder<std::uint8_t>, Encoder<std::int8_t>>;

AnyEncoder encoder_for(const PreprocessSpec& spec) {
  switch (spec.encoding) {
    case InputEncoding::raw_u8:
      return Encoder<std::uint8_t>(spec);
    case InputEncoding::raw_i8:
      return Encoder<std::int8_t>(spec);
    case InputEncoding::normalize:
      break;
  }
  return Encoder<float>(spec);
}

DataType type_of(InputEncoding encoding) {
  switch (encoding) {
    case InputEncoding::raw_u8:
      return DataType::u8;
    case InputEncoding::raw_i8:
      return DataType::i8;
    case InputEncoding::normalize:
      break;
  }
  return DataType::f32;
}

bool is_pil(ResizeFilter filter) { return filter == ResizeFilter::pil_bilinear || filter == ResizeFilter::pil_bicubic; }

PilFilter pil_filter(ResizeFilter filter) {
  return filter == ResizeFilter::pil_bicubic ? PilFilter::bicubic : PilFilter::bilinear;
}

// Hugging Face resizes tensors with torchvision; everybody else goes through Pillow itself.
PassOrder pass_order(const PreprocessSpec& spec) {
  const bool hugging_face = spec.mode == ResizeMode::shortest_edge_crop && spec.rounding == CropRounding::down;
  return hugging_face ? PassOrder::horizontal_first : PassOrder::pillow_13;
}

TfCentres tf_centres(ResizeFilter filter) {
  if (filter == ResizeFilter::tf_bilinear_corners) return TfCentres::align_corners;
  if (filter == ResizeFilter::tf_bilinear_half_pixel) return TfCentres::half_pixel;
  return TfCentres::legacy;
}

Result<void> check_spec(const PreprocessSpec& spec, int height, int width, DataType type) {
  constexpr int kMaxSide = 1 << 14;  // far above every network; keeps the products of sizes inside an int
  if (height < 1 || width < 1 || height > kMaxSide || width > kMaxSide)
    return failure(ErrorCode::invalid_argument, "a network's input of ", width, "x", height, " pixels is impossible");
  if (type != type_of(spec.encoding))
    return failure(ErrorCode::invalid_argument, "the preprocessing does not make what the network's input holds");
  const bool fraction_used = spec.mode == ResizeMode::crop_square || spec.mode == ResizeMode::central_crop;
  if (fraction_used && !(spec.crop_fraction > 0 && spec.crop_fraction <= 1))
    return failure(ErrorCode::invalid_argument, "a crop of ", spec.crop_fraction, " of the picture is impossible");
  constexpr int kMaxEdge = 1 << 20;
  if (spec.mode == ResizeMode::shortest_edge_crop &&
      (spec.shortest_edge < 1 || spec.crop_size < 1 || spec.shortest_edge > kMaxEdge || spec.crop_size > kMaxEdge))
    return failure(ErrorCode::invalid_argument, "resizing the shorter side to ", spec.shortest_edge,
                   " and cropping to ", spec.crop_size, " is impossible");
  for (const float deviation : spec.deviation)
    if (spec.encoding == InputEncoding::normalize && (deviation == 0 || !std::isfinite(deviation)))
      return failure(ErrorCode::invalid_argument, "the preprocessing divides by a deviation of ", deviation);
  return {};
}

}  // namespace

struct PictureInput::State {
  State(const PreprocessSpec& the_spec, PictureSize the_input)
      : spec(the_spec),
        input(the_input),
        encoder(encoder_for(spec)),
        pil_bytes(pil_filter(spec.filter), pass_order(spec)),
        pil_floats(pil_filter(spec.filter), pass_order(spec)),
        tf(tf_centres(spec.filter)) {}

  PreprocessSpec spec;
  PictureSize input;
  AnyEncoder encoder;
  PilResize<std::uint8_t> pil_bytes;
  PilResize<float> pil_floats;
  TfResize tf;
  std::vector<std::uint8_t> bytes;  // the resized window
  std::vector<float> floats;

  Result<Geometry> run(const ImageView& image, void* destination);

  template <class Sample>
  void encode(const std::vector<Sample>& window, const Geometry& geometry, void* destination) const {
    std::visit(
        [&]<class Element>(const Encoder<Element>& chosen) {
          chosen.run(window.data(), geometry, input, static_cast<Element*>(destination));
        },
        encoder);
  }
};

Result<Geometry> PictureInput::State::run(const ImageView& image, void* destination) {
  MOBILENET_TRY(const UprightPixels pixels, UprightPixels::of(image));
  MOBILENET_TRY(const Geometry geometry, plan_geometry(spec, {pixels.width(), pixels.height()}, input));
  const std::size_t samples = 3 * static_cast<std::size_t>(input.width) * static_cast<std::size_t>(input.height);
  if (is_pil(spec.filter) && !pixels.floats()) {
    bytes.resize(samples);
    pil_bytes.run(pixels, geometry, bytes.data());
    encode(bytes, geometry, destination);
    return geometry;
  }
  floats.resize(samples);
  if (is_pil(spec.filter))
    pil_floats.run(pixels, geometry, floats.data());
  else
    tf.run(pixels, geometry, floats.data());
  encode(floats, geometry, destination);
  return geometry;
}

PictureInput::PictureInput(std::unique_ptr<State> state) : state_(std::move(state)) {}
PictureInput::PictureInput(PictureInput&&) noexcept = default;
PictureInput& PictureInput::operator=(PictureInput&&) noexcept = default;
PictureInput::~PictureInput() = default;

Result<PictureInput> PictureInput::create(const PreprocessSpec& spec, int height, int width, DataType type) {
  MOBILENET_CHECK(check_spec(spec, height, width, type));
  return PictureInput(std::make_unique<State>(spec, PictureSize{width, height}));
}

Result<Geometry> PictureInput::run(const ImageView& image, void* destination) {
  try {
    return state_->run(image, destination);
  } catch (const std::exception&) {  // bad_alloc, or length_error of a vector
    return failure(ErrorCode::out_of_memory, "not enough memory to resize a picture of ", image.width, "x",
                   image.height, " pixels");
  }
}

}  // namespace mobilenet
