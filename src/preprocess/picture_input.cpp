// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// PictureInput: geometry, resize, then the encoding of the network's input.

#include "preprocess/picture_input.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/error.h"
#include "pictures/pixel_kernels.h"
#include "pictures/upright_pixels.h"
#include "pictures/ycbcr.h"
#include "preprocess/float_kernels.h"
#include "preprocess/geometry.h"
#include "preprocess/input_encoder.h"
#include "preprocess/plane_kernels.h"
#include "preprocess/plane_taps.h"
#include "preprocess/resample_kernels.h"
#include "preprocess/resize_nearest.h"
#include "preprocess/resize_pil.h"
#include "preprocess/resize_pil_bytes.h"
#include "preprocess/resize_pil_planes.h"
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

// Keeps the first sample of resized pixels, or each in a plane of its own, as they are, rounded to bytes.
std::unique_ptr<InputEncoder> byte_encoder(int channels) {
  PreprocessSpec bytes;
  set_encoding(PixelEncoding::bytes(), bytes);
  InputElements elements{DataType::u8};
  elements.channels = channels, elements.order = PixelOrder::planes;
  return InputEncoder::create(bytes, elements, *best_or_forced(runnable_float_kernels()).kernels);
}

std::array<PilPlaneResize, 3> plane_resizers(const PreprocessSpec& spec) {
  const PilPlaneResize one(pil_filter(spec.filter), *best_or_forced(runnable_plane_kernels()).kernels);
  return {one, one, one};
}

template <class T>
std::array<T*, 3> thirds(std::vector<T>& window, std::size_t pixels) {
  return {window.data(), window.data() + pixels, window.data() + 2 * pixels};
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
        first_keeper(byte_encoder(1)),
        all_keeper(byte_encoder(3)),
        planes(plane_resizers(spec)),
        pil_floats(pil_filter(spec.filter), spec.resampler),
        nearest(spec.resampler),
        tf_floats(tf_centres(spec.filter)) {}

  PreprocessSpec spec;
  PictureSize input;  // unless the spec takes it from the picture
  ResizerKind kind;
  Samples samples;
  std::unique_ptr<InputEncoder> encoder;
  ByteResizers bytes, chroma;  // of pictures of bytes and of luma; of the plane of colours beside that
  std::unique_ptr<InputEncoder> first_keeper, all_keeper;
  std::array<PilPlaneResize, 3> planes;  // of ImageView::planes
  const PixelKernels& pixel_kernels = *best_or_forced(runnable_pixel_kernels()).kernels;
  PilResize<float> pil_floats;
  NearestResize nearest;
  TfResize tf_floats;
  std::vector<float> window;               // of a picture of floats, resized
  std::vector<std::uint8_t> ycbcr_window;  // luma, Cb and Cr, resized to bytes
  std::vector<std::int16_t> fine_window;   // or with a fraction
  std::vector<std::uint8_t> rgb_rows;      // of every thread

  Result<Geometry> run(const ImageView& image, void* destination, const Workers& workers);
  void run_ycbcr(const ImageView& image, const UprightPixels& luma, const InputPlace& place, const Workers& workers);
  template <class Sample>
  void make_colours(const ImageView& image, const std::array<Sample*, 3>& windows, Sample no_colour,
                    const InputPlace& place, const Workers& workers);
  void resize_planes(const ImageView& image, const UprightPixels& luma, const Geometry& geometry,
                     const std::array<std::int16_t*, 3>& windows, const Workers& workers);
  void resize_pixels(const ImageView& image, const UprightPixels& luma, const Geometry& geometry,
                     const std::array<std::uint8_t*, 3>& windows, const Workers& workers);
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

// Each plane is resized to the window before colours are made of it. Planes are no pictures of another library, so that
// the order of the passes is ours to choose: the one that reads each byte once, as it lies.
void PictureInput::State::run_ycbcr(const ImageView& image, const UprightPixels& luma, const InputPlace& place,
                                    const Workers& workers) {
  Geometry geometry = place.geometry;
  geometry.columns.output_begin = geometry.rows.output_begin = 0;
  const std::size_t pixels =
      static_cast<std::size_t>(geometry.columns.window_size) * static_cast<std::size_t>(geometry.rows.window_size);
  if (kind == ResizerKind::pil) {
    fine_window.resize(std::max(fine_window.size(), 3 * pixels));
    const auto windows = thirds(fine_window, pixels);
    resize_planes(image, luma, geometry, windows, workers);
    make_colours(image, windows, std::int16_t{ycbcr::kNoColour << kPlaneBits}, place, workers);
  } else {
    ycbcr_window.resize(std::max(ycbcr_window.size(), 4 * pixels));  // one to spare: three samples of a plane of two
    const auto windows = thirds(ycbcr_window, pixels);
    resize_pixels(image, luma, geometry, windows, workers);
    make_colours(image, windows, std::uint8_t{ycbcr::kNoColour}, place, workers);
  }
}

template <class Sample>
void PictureInput::State::make_colours(const ImageView& image, const std::array<Sample*, 3>& windows, Sample no_colour,
                                       const InputPlace& place, const Workers& workers) {
  constexpr std::size_t kPixelsOfPart = 1 << 14;  // that are worth waking a thread for
  const auto width = static_cast<std::size_t>(place.geometry.columns.window_size);
  const auto results = static_cast<std::size_t>(place.geometry.rows.window_size);
  rgb_rows.resize(std::max(rgb_rows.size(), 3 * width * static_cast<std::size_t>(workers.most())));
  const bool has_colours = samples == Samples::colours;
  if (!has_colours) std::fill_n(windows[1], width, no_colour);
  const YcbcrMatrix matrix = ycbcr_matrix(image.matrix, image.range);
  const std::size_t parts = std::min(workers.parts(width * results, kPixelsOfPart), results);
  workers.for_each(parts, [&](std::size_t part, std::size_t member) {
    std::uint8_t* const rgb = rgb_rows.data() + 3 * width * member;
    for (std::size_t y = part * results / parts; y < (part + 1) * results / parts; ++y) {
      const Sample* const luma = windows[0] + y * width;
      const Sample* const cb = windows[1] + (has_colours ? y * width : 0);
      const Sample* const cr = has_colours ? windows[2] + y * width : cb;
      if constexpr (std::is_same_v<Sample, std::int16_t>)
        pixel_kernels.rgb_of_fine_ycbcr(matrix, luma, cb, cr, width, rgb);
      else
        pixel_kernels.rgb_of_ycbcr(matrix, luma, cb, cr, width, {}, rgb);
      encoder->row(place, static_cast<int>(y), static_cast<const std::uint8_t*>(rgb));
    }
  });
}

// What lies in the same bytes together.
void PictureInput::State::resize_planes(const ImageView& image, const UprightPixels& luma, const Geometry& geometry,
                                        const std::array<std::int16_t*, 3>& windows, const Workers& workers) {
  const std::size_t components = samples == Samples::colours ? 3 : 1, last = plane_count(image.format) - 1;
  const bool is_turned = luma.stored().walk.swap_axes;
  for (std::size_t component = 0; component < components;) {
    const std::size_t plane = std::min(component, last);
    const UprightPixels pixels = plane == 0 ? luma : UprightPixels::chroma_of(image, plane);
    const std::size_t image_plane = plane_form(image.format, image.width, image.height, plane).image_plane;
    std::array<PlaneSamples, 3> together;
    std::array<std::int16_t*, 3> to{};
    std::size_t count = 0;
    for (; component < components; ++component, ++count) {
      const PlaneForm form = plane_form(image.format, image.width, image.height, std::min(component, last));
      if (form.image_plane != image_plane) break;
      const PictureSize upright =
          is_turned ? PictureSize{form.height, form.width} : PictureSize{form.width, form.height};
      const std::size_t second = component == 2 && last == 1 ? 1 : 0;  // of two samples of a pixel
      together[count] = {plane_geometry(geometry, {luma.width(), luma.height()}, upright), form.width, form.height,
                         form.pixel_bytes, form.offsets[second]};
      to[count] = windows[component];
    }
    planes[image_plane].run(pixels.stored(), std::span(together).first(count), std::span(to).first(count), workers);
  }
}

// As pixels of three samples, of which some are kept.
void PictureInput::State::resize_pixels(const ImageView& image, const UprightPixels& luma, const Geometry& geometry,
                                        const std::array<std::uint8_t*, 3>& windows, const Workers& workers) {
  const PictureSize size{geometry.columns.window_size, geometry.rows.window_size};
  bytes.run(luma, {windows[0], size, geometry}, *first_keeper, workers, PilByteResize::Order::vertical_first);
  const std::size_t colour_planes = samples == Samples::colours ? plane_count(image.format) - 1 : 0;
  for (std::size_t p = 0; p < colour_planes; ++p) {
    const UprightPixels colours = UprightPixels::chroma_of(image, p + 1);
    const Geometry where = plane_geometry(geometry, {luma.width(), luma.height()}, {colours.width(), colours.height()});
    chroma.run(colours, {windows[1 + p], size, where}, colour_planes == 1 ? *all_keeper : *first_keeper, workers,
               PilByteResize::Order::vertical_first);
  }
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
