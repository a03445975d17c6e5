// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "backend/cuda/ends/picture_end.h"

#include <algorithm>

#include "backend/cuda/kernels/picture_arguments.h"
#include "base/error.h"
#include "network/picture_axes.h"
#include "preprocess/resizer_kind.h"

namespace mobilenet::cuda {
namespace {

constexpr const char* kFile = "pictures";
constexpr unsigned kThreads = 256;

PictureFilter filter_of(ResizeFilter filter) {
  switch (kind_of(filter)) {
    case ResizerKind::nearest:
      return PictureFilter::nearest;
    case ResizerKind::pil:
      return PictureFilter::pillow;
    case ResizerKind::tf:
      break;
  }
  return PictureFilter::tensorflow;
}

PictureEncoding encoding_of(const PreprocessSpec& spec, const InputElements& elements) {
  PictureEncoding encoding{};
  encoding.divide_by_255 = spec.divide_by_255 ? 1 : 0;
  encoding.rescale = spec.rescale;
  const bool filled = spec.mode == ResizeMode::pad || spec.mode == ResizeMode::fit;
  for (std::size_t c = 0; c < 3; ++c) {
    encoding.mean[c] = spec.mean[c];
    encoding.deviation[c] = spec.deviation[c];
    encoding.fill[c] = filled ? spec.fill[c] : 0;
  }
  encoding.takes_bytes = takes_bytes(spec, elements) ? 1 : 0;
  encoding.scale = elements.scale;
  encoding.zero_point = elements.zero_point;
  return encoding;
}

}  // namespace

bool computes(const PictureEnd& end, const Network& network) {
  const InputElements& elements = end.elements;
  const bool known = elements.type == DataType::f32 || elements.type == DataType::u8 || elements.type == DataType::i8;
  return known && (elements.channels == 1 || elements.channels == 3) && picture_axes(network).has_value();
}

Result<CompiledPictureEnd> compile_picture_end(const StepSource& source, const PictureEnd& end, int threads,
                                               TensorStorage& storage) {
  const TensorId input = source.network().inputs[0];
  CompiledPictureEnd compiled{end, static_cast<int>(source.shape(input)[0]), storage.arena_bytes, threads};
  storage.arena_bytes += next_aligned(static_cast<std::size_t>(compiled.images) * sizeof(PictureArguments));

  PictureInputArguments arguments{};
  arguments.out_type = source.type_of(input);
  arguments.filter = filter_of(end.preprocess.filter);
  arguments.height = end.input.height;
  arguments.width = end.input.width;
  arguments.channels = end.elements.channels;
  arguments.in_planes = end.elements.order == PixelOrder::planes ? 1 : 0;
  arguments.swap_red_blue = end.preprocess.swap_red_blue ? 1 : 0;
  arguments.encoding = encoding_of(end.preprocess, end.elements);
  const std::int64_t elements = std::int64_t{end.input.height} * end.input.width * end.elements.channels;
  if (elements * compiled.images != source.shape(input).elements())
    return failure(ErrorCode::invalid_argument, "pictures of ", end.input.width, "x", end.input.height,
                   " pixels for another input");

  MOBILENET_TRY(const Place output, source.place_of(input));
  // As many blocks as the device holds at once, among the pictures: they take turns of what there is to do.
  const unsigned resident = static_cast<unsigned>(8 * source.device().processors());
  const unsigned most =
      std::max(1u, (resident + static_cast<unsigned>(compiled.images) - 1) / static_cast<unsigned>(compiled.images));
  const unsigned pieces = (static_cast<unsigned>(end.input.width * end.elements.channels) + kThreads - 1) / kThreads;
  const unsigned lines = static_cast<unsigned>(end.input.height) * pieces;
  const auto add = [&](const char* kernel, unsigned blocks) -> Result<void> {
    Launch launch;
    MOBILENET_TRY(launch.function, source.kernel(kFile, kernel));
    launch.name = source.tensor(input).name;
    launch.kind = "picture";
    launch.grid = {static_cast<unsigned>(compiled.images), blocks, 1};
    launch.threads = kThreads;
    launch.take(arguments);
    MOBILENET_ADDRESS(launch, PictureInputArguments, pictures, (Place{Place::Kind::arena, compiled.arguments_at}));
    MOBILENET_ADDRESS(launch, PictureInputArguments, output, output);
    source.launches.push_back(std::move(launch));
    return {};
  };
  if (arguments.filter != PictureFilter::pillow) {
    MOBILENET_CHECK(add("picture_points", std::min(most, lines)));
    return compiled;
  }
  MOBILENET_CHECK(add("picture_first_pass", most));
  MOBILENET_CHECK(add("picture_second_pass", std::min(most, lines)));
  return compiled;
}

}  // namespace mobilenet::cuda
