// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "backend/host_ends.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>

#include "backend/mask_geometry.h"
#include "backend/not_numbers.h"
#include "base/aligned_buffer.h"
#include "base/error.h"
#include "network/parameter.h"
#include "network/picture_axes.h"
#include "postprocess/mask.h"

namespace mobilenet {
namespace {

// A quantised or float output as real numbers.
class RealNumbers {
 public:
  // `most`: elements read at once.
  RealNumbers(DataType type, const ChannelQuantization& quantization, std::size_t most)
      : reader_{type, quantization}, converted_(type == DataType::f32 ? 0 : most) {}

  // Elements first..first + count, in place for float tensors, else converted into memory of this object. Fails where
  // one of them is NaN; `picture` of `pictures` is named then.
  Result<const float*> read(const TensorMemory& source, std::size_t first, std::size_t count, std::size_t picture,
                            std::size_t pictures) {
    const float* const values = reader_.read(source.data, first, count, converted_.data());
    if (reader_.type == DataType::f32 &&
        std::any_of(values, values + count, [](float value) { return std::isnan(value); }))
      return not_numbers(picture, pictures);
    return values;
  }

 private:
  RealReader reader_;
  std::vector<float> converted_;
};

ChannelQuantization quantization_of(const Network& network, TensorId id) {
  return channel_quantization(network.tensor(id), 0);
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

class HostTopK final : public HostAnswer {
 public:
  HostTopK(const TopKEnd& end, const Network& network, const Shape& input, const TensorMemory& logits)
      // Not the output's first axis: a graph may squeeze a batch of one away.
      : HostTopK(end, quantization_of(network, end.logits), logits, static_cast<std::size_t>(input[0])) {}

  Result<RawAnswers> run(std::span<const TensorMemory> outputs, std::span<const PictureCall>, const Workers&) override {
    const std::size_t top = best_.size() / answers_.size();
    for (std::size_t picture = 0; picture < answers_.size(); ++picture) {
      MOBILENET_TRY(const float* const row,
                    numbers_.read(outputs[0], picture * row_length_, row_length_, picture, answers_.size()));
      const std::span<float> scores = std::span(scores_).last(row_length_);
      std::copy_n(row, row_length_, scores.begin());
      make_probabilities(end_.scores, scores);
      // An infinity among logits has no probability.
      if (std::any_of(scores.begin(), scores.end(), [](float score) { return std::isnan(score); }))
        return not_numbers(picture, answers_.size());
      if (scores_.size() > row_length_) scores_[0] = 1 - scores_[1];
      std::transform(end_.rows.begin(), end_.rows.end(), chosen_scores_.begin(),
                     [&](int row_number) { return scores_[static_cast<std::size_t>(row_number)]; });
      const std::span<ScoredRow> best = std::span(best_).subspan(picture * top, top);
      top_k(end_.rows.empty() ? scores_ : chosen_scores_, best);
      if (!end_.rows.empty())
        for (ScoredRow& scored : best) scored.row = end_.rows[static_cast<std::size_t>(scored.row)];
      answers_[picture] = best;
    }
    return RawAnswers{answers_, {}, {}};
  }

 private:
  HostTopK(const TopKEnd& end, const ChannelQuantization& quantization, const TensorMemory& logits, std::size_t batch)
      : end_(end),
        row_length_(static_cast<std::size_t>(logits.shape.elements()) / batch),
        numbers_(logits.type, quantization, row_length_),
        scores_(static_cast<std::size_t>(end.classes)),
        chosen_scores_(end.rows.size()),
        answers_(batch) {
    const std::size_t choice = end.rows.empty() ? scores_.size() : end.rows.size();
    best_.resize(batch * std::min(choice, static_cast<std::size_t>(end.top)));
  }

  const TopKEnd end_;
  std::size_t row_length_;
  RealNumbers numbers_;
  std::vector<float> scores_;  // of every class; of two where the row is one probability with two names
  std::vector<float> chosen_scores_;
  std::vector<ScoredRow> best_;
  std::vector<std::span<const ScoredRow>> answers_;
};

// A network that computes an infinity somewhere has no box to show for it.
bool is_finite(const RawDetection& raw) {
  return std::isfinite(raw.left) && std::isfinite(raw.top) && std::isfinite(raw.right) && std::isfinite(raw.bottom);
}

class HostBoxes final : public HostAnswer {
 public:
  HostBoxes(const BoxesEnd& end, DetectionDecoder decoder, const Network& network,
            std::span<const TensorMemory> outputs)
      : most_(end.most),
        decoder_(std::move(decoder)),
        workspace_(decoder_.workspace_bytes()),
        box_numbers_(static_cast<std::size_t>(outputs[0].shape[1]) * 4),
        score_numbers_(static_cast<std::size_t>(outputs[1].shape[1] * outputs[1].shape[2])),
        boxes_(outputs[0].type, quantization_of(network, end.boxes), box_numbers_),
        scores_(outputs[1].type, quantization_of(network, end.scores), score_numbers_),
        answers_(static_cast<std::size_t>(outputs[0].shape[0])) {
    found_.reserve(answers_.size() * std::min(most_, decoder_.most_results()));
  }

  Result<RawAnswers> run(std::span<const TensorMemory> outputs, std::span<const PictureCall>, const Workers&) override {
    found_.clear();
    const std::size_t pictures = answers_.size();
    for (std::size_t picture = 0; picture < pictures; ++picture) {
      DetectorOutput output;
      MOBILENET_TRY(output.boxes, boxes_.read(outputs[0], picture * box_numbers_, box_numbers_, picture, pictures));
      MOBILENET_TRY(output.scores,
                    scores_.read(outputs[1], picture * score_numbers_, score_numbers_, picture, pictures));
      const std::size_t first = found_.size();
      for (const RawDetection& raw : decoder_.run(output, workspace_.data())) {
        if (raw.score < decoder_.spec().suppression.score_threshold || !is_finite(raw)) continue;
        if (found_.size() - first == most_) break;
        found_.push_back(raw);
      }
      answers_[picture] = std::span(found_).subspan(first);
    }
    return RawAnswers{{}, answers_, {}};
  }

 private:
  std::size_t most_;  // objects per picture
  DetectionDecoder decoder_;
  AlignedBuffer workspace_;
  std::size_t box_numbers_, score_numbers_;
  RealNumbers boxes_, scores_;
  std::vector<RawDetection> found_;
  std::vector<std::span<const RawDetection>> answers_;
};

class HostMask final : public HostAnswer {
 public:
  HostMask(const MaskEnd& end, const Network& network, const Shape& input, const TensorMemory& logits)
      : HostMask(end, quantization_of(network, end.logits), input, logits) {}

  Result<RawAnswers> run(std::span<const TensorMemory> outputs, std::span<const PictureCall> pictures,
                         const Workers& workers) override {
    for (std::size_t picture = 0; picture < answers_.size(); ++picture) {
      MOBILENET_TRY(const float* const stored,
                    logits_.read(outputs[0], picture * cell_numbers(), cell_numbers(), picture, answers_.size()));
      answers_[picture] = make(channels_ == 1 ? in_pairs(stored) : stored, pictures[picture], masks_[picture], workers);
    }
    return RawAnswers{{}, {}, answers_};
  }

 private:
  // Of one picture; grows to the largest seen in its place, never shrinks.
  struct Mask {
    std::vector<std::uint8_t> classes;
    std::vector<float> probabilities;
  };

  HostMask(const MaskEnd& end, const ChannelQuantization& quantization, const Shape& input, const TensorMemory& logits)
      : end_(end),
        rows_(static_cast<int>(logits.shape[1])),
        columns_(static_cast<int>(logits.shape[2])),
        channels_(static_cast<int>(logits.shape[3])),
        input_height_(static_cast<int>(input[map_axes(input).height])),
        input_width_(static_cast<int>(input[map_axes(input).width])),
        step_(logits.type == DataType::f32 ? 0 : quantization.scale),
        // The stored numbers do for a comparison and for a softmax; others are counted from their zero.
        logits_(
            logits.type,
            {1, end.segmentation.score_function == ScoreFunction::softmax || step_ == 0 ? 0 : quantization.zero_point},
            cell_numbers()),
        pairs_(channels_ == 1 ? 2 * cell_numbers() : 0),
        masks_(static_cast<std::size_t>(logits.shape[0])),
        answers_(masks_.size()) {}

  // `scores` of a picture, classes() numbers a cell.
  RawMask make(const float* scores, const PictureCall& picture, Mask& mask, const Workers& workers) {
    const Geometry& geometry = picture.geometry;
    const int width = picture.image.upright_width(), height = picture.image.upright_height();
    const MaskAxis rows = mask_axis(geometry.rows, end_.segmentation, rows_, input_height_, height);
    const MaskAxis columns = mask_axis(geometry.columns, end_.segmentation, columns_, input_width_, width);
    const std::size_t pixels = static_cast<std::size_t>(width) * static_cast<std::size_t>(height);
    const std::size_t numbers = end_.probabilities ? pixels * static_cast<std::size_t>(classes()) : 0;
    mask.classes.resize(std::max(mask.classes.size(), pixels));
    mask.probabilities.resize(std::max(mask.probabilities.size(), numbers));
    const std::span<std::uint8_t> made = std::span(mask.classes).first(pixels);
    const std::span<float> probabilities = std::span(mask.probabilities).first(numbers);
    enlargement_.run({scores, classes(), step_, function()}, rows, columns, made.data(), probabilities, workers);
    clear_unseen(geometry, width, height, made, probabilities);
    return {made, probabilities};
  }

  int classes() const { return channels_ == 1 ? 2 : channels_; }

  // The sigmoid of one number is the softmax of it and 0.
  ScoreFunction function() const {
    const ScoreFunction function = end_.segmentation.score_function;
    return channels_ == 1 && function == ScoreFunction::sigmoid ? ScoreFunction::softmax : function;
  }

  // One channel says how probable something is; what it lacks to 1 is the background.
  const float* in_pairs(const float* something) {
    const bool probabilities = end_.segmentation.score_function == ScoreFunction::identity;
    const float one = step_ > 0 ? 1 / step_ : 1;
    for (std::size_t i = 0; i < cell_numbers(); ++i) {
      pairs_[2 * i] = probabilities ? one - something[i] : 0;
      pairs_[2 * i + 1] = something[i];
    }
    return pairs_.data();
  }

  std::size_t cell_numbers() const {
    return static_cast<std::size_t>(rows_) * static_cast<std::size_t>(columns_) * static_cast<std::size_t>(channels_);
  }

  // Where the network did not look there is class 0, for certain.
  static void clear_unseen(const Geometry& geometry, int width, int height, std::span<std::uint8_t> mask,
                           std::span<float> probabilities) {
    const auto clear = [&](std::size_t first, std::size_t last) {
      const auto fill = [&](auto numbers, auto value) {
        const auto part = numbers.subspan(first, last - first);
        std::fill(part.begin(), part.end(), value);
      };
      fill(mask, std::uint8_t{0});
      for (std::size_t at = 0; at < probabilities.size(); at += mask.size())
        fill(probabilities.subspan(at, mask.size()), at == 0 ? 1.0f : 0.0f);
    };
    const SeenRange seen_rows(geometry.rows, height), seen_columns(geometry.columns, width);
    for (int y = 0; y < height; ++y) {
      const std::size_t row = static_cast<std::size_t>(y) * static_cast<std::size_t>(width);
      if (y < seen_rows.begin || y >= seen_rows.end) {
        clear(row, row + static_cast<std::size_t>(width));
      } else {
        clear(row, row + static_cast<std::size_t>(seen_columns.begin));
        clear(row + static_cast<std::size_t>(seen_columns.end), row + static_cast<std::size_t>(width));
      }
    }
  }

  const MaskEnd end_;
  int rows_, columns_, channels_, input_height_, input_width_;
  float step_;          // what one of the stored logits is worth; 0 for float logits
  RealNumbers logits_;  // of a quantised tensor as stored
  MaskEnlargement enlargement_{*best_or_forced(runnable_mask_kernels()).kernels};
  std::vector<float> pairs_;
  std::vector<Mask> masks_;
  std::vector<RawMask> answers_;
};

}  // namespace

std::vector<TensorId> tensors_of(const AnswerEnd& end) {
  if (const auto* classes = std::get_if<TopKEnd>(&end)) return {classes->logits};
  if (const auto* objects = std::get_if<BoxesEnd>(&end)) return {objects->boxes, objects->scores};
  if (const auto* mask = std::get_if<MaskEnd>(&end)) return {mask->logits};
  return {};
}

Result<std::unique_ptr<HostAnswer>> host_answer(const AnswerEnd& end, const Network& network, const Shape& input,
                                                std::span<const TensorMemory> outputs) {
  std::unique_ptr<HostAnswer> answer;
  if (const auto* classes = std::get_if<TopKEnd>(&end))
    answer = std::make_unique<HostTopK>(*classes, network, input, outputs[0]);
  if (const auto* mask = std::get_if<MaskEnd>(&end)) {
    if (outputs[0].shape.rank() != 4 || outputs[0].shape[0] != input[0])
      return failure(ErrorCode::bad_format, "masks of ", input[0], " pictures, of ", to_string(outputs[0].shape));
    answer = std::make_unique<HostMask>(*mask, network, input, outputs[0]);
  }
  if (const auto* objects = std::get_if<BoxesEnd>(&end)) {
    MOBILENET_TRY(DetectionDecoder decoder,
                  DetectionDecoder::create(objects->detection, objects->anchors, objects->wanted));
    answer = std::make_unique<HostBoxes>(*objects, std::move(decoder), network, outputs);
  }
  return answer;
}

}  // namespace mobilenet
