// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "answers.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>

#include "base/error.h"
#include "models/anchors.h"
#include "network/parameter.h"

namespace mobilenet {
namespace {

std::string_view label_of(const ModelSpec& spec, std::size_t row) {
  return row < spec.labels.size() ? std::string_view(spec.labels[row]) : std::string_view();
}

// A network that computes an infinity somewhere has no box to show for it.
bool is_finite(const RawDetection& raw) {
  return std::isfinite(raw.left) && std::isfinite(raw.top) && std::isfinite(raw.right) && std::isfinite(raw.bottom);
}

// From a coordinate in the network's input to one in the upright picture.
struct ToPicture {
  explicit ToPicture(const AxisGeometry& axis)
      : scale(static_cast<double>(axis.crop_size) / axis.resized),
        offset(axis.crop_begin + scale * (axis.window_begin - axis.output_begin)) {}
  float operator()(double input) const { return static_cast<float>(offset + scale * input); }
  double scale, offset;
};

// Where the pixels of the picture lie among the cells of the logits: through the network's input, whose pixels have
// their centres at i + 0.5, and then as the source framework enlarges.
MaskAxis mask_axis(const AxisGeometry& axis, const SegmentationSpec& spec, int cells, int input, int pixels) {
  const double scale = static_cast<double>(axis.resized) / axis.crop_size;
  const double input_offset = (0.5 - axis.crop_begin) * scale - axis.window_begin + axis.output_begin - 0.5;
  double step = static_cast<double>(cells) / input, shift = 0;
  if (spec.align_corners)
    step = input > 1 ? static_cast<double>(cells - 1) / (input - 1) : 0;
  else if (spec.half_pixel_centers)
    shift = 0.5 * step - 0.5;
  return {input_offset * step + shift, scale * step, pixels, cells};
}

// Pixels begin..end of the picture that the network's input covers.
struct SeenRange {
  SeenRange(const AxisGeometry& axis, int pixels) {
    const ToPicture to_picture(axis);
    const double first = to_picture(axis.output_begin), last = to_picture(axis.output_begin + axis.window_size);
    begin = std::clamp(static_cast<int>(std::lround(first)), 0, pixels);
    end = std::clamp(static_cast<int>(std::lround(last)), begin, pixels);
  }
  int begin = 0, end = 0;
};

ChannelQuantization quantization_of(const ModelState& model, const HostTensor& output) {
  return channel_quantization(model.loaded.network.tensors[static_cast<std::size_t>(output.tensor)], 0);
}

}  // namespace

RealNumbers::RealNumbers(const HostTensor& source, const ChannelQuantization& quantization, std::size_t most)
    : data_(source.data), reader_{source.type, quantization}, converted_(source.type == DataType::f32 ? 0 : most) {}

const float* RealNumbers::read(std::size_t first, std::size_t count) {
  return reader_.read(data_, first, count, converted_.data());
}

ClassAnswers::ClassAnswers(const ModelState& model, const SessionOptions& options, const Execution& execution,
                           bool is_probability)
    : spec_(model.loaded.spec), is_probability_(is_probability) {
  const HostTensor& output = execution.outputs()[0];
  // Not the output's first axis: a graph may squeeze a batch of one away.
  const auto batch = static_cast<std::size_t>(execution.inputs()[0].shape[0]);
  const std::size_t rows = static_cast<std::size_t>(output.shape.elements()) / batch;
  rows_ = RealNumbers(output, quantization_of(model, output), rows);
  const std::size_t top = std::min(rows, static_cast<std::size_t>(options.top));
  scores_.resize(rows);
  best_.resize(top);
  classes_.resize(batch * top);
  answers_.resize(batch);
}

std::span<const std::span<const Classification>> ClassAnswers::run() {
  const std::size_t rows = scores_.size(), top = best_.size();
  for (std::size_t picture = 0; picture < answers_.size(); ++picture) {
    std::copy_n(rows_.read(picture * rows, rows), rows, scores_.begin());
    if (!is_probability_) softmax(scores_);
    top_k(scores_, best_);
    const std::span<Classification> classes(classes_.data() + picture * top, top);
    for (std::size_t i = 0; i < top; ++i)
      classes[i] = {best_[i].row - (spec_.has_background ? 1 : 0),
                    label_of(spec_, static_cast<std::size_t>(best_[i].row)), best_[i].score};
    answers_[picture] = classes;
  }
  return answers_;
}

Result<ObjectAnswers> ObjectAnswers::create(const ModelState& model, const SessionOptions& options,
                                            const Execution& execution) {
  DetectionSpec spec = model.loaded.spec.detection;
  // A box below the caller's threshold cannot suppress one above it, so it need not be looked at.
  spec.suppression.score_threshold = std::max(spec.suppression.score_threshold, options.score_threshold);
  std::vector<AnchorBox> anchors = model.loaded.anchors;
  if (!spec.anchor_shapes.empty()) {
    const Shape input = execution.inputs()[0].shape;
    MOBILENET_TRY(const std::vector<Shape> shapes,
                  infer_shapes(model.loaded.network, model.loaded.parameters, {&input, 1}));
    anchors = network_anchors(spec, model.loaded.network, shapes);
  }
  const std::int64_t boxes = execution.outputs()[0].shape[1];
  if (static_cast<std::int64_t>(anchors.size()) != boxes)
    return failure(ErrorCode::bad_format, "the network makes ", boxes, " boxes, but there are ", anchors.size(),
                   " anchors");
  MOBILENET_TRY(DetectionDecoder decoder, DetectionDecoder::create(spec, std::move(anchors)));
  return ObjectAnswers(model, options, execution, std::move(decoder));
}

ObjectAnswers::ObjectAnswers(const ModelState& model, const SessionOptions& options, const Execution& execution,
                             DetectionDecoder decoder)
    : spec_(model.loaded.spec),
      options_(options),
      decoder_(std::move(decoder)),
      workspace_(decoder_.workspace_bytes()) {
  const HostTensor &boxes = execution.outputs()[0], &scores = execution.outputs()[1];
  const Shape& input = execution.inputs()[0].shape;
  anchors_ = static_cast<std::size_t>(boxes.shape[1]);
  columns_ = static_cast<std::size_t>(scores.shape[2]);
  boxes_ = RealNumbers(boxes, quantization_of(model, boxes), anchors_ * 4);
  scores_ = RealNumbers(scores, quantization_of(model, scores), anchors_ * columns_);
  input_height_ = static_cast<int>(input[1]);
  input_width_ = static_cast<int>(input[2]);
  const auto batch = static_cast<std::size_t>(boxes.shape[0]);
  objects_.reserve(batch * static_cast<std::size_t>(max_results(spec_.detection)));
  answers_.resize(batch);
}

std::span<const std::span<const Detection>> ObjectAnswers::run(std::span<const Geometry> geometries) {
  objects_.clear();
  for (std::size_t picture = 0; picture < answers_.size(); ++picture) {
    const DetectorOutput output{boxes_.read(picture * anchors_ * 4, anchors_ * 4),
                                scores_.read(picture * anchors_ * columns_, anchors_ * columns_)};
    const ToPicture to_x(geometries[picture].columns), to_y(geometries[picture].rows);
    const std::size_t first = objects_.size();
    for (const RawDetection& raw : decoder_.run(output, workspace_.data())) {
      if (raw.score < options_.score_threshold || !is_finite(raw)) continue;
      if (!options_.classes.empty() &&
          std::find(options_.classes.begin(), options_.classes.end(), raw.class_index) == options_.classes.end())
        continue;
      if (objects_.size() - first == static_cast<std::size_t>(options_.max_detections)) break;
      objects_.push_back(
          {raw.class_index, label_of(spec_, static_cast<std::size_t>(raw.class_index)), raw.score,
           to_x(static_cast<double>(raw.left) * input_width_), to_y(static_cast<double>(raw.top) * input_height_),
           to_x(static_cast<double>(raw.right) * input_width_), to_y(static_cast<double>(raw.bottom) * input_height_)});
    }
    answers_[picture] = std::span(objects_).subspan(first);
  }
  return answers_;
}

MaskAnswer::MaskAnswer(const ModelState& model, const SessionOptions& options, const Execution& execution)
    : spec_(model.loaded.spec), probabilities_wanted_(options.probabilities) {
  const HostTensor& logits = execution.outputs()[0];
  const Shape& input = execution.inputs()[0].shape;
  if (logits.type != DataType::f32) step_ = quantization_of(model, logits).scale;
  rows_ = static_cast<int>(logits.shape[1]);
  columns_ = static_cast<int>(logits.shape[2]);
  channels_ = static_cast<int>(logits.shape[3]);
  const std::size_t numbers =
      static_cast<std::size_t>(rows_) * static_cast<std::size_t>(columns_) * static_cast<std::size_t>(channels_);
  logits_ = RealNumbers(logits, {}, numbers);
  input_height_ = static_cast<int>(input[1]);
  input_width_ = static_cast<int>(input[2]);
  classes_.reserve(static_cast<std::size_t>(channels_));
}

Segmentation MaskAnswer::run(const Geometry& geometry, int width, int height) {
  const MaskAxis rows = mask_axis(geometry.rows, spec_.segmentation, rows_, input_height_, height);
  const MaskAxis columns = mask_axis(geometry.columns, spec_.segmentation, columns_, input_width_, width);
  const std::size_t pixels = static_cast<std::size_t>(width) * static_cast<std::size_t>(height);
  // Grow to the largest picture seen, never shrink.
  mask_.resize(std::max(mask_.size(), pixels));
  scratch_.resize(std::max(scratch_.size(), mask_scratch_floats(rows, columns, channels_)));
  const std::size_t numbers = probabilities_wanted_ ? pixels * static_cast<std::size_t>(channels_) : 0;
  probabilities_.resize(std::max(probabilities_.size(), numbers));
  const std::size_t cells = static_cast<std::size_t>(rows_) * static_cast<std::size_t>(columns_);
  enlarge_to_mask({logits_.read(0, cells * static_cast<std::size_t>(channels_)), channels_, step_}, rows, columns,
                  scratch_, mask_.data(), std::span(probabilities_).first(numbers));

  // Where the network did not look there is class 0, for certain.
  const auto unseen = [&](std::size_t first, std::size_t last) {
    std::fill(mask_.begin() + static_cast<std::ptrdiff_t>(first), mask_.begin() + static_cast<std::ptrdiff_t>(last),
              std::uint8_t{0});
    for (std::size_t c = 0; c * pixels < numbers; ++c)
      std::fill(probabilities_.begin() + static_cast<std::ptrdiff_t>(c * pixels + first),
                probabilities_.begin() + static_cast<std::ptrdiff_t>(c * pixels + last), c == 0 ? 1.0f : 0.0f);
  };
  const SeenRange seen_rows(geometry.rows, height), seen_columns(geometry.columns, width);
  std::array<std::int64_t, 256> counts{};
  for (int y = 0; y < height; ++y) {
    const std::size_t row = static_cast<std::size_t>(y) * static_cast<std::size_t>(width);
    if (y < seen_rows.begin || y >= seen_rows.end) {
      unseen(row, row + static_cast<std::size_t>(width));
    } else {
      unseen(row, row + static_cast<std::size_t>(seen_columns.begin));
      unseen(row + static_cast<std::size_t>(seen_columns.end), row + static_cast<std::size_t>(width));
    }
  }
  for (std::size_t i = 0; i < pixels; ++i) ++counts[mask_[i]];
  classes_.clear();
  for (int index = 0; index < channels_; ++index)
    if (const std::int64_t count = counts[static_cast<std::size_t>(index)]; count > 0)
      classes_.push_back({index, label_of(spec_, static_cast<std::size_t>(index)), count});
  std::sort(classes_.begin(), classes_.end(), [](const SegmentClass& a, const SegmentClass& b) {
    return a.pixels != b.pixels ? a.pixels > b.pixels : a.index < b.index;
  });
  return {width, height, std::span(mask_).first(pixels), classes_, std::span(probabilities_).first(numbers)};
}

}  // namespace mobilenet
