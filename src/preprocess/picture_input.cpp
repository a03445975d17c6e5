// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// PictureInput: geometry, resize, then the encoding of the network's input. Bytes stay bytes until the last step, where
// a table of 256 entries a channel encodes them; results that are not whole bytes are encoded one by one.

#include "preprocess/picture_input.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "base/error.h"
#include "pictures/upright_pixels.h"
#include "preprocess/geometry.h"
#include "preprocess/resize_nearest.h"
#include "preprocess/resize_pil.h"
#include "preprocess/resize_tf.h"
#include "spec/limits.h"

namespace mobilenet {
namespace {

// To the nearest byte, ties to even; NaN becomes 0.
int nearest_byte(float value) { return value > 0 ? static_cast<int>(std::nearbyint(std::min(value, 255.0f))) : 0; }

// One channel of a resized pixel, in units of a byte, as an element of the network's input.
template <class Element>
class SampleEncoder {
 public:
  SampleEncoder(const PreprocessSpec& spec, const InputElements& elements)
      : spec_(spec), elements_(elements), bytes_(takes_bytes(spec, elements)) {}

  Element operator()(float value, std::size_t c) const {
    if constexpr (std::is_same_v<Element, float>) {
      return real_number(spec_, value, c);
    } else {
      constexpr int kLowest = std::is_signed_v<Element> ? -128 : 0, kHighest = kLowest + 255;
      if (bytes_) return static_cast<Element>(nearest_byte(value) + kLowest);
      // TensorFlow Lite's QUANTIZE: halves away from zero, then the zero point; what is no number becomes the lowest.
      const float stored =
          std::round(real_number(spec_, value, c) / elements_.scale) + static_cast<float>(elements_.zero_point);
      return stored > kLowest ? static_cast<Element>(std::min(stored, static_cast<float>(kHighest)))
                              : static_cast<Element>(kLowest);
    }
  }

 private:
  PreprocessSpec spec_;
  InputElements elements_;
  bool bytes_;
};

// Encodes resized pixels for networks whose input elements are of this type.
template <class Element>
class Encoder {
 public:
  Encoder(const PreprocessSpec& spec, const InputElements& elements)
      : sample_(spec, elements), elements_(elements), swap_red_blue_(spec.swap_red_blue) {
    const bool filled = spec.mode == ResizeMode::pad || spec.mode == ResizeMode::fit;
    for (std::size_t c = 0; c < 3; ++c) {
      for (std::size_t byte = 0; byte < 256; ++byte) of_byte_[c][byte] = sample_(static_cast<float>(byte), c);
      padding_[c] = sample_(filled ? spec.fill[c] : 0.0f, c);
    }
  }

  // window: the resized pixels, RGB; everything around them becomes padding.
  template <class Sample>
  void run(const Sample* window, const Geometry& geometry, PictureSize input, Element* out) const {
    // One plane is the same in both orders.
    if (elements_.channels == 1)
      write(Interleaved<1>(), window, geometry, input, out);
    else if (elements_.order == PixelOrder::planes)
      write(Planes{static_cast<std::size_t>(input.width) * static_cast<std::size_t>(input.height)}, window, geometry,
            input, out);
    else
      write(Interleaved<3>(), window, geometry, input, out);
  }

 private:
  // Where the channels of a pixel lie, and how far the next pixel is.
  template <std::size_t kCount>
  struct Interleaved {
    static constexpr std::size_t kChannels = kCount, kStep = kCount;
    static std::size_t place(std::size_t c) { return c; }
  };
  struct Planes {
    static constexpr std::size_t kChannels = 3, kStep = 1;
    std::size_t pixels;
    std::size_t place(std::size_t c) const { return c * pixels; }
  };

  template <class Layout, class Sample>
  void write(const Layout layout, const Sample* window, const Geometry& geometry, PictureSize input,
             Element* out) const {
    const AxisGeometry& columns = geometry.columns;
    const AxisGeometry& rows = geometry.rows;
    const std::array<std::size_t, 3> source =
        swap_red_blue_ ? std::array<std::size_t, 3>{2, 1, 0} : std::array<std::size_t, 3>{0, 1, 2};
    const auto pad = [&](int pixels) {
      for (int x = 0; x < pixels; ++x, out += Layout::kStep)
        for (std::size_t c = 0; c < Layout::kChannels; ++c) out[layout.place(c)] = padding_[c];
    };
    for (int y = 0; y < input.height; ++y) {
      if (y < rows.output_begin || y >= rows.output_begin + rows.window_size) {
        pad(input.width);
        continue;
      }
      pad(columns.output_begin);
      for (int x = 0; x < columns.window_size; ++x, window += 3, out += Layout::kStep)
        for (std::size_t c = 0; c < Layout::kChannels; ++c) out[layout.place(c)] = encode(window[source[c]], c);
      pad(input.width - columns.output_begin - columns.window_size);
    }
  }

  Element encode(std::uint8_t byte, std::size_t c) const { return of_byte_[c][byte]; }
  Element encode(float value, std::size_t c) const { return sample_(value, c); }

  SampleEncoder<Element> sample_;
  InputElements elements_;
  bool swap_red_blue_;
  std::array<std::array<Element, 256>, 3> of_byte_;
  std::array<Element, 3> padding_;
};

using AnyEncoder = std::variant<Encoder<float>, Encoder<std::uint8_t>, Encoder<std::int8_t>>;

AnyEncoder encoder_for(const PreprocessSpec& spec, const InputElements& elements) {
  if (elements.type == DataType::u8) return Encoder<std::uint8_t>(spec, elements);
  if (elements.type == DataType::i8) return Encoder<std::int8_t>(spec, elements);
  return Encoder<float>(spec, elements);
}

enum class ResizerKind { nearest, pil, tf };

ResizerKind kind_of(ResizeFilter filter) {
  switch (filter) {
    case ResizeFilter::pil_nearest:
      return ResizerKind::nearest;
    case ResizeFilter::pil_box:
    case ResizeFilter::pil_bilinear:
    case ResizeFilter::pil_hamming:
    case ResizeFilter::pil_bicubic:
    case ResizeFilter::pil_lanczos:
      return ResizerKind::pil;
    case ResizeFilter::tf_bilinear_legacy:
    case ResizeFilter::tf_bilinear_corners:
    case ResizeFilter::tf_bilinear_half_pixel:
      return ResizerKind::tf;
  }
  return ResizerKind::pil;
}

PilFilter pil_filter(ResizeFilter filter) {
  if (filter == ResizeFilter::pil_box) return PilFilter::box;
  if (filter == ResizeFilter::pil_hamming) return PilFilter::hamming;
  if (filter == ResizeFilter::pil_bicubic) return PilFilter::bicubic;
  if (filter == ResizeFilter::pil_lanczos) return PilFilter::lanczos;
  return PilFilter::bilinear;
}

TfCentres tf_centres(ResizeFilter filter) {
  if (filter == ResizeFilter::tf_bilinear_corners) return TfCentres::align_corners;
  if (filter == ResizeFilter::tf_bilinear_half_pixel) return TfCentres::half_pixel;
  return TfCentres::legacy;
}

// What is unknown must be said by the caller.
Result<void> check_known(const UnknownPreprocessing& unknown) {
  constexpr std::string_view kHint = " (the option preprocess of a model, or --";
  if (!unknown.geometry.empty())
    return failure(ErrorCode::unsupported, "how a picture is brought to the input's size is unknown, because ",
                   unknown.geometry, "; say it", kHint, "preprocess)");
  if (!unknown.filter.empty())
    return failure(ErrorCode::unsupported, "how a picture is resized is unknown, because ", unknown.filter, "; say it",
                   kHint, "filter)");
  if (!unknown.encoding.empty())
    return failure(ErrorCode::unsupported, "how bytes become the input's numbers is unknown, because ",
                   unknown.encoding, "; say it", kHint, "encoding)");
  return {};
}

Result<void> check_geometry(const PreprocessSpec& spec, int height, int width) {
  if (height < 1 || width < 1 || height > kMostPixels || width > kMostPixels)
    return failure(ErrorCode::invalid_argument, "a network's input of ", width, "x", height, " pixels is impossible");
  const bool fraction_used = spec.mode == ResizeMode::crop || spec.mode == ResizeMode::central_crop;
  if (fraction_used && !(spec.crop_fraction > 0 && spec.crop_fraction <= 1))
    return failure(ErrorCode::invalid_argument, "a crop of ", spec.crop_fraction, " of the picture is impossible");
  constexpr int kMaxEdge = 1 << 20;
  for (const int size : {spec.resize_height, spec.resize_width, spec.longest_edge, spec.base_height, spec.base_width})
    if (size < 0 || size > kMaxEdge)
      return failure(ErrorCode::invalid_argument, "the preprocessing resizes to an impossible size of ", size);
  const bool follows = spec.mode == ResizeMode::shortest_edge || spec.mode == ResizeMode::keep;
  if (spec.input_size == InputSize::of_picture && !follows)
    return failure(ErrorCode::invalid_argument, "this preprocessing leaves no size that the input could follow");
  return {};
}

Result<void> check_encoding(const PreprocessSpec& spec, const InputElements& elements) {
  if (elements.type != DataType::f32 && elements.type != DataType::u8 && elements.type != DataType::i8)
    return failure(ErrorCode::unsupported, "the network's input holds neither floats nor bytes");
  if (!std::isfinite(elements.scale))
    return failure(ErrorCode::bad_format, "the network's input is quantised with a scale of ", elements.scale);
  for (std::size_t c = 0; c < 3; ++c) {
    if (spec.deviation[c] == 0 || !std::isfinite(spec.deviation[c]))
      return failure(ErrorCode::invalid_argument, "the preprocessing divides by a deviation of ", spec.deviation[c]);
    if (!std::isfinite(spec.mean[c]) || !std::isfinite(spec.rescale))
      return failure(ErrorCode::invalid_argument, "the preprocessing subtracts a mean of ", spec.mean[c],
                     " from bytes times ", spec.rescale);
  }
  return {};
}

}  // namespace

struct PictureInput::State {
  State(const PreprocessSpec& the_spec, PictureSize the_input, const InputElements& elements)
      : spec(the_spec),
        input(the_input),
        kind(kind_of(spec.filter)),
        samples(elements.channels == 1 ? Samples::luma : Samples::colours),
        encoder(encoder_for(spec, elements)),
        pil_bytes(pil_filter(spec.filter), spec.resampler),
        pil_floats(pil_filter(spec.filter), spec.resampler),
        nearest(spec.resampler),
        tf(tf_centres(spec.filter)) {}

  PreprocessSpec spec;
  PictureSize input;  // unless the spec takes it from the picture
  ResizerKind kind;
  Samples samples;
  AnyEncoder encoder;
  PilResize<std::uint8_t> pil_bytes;
  PilResize<float> pil_floats;
  NearestResize nearest;
  TfResize tf;
  std::vector<std::uint8_t> bytes;  // the resized window
  std::vector<float> floats;

  Result<Geometry> run(const ImageView& image, void* destination);

  template <class Sample>
  void encode(const std::vector<Sample>& window, const Geometry& geometry, PictureSize size, void* destination) const {
    std::visit(
        [&]<class Element>(const Encoder<Element>& chosen) {
          chosen.run(window.data(), geometry, size, static_cast<Element*>(destination));
        },
        encoder);
  }
};

Result<Geometry> PictureInput::State::run(const ImageView& image, void* destination) {
  MOBILENET_TRY(const UprightPixels pixels, UprightPixels::of(image, samples));
  const PictureSize picture{pixels.width(), pixels.height()};
  MOBILENET_TRY(const Geometry geometry, plan_geometry(spec, picture, input));
  MOBILENET_TRY(const PictureSize size, network_input_size(spec, picture, input));
  const std::size_t window_samples = 3 * static_cast<std::size_t>(size.width) * static_cast<std::size_t>(size.height);
  if (kind != ResizerKind::tf && !pixels.floats()) {
    bytes.resize(std::max(bytes.size(), window_samples));
    if (kind == ResizerKind::nearest)
      nearest.run(pixels, geometry, bytes.data());
    else
      pil_bytes.run(pixels, geometry, bytes.data());
    encode(bytes, geometry, size, destination);
    return geometry;
  }
  floats.resize(std::max(floats.size(), window_samples));
  if (kind == ResizerKind::nearest)
    nearest.run(pixels, geometry, floats.data());
  else if (kind == ResizerKind::pil)
    pil_floats.run(pixels, geometry, floats.data());
  else
    tf.run(pixels, geometry, floats.data());
  encode(floats, geometry, size, destination);
  return geometry;
}

PictureInput::PictureInput(std::unique_ptr<State> state) : state_(std::move(state)) {}
PictureInput::PictureInput(PictureInput&&) noexcept = default;
PictureInput& PictureInput::operator=(PictureInput&&) noexcept = default;
PictureInput::~PictureInput() = default;

Result<PictureInput> PictureInput::create(const PreprocessSpec& spec, int height, int width,
                                          const InputElements& elements) {
  MOBILENET_CHECK(check_known(spec.unknown));
  MOBILENET_CHECK(check_geometry(spec, height, width));
  MOBILENET_CHECK(check_encoding(spec, elements));
  return PictureInput(std::make_unique<State>(spec, PictureSize{width, height}, elements));
}

Result<PictureSize> PictureInput::input_size(const ImageView& image) const {
  MOBILENET_TRY(const UprightPixels pixels, UprightPixels::of(image));
  return network_input_size(state_->spec, {pixels.width(), pixels.height()}, state_->input);
}

Result<Geometry> PictureInput::geometry(const ImageView& image) const {
  MOBILENET_TRY(const UprightPixels pixels, UprightPixels::of(image));
  return plan_geometry(state_->spec, {pixels.width(), pixels.height()}, state_->input);
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
