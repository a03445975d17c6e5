// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// The network's input that the GPU makes of pictures, against PictureInput's: the same bits.

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "backend/cuda/driver/device.h"
#include "backend/cuda/gpu.h"
#include "backend/packed.h"
#include "base/thread_pool.h"
#include "preprocess/picture_input.h"
#include "preprocess/preprocess_options.h"
#include "preprocess/resized.h"
#include "preprocess/ycbcr_picture.h"

namespace mobilenet::testing {
namespace {

// A picture of floats, 0 to 1 and a little beyond, with a gap between rows; or bottom up.
class FloatPicture {
 public:
  FloatPicture(int width, int height, Orientation orientation, bool upwards) {
    const int row = width + 3;
    values_.resize(static_cast<std::size_t>(row) * static_cast<std::size_t>(height) * 3);
    std::mt19937 random(static_cast<unsigned>(width * 31 + height));
    std::uniform_real_distribution<float> value(-0.1f, 1.1f);
    for (float& v : values_) v = value(random);
    view_.format = PixelFormat::rgb_float_planes;
    view_.width = width, view_.height = height, view_.orientation = orientation;
    for (std::size_t c = 0; c < 3; ++c) {
      const std::size_t top = upwards ? static_cast<std::size_t>(height) - 1 : 0;
      view_.planes[c] = values_.data() + (c * static_cast<std::size_t>(height) + top) * static_cast<std::size_t>(row);
      view_.row_bytes[c] = (upwards ? -row : row) * static_cast<std::ptrdiff_t>(sizeof(float));
    }
  }
  const ImageView& view() const { return view_; }

 private:
  std::vector<float> values_;
  ImageView view_;
};

// The same pixels in the GPU's memory, with the gaps between rows; those of bytes at odd addresses.
class DevicePicture {
 public:
  DevicePicture(const cuda::Device& device, const ImageView& host) : view_(host) {
    // Of each plane its lowest byte, how many there are, and where it goes.
    struct Part {
      const std::byte* lowest;
      std::size_t bytes, at;
    };
    std::vector<Part> parts;
    std::size_t all = 0;
    for (std::size_t p = 0; p < plane_count(host.format); ++p) {
      const PlaneForm form = plane_form(host.format, host.width, host.height, p);
      if (form.image_plane != parts.size()) continue;  // a plane of colours that lies among the luma
      const std::ptrdiff_t down = host.row_bytes[p] * (form.height - 1);
      auto row = static_cast<std::size_t>(form.pixel_bytes) * static_cast<std::size_t>(form.width);
      for (std::size_t other = 0; other < plane_count(host.format); ++other) {
        const PlaneForm same = plane_form(host.format, host.width, host.height, other);
        if (same.image_plane == form.image_plane)
          row = std::max(row, static_cast<std::size_t>(same.pixel_bytes) * static_cast<std::size_t>(same.width));
      }
      const std::size_t shift = host.format == PixelFormat::rgb_float_planes ? sizeof(float) : 3;
      parts.push_back({static_cast<const std::byte*>(host.planes[p]) + std::min<std::ptrdiff_t>(down, 0),
                       static_cast<std::size_t>(std::abs(down)) + row, all + shift});
      all += (shift + parts.back().bytes + 3) / 4 * 4;
    }
    buffer_ = cuda::DeviceBuffer::allocate(device, all).value();
    const cuda::Current current(device);
    for (std::size_t p = 0; p < parts.size(); ++p) {
      const CUdeviceptr to = buffer_.address() + parts[p].at;
      EXPECT_EQ(device.driver().cuMemcpyHtoD(to, parts[p].lowest, parts[p].bytes), CUDA_SUCCESS);
      view_.planes[p] = cuda::as_pointer(to) + (static_cast<const std::byte*>(host.planes[p]) - parts[p].lowest);
    }
    EXPECT_EQ(device.driver().cuStreamSynchronize(CU_STREAM_LEGACY), CUDA_SUCCESS);
    view_.memory = Memory::device;
  }
  const ImageView& view() const { return view_; }

 private:
  cuda::DeviceBuffer buffer_;
  ImageView view_;
};

// A network that passes its input on, as a program that makes the input of pictures.
class PictureProgram {
 public:
  void open(const Backend& backend, const PictureEnd& end, int batch, int threads) {
    end_ = end;
    const auto [height, width, channels] = std::array{end.input.height, end.input.width, end.elements.channels};
    Network network;
    Tensor input;
    input.name = "input";
    input.type = end.elements.type;
    const bool planes = end.elements.order == PixelOrder::planes;
    input.shape = planes ? Shape{batch, channels, height, width} : Shape{batch, height, width, channels};
    network.tensors.push_back(input);
    network.inputs = network.outputs = {0};
    Ends ends;
    ends.picture = end;
    ASSERT_TRUE(backend.claims(network, ends).picture);
    auto weights = packed(backend, network, {}, Precision::f16);
    ASSERT_TRUE(weights) << weights.error().message;
    CompileRequest request{{input.shape}, {0}, threads};
    request.ends = ends;
    auto program = backend.compile(*weights, request);
    ASSERT_TRUE(program) << program.error().message;
    auto execution = (*program)->open({});
    ASSERT_TRUE(execution) << execution.error().message;
    execution_ = *std::move(execution);
    auto host = PictureInput::create(end.preprocess, height, width, end.elements);
    ASSERT_TRUE(host) << host.error().message;
    host_.emplace(*std::move(host));
    expected_.resize(execution_->outputs()[0].bytes);
  }

  // As many pictures as the batch has. given: the same ones where the GPU shall read them.
  void expect_like_host(std::span<const ImageView> pictures, std::span<const ImageView> given) {
    std::vector<PictureCall> calls;
    const std::size_t bytes = expected_.size() / pictures.size();
    for (std::size_t i = 0; i < pictures.size(); ++i) {
      const auto geometry = host_->run(pictures[i], expected_.data() + i * bytes);
      ASSERT_TRUE(geometry) << geometry.error().message;
      calls.push_back({given[i], *geometry});
    }
    const auto ran = execution_->run({.pictures = calls});
    ASSERT_TRUE(ran) << ran.error().message;
    const std::byte* got = execution_->outputs()[0].data;
    if (end_.elements.type == DataType::f32)
      compare<float>(got);
    else if (end_.elements.type == DataType::u8)
      compare<std::uint8_t>(got);
    else
      compare<std::int8_t>(got);
  }
  void expect_like_host(std::span<const ImageView> pictures) { expect_like_host(pictures, pictures); }
  void expect_like_host(const ImageView& picture) { expect_like_host({&picture, 1}); }
  void expect_like_host(const ImageView& picture, const ImageView& given) {
    expect_like_host({&picture, 1}, {&given, 1});
  }

  Execution& execution() { return *execution_; }

 private:
  template <class Element>
  void compare(const std::byte* got) {
    std::size_t different = 0, first = 0;
    double largest = 0;
    for (std::size_t i = 0; i * sizeof(Element) < expected_.size(); ++i) {
      Element a, b;
      std::memcpy(&a, got + i * sizeof a, sizeof a);
      std::memcpy(&b, expected_.data() + i * sizeof b, sizeof b);
      if (a == b) continue;
      if (different++ == 0) first = i;
      largest = std::max(largest, std::abs(static_cast<double>(a) - static_cast<double>(b)));
    }
    EXPECT_EQ(different, 0u) << "of " << expected_.size() / sizeof(Element) << ", the first " << first << ", by up to "
                             << largest;
  }

  PictureEnd end_;
  std::unique_ptr<Execution> execution_;
  std::optional<PictureInput> host_;
  std::vector<std::byte> expected_;
};

struct SpecCase {
  std::string name;
  PreprocessSpec spec;
  int height = 224, width = 224;
};

PreprocessSpec with(ResizeMode mode, ResizeFilter filter, Resampler resampler = Resampler::pillow) {
  PreprocessSpec spec;
  spec.mode = mode;
  spec.filter = filter;
  spec.resampler = resampler;
  return spec;
}

// What the readers of files and the options of a session make, and every filter.
std::vector<SpecCase> spec_cases() {
  std::vector<SpecCase> cases;
  for (const auto& [name, policy] : kGeometryNames)
    cases.push_back({"the geometry " + std::string(name), with_options({}, {.geometry = policy}).value()});
  for (const auto& [name, filter] : kFilterNames)
    for (const Resampler resampler : {Resampler::pillow, Resampler::torchvision}) {
      const std::string whose = resampler == Resampler::pillow ? " of Pillow" : " of torchvision";
      cases.push_back({"squash by " + std::string(name) + whose, with(ResizeMode::squash, filter, resampler), 60, 97});
    }
  PreprocessSpec hugging_face = with(ResizeMode::shortest_edge, ResizeFilter::pil_bilinear);
  hugging_face.resize_height = hugging_face.resize_width = 256;
  hugging_face.base_height = hugging_face.base_width = 224;
  cases.push_back({"Hugging Face", hugging_face});
  PreprocessSpec timm = with(ResizeMode::cover, ResizeFilter::pil_bicubic);
  timm.resize_height = timm.resize_width = 256;
  timm.rounding = CropRounding::half_even;
  timm.divide_by_255 = true;
  timm.mean = {0.485f, 0.456f, 0.406f};
  timm.deviation = {0.229f, 0.224f, 0.225f};
  cases.push_back({"timm", timm});
  PreprocessSpec torchvision = timm;
  torchvision.mode = ResizeMode::shortest_edge;
  torchvision.filter = ResizeFilter::pil_bilinear;
  torchvision.resampler = Resampler::torchvision;
  torchvision.resize_height = torchvision.resize_width = 232;
  cases.push_back({"torchvision", torchvision});
  cases.push_back({"kept", with(ResizeMode::keep, ResizeFilter::pil_bilinear), 48, 48});
  cases.push_back({"to one pixel", with(ResizeMode::squash, ResizeFilter::pil_lanczos), 1, 1});
  SpecCase blue = cases.front();
  blue.name += ", blue first";
  blue.spec.swap_red_blue = true;
  blue.spec.mean = {1, 2, 3};
  blue.spec.deviation = {57, 58, 59};
  cases.push_back(blue);
  return cases;
}

// The network's inputs that are.
std::vector<InputElements> element_cases() {
  std::vector<InputElements> cases;
  for (const PixelOrder order : {PixelOrder::pixels, PixelOrder::planes})
    for (const int channels : {3, 1}) {
      cases.push_back({DataType::f32, 0, 0, channels, order});
      cases.push_back({DataType::u8, 0, 0, channels, order});
      cases.push_back({DataType::i8, 0, 0, channels, order});
      cases.push_back({DataType::u8, 0.02f, 100, channels, order});
      cases.push_back({DataType::i8, 0.011f, -3, channels, order});
    }
  return cases;
}

constexpr Orientation kOrientations[] = {
    Orientation::upright,   Orientation::flip_horizontal, Orientation::rotate_180, Orientation::flip_vertical,
    Orientation::transpose, Orientation::rotate_90,       Orientation::transverse, Orientation::rotate_270};

class CudaPictures : public OnGpu {
 protected:
  // On pictures of these sizes, in an order that makes memory grow.
  void expect_like_host(const PictureEnd& end, std::span<const PictureSize> sizes,
                        std::span<const Orientation> orientations, std::span<const PixelFormat> formats) {
    PictureProgram program;
    program.open(gpu(), end, 1, 1);
    if (HasFatalFailure()) return;
    for (const PictureSize& size : sizes)
      for (const Orientation orientation : orientations)
        for (const PixelFormat format : formats) {
          SCOPED_TRACE(::testing::Message()
                       << size.width << "x" << size.height << ", orientation " << static_cast<int>(orientation)
                       << ", format " << static_cast<int>(format));
          const bool upwards = (size.width + static_cast<int>(orientation)) % 2 != 0;
          const FloatPicture floats(size.width, size.height, orientation, upwards);
          const bool is_float = format == PixelFormat::rgb_float_planes, has_colours = is_ycbcr(format);
          const YcbcrPicture ycbcr(has_colours ? format : PixelFormat::nv12, size.width, size.height, orientation,
                                   upwards);
          const StoredPicture bytes(is_float || has_colours ? PixelFormat::grey : format, size.width, size.height,
                                    orientation, upwards);
          const ImageView view = is_float ? floats.view() : has_colours ? ycbcr.view() : bytes.view();
          program.expect_like_host(view);
          const bool rows_fit = !is_ycbcr(format) || plane_count(format) == 2 || view.row_bytes[1] == view.row_bytes[2];
          if (rows_fit) program.expect_like_host(view, DevicePicture(device(), view).view());
        }
  }
  static const cuda::Device& device() { return **cuda::device(); }
};

constexpr PixelFormat kRgb[] = {PixelFormat::rgb};
constexpr PixelFormat kAllFormats[] = {PixelFormat::rgb,  PixelFormat::bgr,  PixelFormat::rgba,
                                       PixelFormat::bgra, PixelFormat::grey, PixelFormat::rgb_float_planes,
                                       PixelFormat::nv12, PixelFormat::nv21, PixelFormat::nv16,
                                       PixelFormat::i420, PixelFormat::i422, PixelFormat::i444,
                                       PixelFormat::yuyv, PixelFormat::uyvy, PixelFormat::p010};

TEST_F(CudaPictures, EveryConventionOnManySizes) {
  constexpr PictureSize kSizes[] = {{1, 1}, {2, 1}, {37, 53}, {3, 1000}, {1000, 3}, {224, 224}, {500, 375}, {641, 480}};
  constexpr PixelFormat kFormats[] = {PixelFormat::rgb, PixelFormat::rgb_float_planes, PixelFormat::nv12};
  constexpr Orientation kSome[] = {Orientation::upright, Orientation::rotate_90, Orientation::transverse};
  for (const SpecCase& c : spec_cases()) {
    SCOPED_TRACE(c.name);
    expect_like_host({c.spec, {c.width, c.height}, {}}, kSizes, kSome, kFormats);
  }
}

TEST_F(CudaPictures, EveryOrientationAndFormat) {
  constexpr PictureSize kSizes[] = {{37, 53}, {61, 29}};
  for (const ResizeFilter filter :
       {ResizeFilter::pil_bicubic, ResizeFilter::pil_nearest, ResizeFilter::tf_bilinear_half_pixel})
    for (const ResizeMode mode : {ResizeMode::crop, ResizeMode::pad}) {
      SCOPED_TRACE(::testing::Message() << "filter " << static_cast<int>(filter));
      expect_like_host({with(mode, filter), {31, 18}, {}}, kSizes, kOrientations, kAllFormats);
    }
}

TEST_F(CudaPictures, EveryKindOfInput) {
  constexpr PictureSize kSizes[] = {{37, 53}, {90, 40}};
  constexpr Orientation kSome[] = {Orientation::upright, Orientation::rotate_270};
  for (const InputElements& elements : element_cases())
    for (const ResizeFilter filter :
         {ResizeFilter::pil_bilinear, ResizeFilter::pil_nearest, ResizeFilter::tf_bilinear_legacy}) {
      SCOPED_TRACE(::testing::Message() << name_of(elements.type) << " x " << elements.channels << ", scale "
                                        << elements.scale << ", planes "
                                        << (elements.order == PixelOrder::planes ? 1 : 0));
      PreprocessSpec spec = with(ResizeMode::fit, filter);
      spec.swap_red_blue = true;
      spec.mean = {0.4f, 0.5f, 0.6f};
      spec.fill = {10, 20.5f, 30};
      expect_like_host({spec, {43, 26}, elements}, kSizes, kSome, kAllFormats);
    }
}

TEST_F(CudaPictures, LargePictures) {
  constexpr PictureSize kLarge[] = {{1920, 1080}}, kLargest[] = {{4032, 3024}};
  constexpr Orientation kSome[] = {Orientation::upright, Orientation::transverse};
  for (const ResizeFilter filter : {ResizeFilter::pil_bilinear, ResizeFilter::tf_bilinear_legacy}) {
    const PictureEnd end{with(ResizeMode::crop, filter), {224, 224}, {}};
    expect_like_host(end, kLarge, kOrientations, kRgb);
    expect_like_host(end, kLargest, kSome, kRgb);
  }
  constexpr PictureSize kLong[] = {{20000, 7}, {7, 20000}, {100000, 1}, {1, 100000}};
  for (const Resampler resampler : {Resampler::pillow, Resampler::torchvision})
    expect_like_host({with(ResizeMode::squash, ResizeFilter::pil_bicubic, resampler), {224, 224}, {}}, kLong, kSome,
                     kRgb);
}

TEST_F(CudaPictures, PartsOfPictures) {
  const StoredPicture whole(PixelFormat::bgra, 97, 61, Orientation::rotate_90, true);
  PictureProgram program;
  program.open(gpu(), {with(ResizeMode::squash, ResizeFilter::pil_lanczos), {33, 33}, {}}, 1, 1);
  if (HasFatalFailure()) return;
  for (const auto& [left, top, width, height] :
       {std::array{0, 0, 61, 97}, std::array{5, 9, 20, 30}, std::array{60, 96, 1, 1}, std::array{0, 50, 61, 2}})
    program.expect_like_host(whole.view().crop(left, top, width, height).value());
  const DevicePicture there(device(), whole.view());
  for (const auto& [left, top, width, height] : {std::array{0, 0, 61, 97}, std::array{5, 9, 20, 30}})
    program.expect_like_host(whole.view().crop(left, top, width, height).value(),
                             there.view().crop(left, top, width, height).value());
}

// Matrix and range change from run to run of one size, parts begin anywhere.
TEST_F(CudaPictures, OfVideo) {
  const YcbcrPicture picture(PixelFormat::nv12, 199, 121, Orientation::transverse, true);
  const DevicePicture there(device(), picture.view());
  for (const ResizeFilter filter : {ResizeFilter::pil_bicubic, ResizeFilter::tf_bilinear_corners}) {
    PictureProgram program;
    program.open(gpu(), {with(ResizeMode::crop, filter), {33, 40}, {}}, 1, 1);
    if (HasFatalFailure()) return;
    for (const ColourMatrix matrix : {ColourMatrix::bt601, ColourMatrix::bt709, ColourMatrix::bt2020})
      for (const ColourRange range : {ColourRange::limited, ColourRange::full}) {
        const ImageView host = picture.view(matrix, range);
        ImageView device_view = there.view();
        device_view.matrix = matrix, device_view.range = range;
        program.expect_like_host(host);
        program.expect_like_host(host, device_view);
        // Upright the picture is 121 x 199, and its right bottom corner is the first pixel that is stored.
        for (const auto& [right, bottom, width, height] : {std::array{0, 0, 121, 199}, std::array{6, 40, 51, 60}})
          program.expect_like_host(host.crop(121 - right - width, 199 - bottom - height, width, height).value(),
                                   device_view.crop(121 - right - width, 199 - bottom - height, width, height).value());
      }
  }
}

// Each by a table of its own, in one run; sizes change from run to run, and come back.
TEST_F(CudaPictures, BatchesOfManySizes) {
  constexpr int kBatch = 5;
  for (const int threads : {1, 4}) {
    ThreadPool::shared().reserve(threads);
    for (const ResizeFilter filter : {ResizeFilter::pil_bilinear, ResizeFilter::tf_bilinear_corners}) {
      PictureProgram program;
      program.open(gpu(), {with(ResizeMode::crop, filter), {96, 64}, {}}, kBatch, threads);
      if (HasFatalFailure()) return;
      for (int run = 0; run < 12; ++run) {
        SCOPED_TRACE(run);
        std::vector<std::unique_ptr<StoredPicture>> stored;
        std::vector<ImageView> views;
        for (int i = 0; i < kBatch; ++i) {
          const int size = 1 + (run / 2 * 7 + i * 5) % 11 * 97;
          stored.push_back(std::make_unique<StoredPicture>(kByteFormats[(run / 2 + i) % 5], size, 1100 - size,
                                                           kOrientations[(run + i) % 8], i % 2 == 0));
          views.push_back(stored.back()->view());
        }
        program.expect_like_host(views);
        // All of them on the device, then others each time.
        std::vector<std::unique_ptr<DevicePicture>> there;
        std::vector<ImageView> given = views;
        for (std::size_t i = 0; i < views.size(); ++i) {
          if (run % 3 != 0 && (i + static_cast<std::size_t>(run)) % 2 == 0) continue;
          there.push_back(std::make_unique<DevicePicture>(device(), views[i]));
          given[i] = there.back()->view();
        }
        program.expect_like_host(views, given);
      }
    }
  }
}

// Pictures of one form that lie elsewhere each time, with other gaps, as frames of a decoder do.
TEST_F(CudaPictures, OnTheDeviceMove) {
  PictureProgram program;
  program.open(gpu(), {with(ResizeMode::crop, ResizeFilter::tf_bilinear_half_pixel), {24, 24}, {}}, 1, 1);
  if (HasFatalFailure()) return;
  const NoisePicture first(70, 50, 1), second(70, 50, 2);
  const StoredPicture wider(PixelFormat::rgb, 70, 50, Orientation::upright, false);
  const StoredPicture upwards(PixelFormat::rgb, 70, 50, Orientation::upright, true);
  const ImageView views[] = {first.view(), second.view(), wider.view(), upwards.view()};
  std::vector<std::unique_ptr<DevicePicture>> there;
  for (const ImageView& view : views) there.push_back(std::make_unique<DevicePicture>(device(), view));
  for (const std::size_t i : {0, 1, 1, 0, 2, 3, 2, 0}) program.expect_like_host(views[i], there[i]->view());
}

// Behind what the caller's stream has to do still: a long copy, then that of the pixels.
TEST_F(CudaPictures, OnTheDeviceAreReadWhenTheyAreWritten) {
  PictureProgram program;
  program.open(gpu(), {with(ResizeMode::squash, ResizeFilter::pil_bilinear), {32, 32}, {}}, 2, 1);
  if (HasFatalFailure()) return;
  constexpr std::size_t kLong = std::size_t{256} << 20;  // some 10 ms
  const NoisePicture noise(300, 200), black_noise(300, 200, 2);
  const std::size_t bytes = noise.rgb.size();
  const cuda::Stream streams[] = {cuda::Stream::create(device()).value(), cuda::Stream::create(device()).value()};
  const auto delay = cuda::PinnedBuffer::allocate(device(), kLong).value();
  const auto pixels = cuda::PinnedBuffer::allocate(device(), bytes).value();
  const auto delayed = cuda::DeviceBuffer::allocate(device(), kLong).value();
  std::memcpy(pixels.data(), noise.rgb.data(), bytes);
  for (int round = 0; round < 4; ++round) {
    const DevicePicture there[] = {{device(), black_noise.view()}, {device(), black_noise.view()}};
    std::vector<ImageView> given;
    for (std::size_t i = 0; i < 2; ++i) {
      given.push_back(there[i].view());
      given.back().stream = streams[i].get();
      const cuda::Current current(device());
      const cuda::Driver& driver = device().driver();
      const auto to = reinterpret_cast<CUdeviceptr>(given.back().planes[0]);
      ASSERT_EQ(driver.cuMemcpyHtoDAsync(delayed.address(), delay.data(), kLong, streams[i].get()), CUDA_SUCCESS);
      ASSERT_EQ(driver.cuMemcpyHtoDAsync(to, pixels.data(), bytes, streams[i].get()), CUDA_SUCCESS);
    }
    program.expect_like_host(std::vector<ImageView>(2, noise.view()), given);
  }
}

TEST_F(CudaPictures, OnTheDeviceAreNoOtherMemory) {
  PictureProgram program;
  program.open(gpu(), {with(ResizeMode::crop, ResizeFilter::pil_bilinear), {32, 32}, {}}, 1, 1);
  if (HasFatalFailure()) return;
  const NoisePicture noise(20, 30);
  const Geometry geometry = plan_geometry({}, {20, 30}, {32, 32}).value();
  const auto refusal = [&](const ImageView& view) {
    const PictureCall call{view, geometry};
    const auto ran = program.execution().run({.pictures = {&call, 1}});
    if (ran) return std::string("ran");
    EXPECT_EQ(ran.error().code, ErrorCode::invalid_argument);
    return ran.error().message;
  };
  const std::string elsewhere =
      "the picture is said to lie in device memory, but its pixels are not all in the memory of a GPU";
  ImageView host = noise.view();
  host.memory = Memory::device;
  EXPECT_EQ(refusal(host), elsewhere);
  const auto pinned = cuda::PinnedBuffer::allocate(device(), noise.rgb.size()).value();
  host.planes[0] = pinned.data();
  EXPECT_EQ(refusal(host), elsewhere);
  host.planes[0] = cuda::as_pointer(16);
  EXPECT_EQ(refusal(host), elsewhere);
  const DevicePicture there(device(), noise.view());
  ImageView long_rows = there.view();
  long_rows.row_bytes[0] = std::ptrdiff_t{1} << 50;  // begins there, and ends where no memory is
  EXPECT_EQ(refusal(long_rows), elsewhere);

  const FloatPicture floats(20, 30, Orientation::upright, false);
  const DevicePicture floats_there(device(), floats.view());
  ImageView uneven = floats_there.view();
  uneven.row_bytes[2] -= 4;
  EXPECT_EQ(refusal(uneven),
            "the picture's float planes lie in device memory, where rows must be of one length, at addresses and with "
            "strides that are multiples of 4; the strides are 92, 92 and 88");
  uneven = floats_there.view();
  uneven.planes[1] = static_cast<const std::byte*>(uneven.planes[1]) - 2;
  EXPECT_NE(refusal(uneven), "ran");
  program.expect_like_host(noise.view(), there.view());
  program.expect_like_host(noise.view());

  PictureProgram two;
  two.open(gpu(), {with(ResizeMode::crop, ResizeFilter::pil_bilinear), {32, 32}, {}}, 2, 1);
  if (HasFatalFailure()) return;
  const PictureCall calls[] = {{there.view(), geometry}, {host, geometry}};
  const auto ran = two.execution().run({.pictures = calls});
  ASSERT_FALSE(ran);
  EXPECT_EQ(ran.error().message, "picture 2: " + elsewhere);
  two.expect_like_host(std::vector<ImageView>(2, noise.view()), std::vector<ImageView>(2, there.view()));
}

TEST_F(CudaPictures, RefusesWhatIsNoPicture) {
  PictureProgram program;
  program.open(gpu(), {with(ResizeMode::crop, ResizeFilter::pil_bilinear), {32, 32}, {}}, 1, 1);
  if (HasFatalFailure()) return;
  EXPECT_FALSE(program.execution().run());
  const NoisePicture noise(20, 30);
  PictureCall call{noise.view(), plan_geometry({}, {20, 30}, {32, 32}).value()};
  call.image.planes[0] = nullptr;
  EXPECT_FALSE(program.execution().run({.pictures = {&call, 1}}));
  program.expect_like_host(noise.view());
}

}  // namespace
}  // namespace mobilenet::testing
