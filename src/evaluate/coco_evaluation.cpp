// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// COCO's figures for detections: answers are gathered picture by picture and matched at the end.

#include <mobilenet/evaluate.h>

#include <algorithm>
#include <utility>

#include "base/caught.h"
#include "base/error.h"
#include "evaluate/coco_truth.h"

namespace mobilenet {

struct CocoEvaluation::State {
  evaluation::CocoTruth truth;
  std::vector<bool> added;  // by picture
};

CocoEvaluation::CocoEvaluation(std::unique_ptr<State> state) : state_(std::move(state)) {}
CocoEvaluation::CocoEvaluation(CocoEvaluation&&) noexcept = default;
CocoEvaluation& CocoEvaluation::operator=(CocoEvaluation&&) noexcept = default;
CocoEvaluation::~CocoEvaluation() = default;

Result<CocoEvaluation> CocoEvaluation::read(const std::filesystem::path& path) try {
  MOBILENET_TRY(auto truth, evaluation::CocoTruth::read(path));
  const std::size_t pictures = truth.pictures().size();
  return CocoEvaluation(std::make_unique<State>(State{std::move(truth), std::vector<bool>(pictures)}));
} catch (...) {
  return caught(path.native());
}

Result<std::string> CocoEvaluation::match_classes(const ModelInfo& info) try {
  return state_->truth.match_classes(info);
} catch (...) {
  return caught(info.source);
}

std::size_t CocoEvaluation::pictures() const { return state_->added.size(); }

std::optional<std::size_t> CocoEvaluation::find(std::string_view picture) const try {
  return state_->truth.picture_named(picture);
} catch (...) {
  return std::nullopt;
}

std::string_view CocoEvaluation::example() const { return state_->truth.example(); }

Result<void> CocoEvaluation::add(std::size_t picture, std::span<const Detection> detections) try {
  if (picture >= pictures())
    return failure(ErrorCode::invalid_argument, "there are annotations of ", pictures(), " pictures, none with number ",
                   picture);
  MOBILENET_CHECK(state_->truth.set_found(picture, detections));
  state_->added[picture] = true;
  return {};
} catch (...) {
  return caught("an evaluation");
}

Result<void> CocoEvaluation::add_results(const std::filesystem::path& path) try {
  MOBILENET_CHECK(state_->truth.read_results(path));
  state_->added.assign(pictures(), true);
  return {};
} catch (...) {
  return caught(path.native());
}

Result<CocoFigures> CocoEvaluation::result() const try {
  const auto& all = state_->truth.pictures();
  std::vector<const evaluation::CocoPicture*> pictures;
  for (std::size_t i = 0; i < all.size(); ++i)
    if (state_->added[i]) pictures.push_back(&all[i]);
  return evaluation::coco_figures(pictures, state_->truth.categories());
} catch (...) {
  return caught("an evaluation");
}

}  // namespace mobilenet
