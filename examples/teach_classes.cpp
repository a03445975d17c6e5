// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors

// teach_classes [MODEL NAME=PICTURE... PICTURE...]: classes of your own from a few pictures each, without training:
// what is unknown gets the name that its nearest neighbours have. Without pictures it learns and tells made-up
// patterns, which random weights, of course, cannot.

#include <mobilenet/mobilenet.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <iostream>
#include <map>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "sample.h"

using Features = std::vector<float>;
using Lessons = std::vector<std::pair<std::string, Features>>;

// What the network sees in the picture, as a vector of length 1.
static Features features_of(mobilenet::Session& session, const mobilenet::ImageView& picture) {
  const auto values = session.features(picture).value()[0].as<float>();
  const float length = std::sqrt(std::inner_product(values.begin(), values.end(), values.begin(), 0.0f));
  Features features(values.begin(), values.end());
  for (float& value : features) value /= length;
  return features;
}

// The three lessons with the largest cosine vote, each with its cosine.
static std::string name_of(const Features& features, const Lessons& lessons) {
  std::multimap<float, std::string, std::greater<>> nearest;
  for (const auto& [name, known] : lessons)
    nearest.emplace(std::inner_product(features.begin(), features.end(), known.begin(), 0.0f), name);
  std::map<std::string, float> votes = {{"nothing learnt yet", 0.0f}};
  int voters = 3;
  for (auto one = nearest.begin(); one != nearest.end() && voters > 0; ++one, --voters)
    votes[one->second] += one->first;
  return std::ranges::max_element(votes, {}, &std::pair<const std::string, float>::second)->first;
}

int main(int count, char** arguments) try {
  const mobilenet::Model model = sample_model(count, arguments);
  const auto& layers = model.info().layers;  // the last one has the classes, which are to be others
  const std::string features_layer = layers.at(layers.size() - 2).name;
  auto session = model.session({.layers = {features_layer}, .pooling = mobilenet::Pooling::average}).value();
  Lessons lessons;
  for (int i = 2; i < count; ++i) {
    const std::string argument = arguments[i];
    const std::size_t equals = argument.find('=');  // none + 1 is 0
    const Features features = features_of(session, mobilenet::Image::open(argument.substr(equals + 1)).value());
    if (equals != std::string::npos) {
      lessons.emplace_back(argument.substr(0, equals), features);
    } else {
      std::cout << argument << ": " << name_of(features, lessons) << '\n';
    }
  }
  if (count > 2) return 0;

  std::mt19937 random(1);
  int right = 0;
  for (int i = 0; i < 45; ++i) {
    const std::string name = i % 3 == 0 ? "columns" : i % 3 == 1 ? "rows" : "chequers";
    const Features features = features_of(session, sample_pattern(name, random));
    if (i >= 15) right += name_of(features, lessons) == name ? 1 : 0;
    if (i < 15) lessons.emplace_back(name, features);
  }
  std::cout << "three patterns learnt from 5 pictures each; of 30 new pictures " << right << " are told rightly\n";
} catch (const mobilenet::Exception& error) {
  std::cerr << error.what() << '\n';
  return 1;
}
