// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// One vector a picture: what index, search and teach are made of.

#include <mobilenet/model.h>
#include <mobilenet/result.h>
#include <mobilenet/session.h>

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "cli/arguments/options.h"
#include "cli/output/progress.h"
#include "cli/pictures/picture_loader.h"

namespace mobilenet::cli {

// The layer whose averages say best what a picture shows: the pooled features that a classifier reads, else the last
// layer of the backbone. Fails, with the layers that there are, where neither has its usual name.
Result<std::string> feature_layer(const ModelInfo& info);

// Makes the session's features those of one layer, averaged over height and width.
void choose_features(const std::string& layer, SessionOptions& options);

struct FeatureRun {
  std::span<const PictureSource> pictures;
  const PictureArguments& arguments;
  const Model& model;
  const SessionOptions& options;
  Session& session;  // opened with these options
  AnswersGo answers = AnswersGo::to_a_file;
  bool json = false;  // also for the errors of bad pictures
};

// A picture's vector; an error makes it a bad picture.
using TakeFeatures = std::function<Result<void>(const LoadedPicture& picture, std::span<const float> features)>;

// Goes through all pictures, several at once; takes them in order, on this thread, and says what is wrong with the bad
// ones, whose number it returns.
Result<std::size_t> features_of_pictures(const FeatureRun& run, const TakeFeatures& take);

// What the session makes of a picture that is always the same: no two models give the same.
Result<std::vector<float>> fingerprint_of(Session& session);

}  // namespace mobilenet::cli
