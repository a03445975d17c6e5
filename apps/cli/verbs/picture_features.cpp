// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "cli/verbs/picture_features.h"

#include <algorithm>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string_view>

#include "cli/output/output.h"
#include "cli/output/table.h"
#include "cli/pictures/ordered_work.h"
#include "cli/verbs/picture_run.h"
#include "cli/verbs/worker_sessions.h"

namespace mobilenet::cli {
namespace {

template <class T>
void append_real(const TensorView& tensor, std::vector<float>& values) {
  const float scale = tensor.scale == 0 ? 1 : tensor.scale;
  for (const T value : tensor.as<T>())
    values.push_back(scale * (static_cast<float>(value) - static_cast<float>(tensor.zero_point)));
}

// As floats, whatever the network computes in.
std::vector<float> real_values(const TensorView& tensor) {
  std::vector<float> values;
  values.reserve(tensor.bytes / size_of(tensor.type));
  switch (tensor.type) {
    case DataType::u8:
      append_real<std::uint8_t>(tensor, values);
      break;
    case DataType::i8:
      append_real<std::int8_t>(tensor, values);
      break;
    case DataType::i16:
      append_real<std::int16_t>(tensor, values);
      break;
    case DataType::f32:
      append_real<float>(tensor, values);
      break;
    case DataType::f16:
    case DataType::i32:
    case DataType::i64:
    case DataType::boolean:
      break;
  }
  return values;
}

// The rows of one batch; none of a tensor without a row for each picture.
Result<std::vector<float>> rows_of(Session& session, std::span<const ImageView> views) {
  const auto tensors = session.features(views);
  if (!tensors) return tensors.error();
  const TensorView& tensor = tensors->front();
  std::vector<float> values = real_values(tensor);
  if (values.empty() || values.size() % views.size() != 0)
    return Error{ErrorCode::unsupported, "layer " + std::string(tensor.name) + " is " +
                                             std::string(name_of(tensor.type)) + " of " + shape_text(tensor.shape) +
                                             ", not one row of numbers a picture"};
  return values;
}

}  // namespace

Result<std::string> feature_layer(const ModelInfo& info) {
  const auto has = [&](std::string_view name) {
    return std::any_of(info.layers.begin(), info.layers.end(),
                       [&](const LayerInfo& layer) { return layer.name == name; });
  };
  for (const char* name : {"pool", "last", "block17/output", "pointwise13"})
    if (has(name)) return std::string(name);
  if (info.layers.empty())
    return Error{ErrorCode::unsupported, info.source + ": it has no layers with names, whose features could be taken"};
  std::vector<std::string> names;
  for (const LayerInfo& layer : info.layers) names.push_back(layer.name);
  return Error{ErrorCode::invalid_argument,
               "--layer is required: the layers of " + info.source + " are " + join(names, ", ")};
}

void choose_features(const std::string& layer, SessionOptions& options) {
  options.layers = {layer};
  options.pooling = Pooling::average;
}

Result<std::size_t> features_of_pictures(const FeatureRun& run, const TakeFeatures& take) {
  struct Row {
    const LoadedPicture* picture = nullptr;
    std::vector<float> values;
  };
  const auto batch = static_cast<std::size_t>(run.arguments.batch);
  PictureLoader loader(run.pictures, run.arguments.options);
  WorkerSessions sessions(run.model, run.options, run.session, count_groups(run.pictures, batch));
  Progress progress(loader.total(), run.answers);
  std::size_t bad = 0;
  std::vector<std::vector<Row>> rows(slots_of(sessions.size()));
  PictureWork work;
  work.begin = [&rows](std::size_t slot, std::span<LoadedPicture>) { rows[slot].clear(); };
  work.compute = [&rows](std::size_t slot, Session& session, std::span<const ImageView> views,
                         std::span<LoadedPicture* const> pictures) -> Result<void> {
    const auto values = rows_of(session, views);
    if (!values) return values.error();
    const std::size_t dimensions = values->size() / views.size();
    for (std::size_t i = 0; i < pictures.size(); ++i) {
      const auto row = std::span(*values).subspan(i * dimensions, dimensions);
      rows[slot].push_back({pictures[i], {row.begin(), row.end()}});
    }
    return {};
  };
  work.deliver = [&](std::size_t slot, std::span<LoadedPicture> pictures) {
    progress.clear();
    auto row = rows[slot].begin();  // of the good pictures, in their order
    for (LoadedPicture& picture : pictures) {
      if (picture.error.empty() && row != rows[slot].end() && row->picture == &picture) {
        if (const auto taken = take(picture, (row++)->values); !taken) picture.fail(taken.error().message);
      }
      if (picture.error.empty()) continue;
      ++bad;
      report_bad(picture, run.json);
    }
    progress.advance(pictures.size());
    return output_works();
  };
  const auto ran = run_pictures(loader, sessions, batch, work);
  progress.clear();
  if (!ran) return ran.error();
  return bad;
}

Result<std::vector<float>> fingerprint_of(Session& session) {
  // Colours, edges and grain of all sizes: something for every filter. Numbers by splitmix64, the same everywhere.
  constexpr int kSide = 256;
  std::vector<std::uint8_t> pixels;
  std::uint64_t state = 1;
  for (int y = 0; y < kSide; ++y)
    for (int x = 0; x < kSide; ++x) {
      state += 0x9e3779b97f4a7c15u;
      std::uint64_t random = (state ^ (state >> 30)) * 0xbf58476d1ce4e5b9u;
      random ^= random >> 27;
      const int grain = static_cast<int>(random >> 40 & 31);
      const int cell = 8 << (y / 64);  // chequers of 8 to 64 pixels
      const bool dark = (x / cell + y / cell) % 2 == 0;
      for (const int colour : {x, y, kSide - 1 - (x + y) / 2})
        pixels.push_back(static_cast<std::uint8_t>(std::min(255, (dark ? colour / 2 : colour) + grain)));
    }
  const ImageView view = ImageView::packed(pixels.data(), PixelFormat::rgb, kSide, kSide);
  return rows_of(session, std::span(&view, 1));
}

}  // namespace mobilenet::cli
