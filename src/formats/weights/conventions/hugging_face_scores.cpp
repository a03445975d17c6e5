// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "formats/weights/conventions/hugging_face_scores.h"

namespace mobilenet {

void decide_hugging_face_scores(const std::string& problem_type, ModelSpec& spec, std::vector<Decision>& decisions) {
  const std::string said = "problem_type in config.json is " + problem_type;
  if (problem_type == "regression") {
    spec.class_scores.reset();
    decisions.push_back({"features, not classes", said});
  } else if (problem_type == "multi_label_classification") {
    spec.class_scores = ScoreFunction::sigmoid;
    decisions.push_back({"scores are sigmoids", said});
  } else if (spec.classes == 1) {
    spec.class_scores = ScoreFunction::sigmoid;
    decisions.push_back({"the score is a sigmoid", "there is one class"});
  }
}

}  // namespace mobilenet
