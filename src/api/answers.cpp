// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "api/answers.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>

#include "api/answer_options.h"
#include "base/error.h"
#include "base/text.h"
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

Error not_numbers(std::size_t picture, std::size_t pictures) {
  const std::string which = pictures > 1 ? text(" for picture ", picture + 1, " of ", pictures) : "";
  return failure(ErrorCode::bad_format, "the network's scores", which,
                 " are not numbers: its weights or its input are broken");
}

void make_probabilities(ScoreFunction function, std::span<float> scores) {
  switch (function) {
    case ScoreFunction::identity:
      return;
    case ScoreFunction::sigmoid:
      for (float& score : scores) score = 1 / (1 + std::exp(-score));
      return;
    case ScoreFunction::softmax:
      softmax(scores);
      return;
  }
}

ChannelQuantization quantization_of(const ModelState& model, const HostTensor& output) {
  return channel_quantization(model.loaded.network().tensor(output.tensor), 0);
}

}  // namespace

RealNumbers::RealNumbers(const HostTensor& source, const ChannelQuantization& quantization, std::size_t most)
    : data_(source.data), reader_{source.type, quantization}, converted_(source.type == DataType::f32 ? 0 : most) {}

const float* RealNumbers::read(std::size_t first, std::size_t count) {
  return reader_.read(data_, first, count, converted_.data());
}

Result<const float*> RealNumbers::read_numbers(std::size_t first, std::size_t count, std::size_t picture,
                                               std::size_t pictures) {
  const float* const values = read(first, count);
  if (reader_.type == DataType::f32 &&
      std::any_of(values, values + count, [](float value) { return std::isnan(value); }))
    return not_numbers(picture, pictures);
  return values;
}

Result<ClassAnswers> ClassAnswers::create(const ModelState& model, const SessionOptions& options,
                                          const Execution& execution) {
  MOBILENET_TRY(const std::vector<bool> wanted, wanted_classes(model, options));
  return ClassAnswers(model, options, execution, wanted);
}

ClassAnswers::ClassAnswers(const ModelState& model, const SessionOptions& options, const Execution& execution,
                           const std::vector<bool>& wanted)
    : spec_(model.loaded.spec), threshold_(options.score_threshold.value_or(0.0f)) {
  const HostTensor& output = execution.outputs()[0];
  // Not the output's first axis: a graph may squeeze a batch of one away.
  const auto batch = static_cast<std::size_t>(execution.inputs()[0].shape[0]);
  row_length_ = static_cast<std::size_t>(output.shape.elements()) / batch;
  rows_ = RealNumbers(output, quantization_of(model, output), row_length_);
  scores_.resize(static_cast<std::size_t>(class_count(spec_)));
  for (std::size_t row = 0; row < wanted.size(); ++row)
    if (wanted[row]) chosen_.push_back(static_cast<int>(row));
  chosen_scores_.resize(chosen_.size());
  const std::size_t choice = chosen_.empty() ? scores_.size() : chosen_.size();
  const std::size_t top = std::min(choice, static_cast<std::size_t>(options.top));
  best_.resize(top);
  classes_.resize(batch * top);
  answers_.resize(batch);
}

Result<std::span<const std::span<const Classification>>> ClassAnswers::run() {
  const std::size_t top = best_.size();
  for (std::size_t picture = 0; picture < answers_.size(); ++picture) {
    MOBILENET_TRY(const float* const row,
                  rows_.read_numbers(picture * row_length_, row_length_, picture, answers_.size()));
    const std::span<float> scores = std::span(scores_).last(row_length_);
    std::copy_n(row, row_length_, scores.begin());
    make_probabilities(spec_.class_scores.value_or(ScoreFunction::identity), scores);
    // An infinity among logits has no probability.
    if (std::any_of(scores.begin(), scores.end(), [](float score) { return std::isnan(score); }))
      return not_numbers(picture, answers_.size());
    if (scores_.size() > row_length_) scores_[0] = 1 - scores_[1];
    std::transform(chosen_.begin(), chosen_.end(), chosen_scores_.begin(),
                   [&](int row_number) { return scores_[static_cast<std::size_t>(row_number)]; });
    top_k(chosen_.empty() ? scores_ : chosen_scores_, best_);
    Classification* const first = classes_.data() + picture * top;
    std::size_t count = 0;
    for (const ScoredRow& best : best_) {
      if (best.score < threshold_) break;
      const int row_number = chosen_.empty() ? best.row : chosen_[static_cast<std::size_t>(best.row)];
      first[count++] = {row_number - (spec_.has_background ? 1 : 0),
                        label_of(spec_, static_cast<std::size_t>(row_number)), best.score};
    }
    answers_[picture] = {first, count};
  }
  return std::span<const std::span<const Classification>>(answers_);
}

Result<ObjectAnswers> ObjectAnswers::create(const ModelState& model, const SessionOptions& options,
                                            const Execution& execution) {
  MOBILENET_TRY(const DetectionSpec spec, wanted_detection(model, options));
  MOBILENET_TRY(std::vector<bool> wanted, wanted_classes(model, options));
  std::vector<AnchorBox> anchors = model.loaded.anchors;
  if (!spec.anchor_shapes.empty()) {
    const Shape input = execution.inputs()[0].shape;
    MOBILENET_TRY(const std::vector<Shape> shapes,
                  infer_shapes(model.loaded.network(), model.loaded.parameters(), {&input, 1}));
    anchors = network_anchors(spec, model.loaded.network(), shapes);
  }
  const std::int64_t boxes = execution.outputs()[0].shape[1];
  if (static_cast<std::int64_t>(anchors.size()) != boxes)
    return failure(ErrorCode::bad_format, "the network makes ", boxes, " boxes, but there are ", anchors.size(),
                   " anchors");
  MOBILENET_TRY(DetectionDecoder decoder, DetectionDecoder::create(spec, std::move(anchors), std::move(wanted)));
  return ObjectAnswers(model, options, execution, std::move(decoder));
}

ObjectAnswers::ObjectAnswers(const ModelState& model, const SessionOptions& options, const Execution& execution,
                             DetectionDecoder decoder)
    : spec_(model.loaded.spec),
      most_(static_cast<std::size_t>(options.max_detections.value_or(max_results(decoder.spec())))),
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
  objects_.reserve(batch * std::min(most_, decoder_.most_results()));
  answers_.resize(batch);
}

Result<std::span<const std::span<const Detection>>> ObjectAnswers::run(std::span<const Geometry> geometries) {
  objects_.clear();
  const std::size_t pictures = answers_.size(), box_numbers = anchors_ * 4, score_numbers = anchors_ * columns_;
  for (std::size_t picture = 0; picture < pictures; ++picture) {
    DetectorOutput output;
    MOBILENET_TRY(output.boxes, boxes_.read_numbers(picture * box_numbers, box_numbers, picture, pictures));
    MOBILENET_TRY(output.scores, scores_.read_numbers(picture * score_numbers, score_numbers, picture, pictures));
    const ToPicture to_x(geometries[picture].columns), to_y(geometries[picture].rows);
    const std::size_t first = objects_.size();
    for (const RawDetection& raw : decoder_.run(output, workspace_.data())) {
      if (raw.score < decoder_.spec().suppression.score_threshold || !is_finite(raw)) continue;
      if (objects_.size() - first == most_) break;
      objects_.push_back(
          {raw.class_index, label_of(spec_, static_cast<std::size_t>(raw.class_index)), raw.score,
           to_x(static_cast<double>(raw.left) * input_width_), to_y(static_cast<double>(raw.top) * input_height_),
           to_x(static_cast<double>(raw.right) * input_width_), to_y(static_cast<double>(raw.bottom) * input_height_)});
    }
    answers_[picture] = std::span(objects_).subspan(first);
  }
  return std::span<const std::span<const Detection>>(answers_);
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
  // The stored numbers do for a comparison and for a softmax; probabilities are counted from their zero.
  const bool from_zero = spec_.segmentation.score_function == ScoreFunction::identity && step_ > 0;
  logits_ = RealNumbers(logits, {1, from_zero ? quantization_of(model, logits).zero_point : 0}, numbers);
  input_height_ = static_cast<int>(input[1]);
  input_width_ = static_cast<int>(input[2]);
  classes_.reserve(static_cast<std::size_t>(channels_));
}

Result<Segmentation> MaskAnswer::run(const Geometry& geometry, int width, int height) {
  const MaskAxis rows = mask_axis(geometry.rows, spec_.segmentation, rows_, input_height_, height);
  const MaskAxis columns = mask_axis(geometry.columns, spec_.segmentation, columns_, input_width_, width);
  const std::size_t pixels = static_cast<std::size_t>(width) * static_cast<std::size_t>(height);
  // Grow to the largest picture seen, never shrink.
  mask_.resize(std::max(mask_.size(), pixels));
  scratch_.resize(std::max(scratch_.size(), mask_scratch_floats(rows, columns, channels_)));
  const std::size_t numbers = probabilities_wanted_ ? pixels * static_cast<std::size_t>(channels_) : 0;
  probabilities_.resize(std::max(probabilities_.size(), numbers));
  const std::size_t cells = static_cast<std::size_t>(rows_) * static_cast<std::size_t>(columns_);
  MOBILENET_TRY(const float* const logits, logits_.read_numbers(0, cells * static_cast<std::size_t>(channels_), 0, 1));
  enlarge_to_mask({logits, channels_, step_, spec_.segmentation.score_function}, rows, columns, scratch_, mask_.data(),
                  std::span(probabilities_).first(numbers));

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
  return Segmentation{width, height, std::span(mask_).first(pixels), classes_,
                      std::span(probabilities_).first(numbers)};
}

}  // namespace mobilenet
