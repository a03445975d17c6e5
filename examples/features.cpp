// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors

// features [MODEL PICTURE]: vectors that describe a picture, for search, clustering or a classifier of your own.

#include <mobilenet/mobilenet.h>

#include <iostream>
#include <span>

#include "sample.h"

int main(int count, char** arguments) try {
  const mobilenet::Model model = sample_model(count, arguments);
  const mobilenet::Image picture = sample_picture(count, arguments);

  std::cout << "layers:";
  for (const mobilenet::LayerInfo& layer : model.info().layers) std::cout << ' ' << layer.name;
  std::cout << '\n';

  // Any layers at once, here one from the middle and the last; averaged over height and width, each becomes one vector.
  const auto& layers = model.info().layers;
  auto session = model
                     .session({.layers = {layers.at(layers.size() / 2).name, layers.back().name},
                               .pooling = mobilenet::Pooling::average})
                     .value();
  const mobilenet::ImageView view = picture;
  for (const mobilenet::TensorView& feature : session.features(std::span(&view, 1)).value()) {
    const std::span<const float> values = feature.as<float>();
    std::cout << feature.name << ": " << values.size() << " numbers, the first is " << values[0] << '\n';
  }
} catch (const mobilenet::Exception& error) {
  std::cerr << error.what() << '\n';
  return 1;
}
