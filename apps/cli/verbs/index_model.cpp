// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "cli/verbs/index_model.h"

#include "cli/output/table.h"
#include "cli/verbs/answer_pictures.h"
#include "cli/verbs/picture_features.h"

namespace mobilenet::cli {
namespace {

// Of the fingerprint: less than f32 and bf16 differ by, more than two models have in common.
constexpr float kSameModel = 0.999f;

}  // namespace

Result<Model> open_model_of(const SearchIndex& index, const std::string& path, ModelChoice& choice) {
  const bool named = !choice.model.empty();
  if (!named) choice.model = index.source().model;
  auto model = open_model(choice);
  if (!model && !named)
    return Error{model.error().code,
                 model.error().message + "; " + path + " was made with this model, and -m names where it is now"};
  if (!model) return model;
  if (auto fits = check_takes_pictures(model->info()); !fits) return fits.error();
  return model;
}

Result<void> check_same_model(const SearchIndex& index, const std::string& path, const ModelInfo& info,
                              Session& session) {
  const auto fingerprint = fingerprint_of(session);
  if (!fingerprint) return fingerprint.error();
  const auto similarity = index.similarity_to_fingerprint(*fingerprint);
  if (similarity && *similarity >= kSameModel) return {};
  const std::string difference = similarity
                                     ? "of the same picture it makes something else (similarity " +
                                           fixed(static_cast<double>(*similarity), 3) + ")"
                                     : "layer " + index.source().layer + " has " + std::to_string(fingerprint->size()) +
                                           " numbers and the index " + std::to_string(index.dimensions());
  return Error{ErrorCode::invalid_argument, info.source + " is not the model that " + path + " was made with (" +
                                                index.source().model +
                                                "), or prepares pictures in another way: " + difference};
}

}  // namespace mobilenet::cli
