// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Classes of your own, taught by feature vectors: softmax(weight * features + bias), whose weights make the examples
// most probable (logistic regression). A part of mobilenet::search. replace_classifier() of network.h puts them into a
// model.

#include <mobilenet/export.h>
#include <mobilenet/result.h>

#include <cstddef>
#include <span>
#include <vector>

namespace mobilenet {

struct LinearClassifier {
  std::vector<float> weight;  // [classes][dimensions]
  std::vector<float> bias;    // [classes]
};

struct TeachOptions {
  // How much an example may pull at the weights, which are held to be small: larger fits the examples better, smaller
  // is surer of less. In units in which features have an average distance of 1 from their mean.
  double trust = 30;
  int most_steps = 500;
};

// `features`: one example after the other, as many numbers each; `classes`: of each example, 0 to class_count - 1, each
// of which has one or more. Computes in double on the calling thread; the same input, the same weights.
MOBILENET_API Result<LinearClassifier> teach_classifier(std::span<const float> features, std::span<const int> classes,
                                                        int class_count, const TeachOptions& options = {});

// The most probable class; of equal ones the first. `features` has as many numbers as a row of the weight.
MOBILENET_API int best_class(const LinearClassifier& classifier, std::span<const float> features);

}  // namespace mobilenet
