// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// PictureInput: geometry, resize, then the encoding of the network's input.

#include "preprocess/picture_input.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "pictures/upright_pixels.h"
#include "pictures/ycbcr.h"
#include "preprocess/float_kernels.h"
#include "preprocess/geometry.h"
#include "preprocess/input_encoder.h"
#include "preprocess/resample_kernels.h"
#include "preprocess/resize_nearest.h"
#include "preprocess/resize_pil.h"
#include "preprocess/resize_pil_bytes.h"
#include "preprocess/resize_tf.h"
#include "preprocess/resize_tf_bytes.h"
#include "preprocess/resizer_kind.h"
#include "spec/limits.h"

namespace mobilenet {
namespace {

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

// Of one plane of bytes.
class ByteResizers {
  using Order = PilByteResize::Order;

 public:
  explicit ByteResizers(const PreprocessSpec& spec)
      : kind_(kind_of(spec.filter)),
        pil_(pil_filter(spec.filter), spec.resampler, *best_or_forced(runnable_resample_kernels()).kernels),
        nearest_(spec.resampler),
        tf_(tf_centres(spec.filter), *best_or_forced(runnable_float_kernels()).kernels) {}

  void run(const UprightPixels& pixels, const InputPlace& place, const InputEncoder& encoder, const Workers& workers,
           Order order = Order::of_resampler) {
    switch (kind_) {
      case ResizerKind::nearest:
        return nearest_.run(pixels, place, encoder, workers);
      case ResizerKind::pil:
        return pil_.run(pixels, place, encoder, workers, order);
      case ResizerKind::tf:
        return tf_.run(pixels, place, encoder, workers);
    }
  }

 private:
  ResizerKind kind_;
  PilByteResize pil_;
  NearestResize nearest_;
  TfByteResize tf_;
};

// Keeps resized pixels as they are, rounded to bytes.
std::unique_ptr<InputEncoder> byte_encoder() {
  PreprocessSpec bytes;
  set_encoding(PixelEncoding::bytes(), bytes);
  return InputEncoder::create(bytes, {DataType::u8}, *best_or_forced(runnable_float_kernels()).kernels);
}

}  // namespace

struct PictureInput::State {
  State(const PreprocessSpec& the_spec, PictureSize the_input, const InputElements& elements)
      : spec(the_spec),
        input(the_input),
        kind(kind_of(spec.filter)),
        samples(elements.channels == 1 ? Samples::luma : Samples::colours),
        encoder(InputEncoder::create(spec, elements, *best_or_forced(runnable_float_kernels()).kernels)),
        bytes(spec),
        chroma(spec),
        keeper(byte_encoder()),
        pil_floats(pil_filter(spec.filter), spec.resampler),
        nearest(spec.resampler),
        tf_floats(tf_centres(spec.filter)) {}

  PreprocessSpec spec;
  PictureSize input;  // unless the spec takes it from the picture
  ResizerKind kind;
  Samples samples;
  std::unique_ptr<InputEncoder> encoder;
  ByteResizers bytes, chroma;  // of pictures of bytes and of luma; of the plane of colours beside that
  std::unique_ptr<InputEncoder> keeper;
  PilResize<float> pil_floats;
  NearestResize nearest;
  TfResize tf_floats;
  std::vector<float> window;                                // of a picture of floats, resized
  std::vector<std::uint8_t> luma_window;                    // of luma and colours, each pixel three bytes
  std::array<std::vector<std::uint8_t>, 2> chroma_windows;  // one where Cb and Cr lie in one plane

  Result<Geometry> run(const ImageView& image, void* destination, const Workers& workers);
  void run_ycbcr(const ImageView& image, const UprightPixels& luma, const InputPlace& place, const Workers& workers);
  void run_floats(const UprightPixels& pixels, const InputPlace& place);
};

Result<Geometry> PictureInput::State::run(const ImageView& image, void* destination, const Workers& workers) {
  MOBILENET_TRY(const UprightPixels pixels, UprightPixels::of(image, samples));
  const PictureSize picture{pixels.width(), pixels.height()};
  MOBILENET_TRY(const Geometry geometry, plan_geometry(spec, picture, input));
  MOBILENET_TRY(const PictureSize size, network_input_size(spec, picture, input));
  const InputPlace place{destination, size, geometry};
  encoder->pad(place);
  if (pixels.floats())
    run_floats(pixels, place);
  else if (is_ycbcr(image.format))
    run_ycbcr(image, pixels, place, workers);
  else
    bytes.run(pixels, place, *encoder, workers);
  return geometry;
}

// Each plane is resized to the window and rounded to bytes before colours are made of them: what the resized planes
// show. Planes are no pictures of another library, so that the order of the passes is ours to choose: the one that is
// least work, 0.4 instead of 0.7 ms from 1920x1080 to 224x224.
void PictureInput::State::run_ycbcr(const ImageView& image, const UprightPixels& luma, const InputPlace& place,
                                    const Workers& workers) {
  constexpr std::size_t kPixelsOfPart = 1 << 14;  // that are worth waking a thread for
  Geometry geometry = place.geometry;
  geometry.columns.output_begin = geometry.rows.output_begin = 0;
  const PictureSize size{geometry.columns.window_size, geometry.rows.window_size};
  const auto results = static_cast<std::size_t>(size.height), row = 3 * static_cast<std::size_t>(size.width);
  luma_window.resize(std::max(luma_window.size(), row * results));
  bytes.run(luma, {luma_window.data(), size, geometry}, *keeper, workers, PilByteResize::Order::vertical_first);
  const std::size_t colour_planes = samples == Samples::colours ? plane_count(image.format) - 1 : 0;
  for (std::size_t p = 0; p < colour_planes; ++p) {
    std::vector<std::uint8_t>& window_of_plane = chroma_windows[p];
    window_of_plane.resize(std::max(window_of_plane.size(), row * results));
    const UprightPixels colours = UprightPixels::chroma_of(image, p + 1);
    const Geometry where = plane_geometry(geometry, {luma.width(), luma.height()}, {colours.width(), colours.height()});
    chroma.run(colours, {window_of_plane.data(), size, where}, *keeper, workers, PilByteResize::Order::vertical_first);
  }
  const std::uint8_t* const cb = colour_planes > 0 ? chroma_windows[0].data() : nullptr;
  const std::uint8_t* const cr = colour_planes > 1 ? chroma_windows[1].data() : cb == nullptr ? nullptr : cb + 1;
  const YcbcrMatrix matrix = ycbcr_matrix(image.matrix, image.range);
  const std::size_t parts = std::min(workers.parts(results * row / 3, kPixelsOfPart), results);
  workers.for_each(parts, [&](std::size_t part, std::size_t) {
    for (std::size_t y = part * results / parts; y < (part + 1) * results / parts; ++y) {
      std::uint8_t* const pixels = luma_window.data() + y * row;
      const std::size_t offset = y * row;
      rgb_of_ycbcr(matrix, size.width, pixels, cb == nullptr ? nullptr : cb + offset,
                   cr == nullptr ? nullptr : cr + offset);
      encoder->row(place, static_cast<int>(y), static_cast<const std::uint8_t*>(pixels));
    }
  });
}

// What a program makes of its own tensors: rarer, and not shared out.
void PictureInput::State::run_floats(const UprightPixels& pixels, const InputPlace& place) {
  const AxisGeometry &columns = place.geometry.columns, &rows = place.geometry.rows;
  const std::size_t row = 3 * static_cast<std::size_t>(columns.window_size);
  window.resize(std::max(window.size(), row * static_cast<std::size_t>(rows.window_size)));
  switch (kind) {
    case ResizerKind::nearest:
      nearest.run(pixels, place.geometry, window.data());
      break;
    case ResizerKind::pil:
      pil_floats.run(pixels, place.geometry, window.data());
      break;
    case ResizerKind::tf:
      tf_floats.run(pixels, place.geometry, window.data());
      break;
  }
  for (int y = 0; y < rows.window_size; ++y) encoder->row(place, y, window.data() + static_cast<std::size_t>(y) * row);
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
  MOBILENET_CHECK(UprightPixels::check(image));
  return network_input_size(state_->spec, {image.upright_width(), image.upright_height()}, state_->input);
}

Result<Geometry> PictureInput::geometry(const ImageView& image) const {
  MOBILENET_CHECK(UprightPixels::check(image));
  return plan_geometry(state_->spec, {image.upright_width(), image.upright_height()}, state_->input);
}

Result<Geometry> PictureInput::run(const ImageView& image, void* destination, const Workers& workers) {
  try {
    return state_->run(image, destination, workers);
  } catch (const std::exception&) {  // bad_alloc, or length_error of a vector
    return failure(ErrorCode::out_of_memory, "not enough memory to resize a picture of ", image.width, "x",
                   image.height, " pixels");
  }
}

}  // namespace mobilenet
