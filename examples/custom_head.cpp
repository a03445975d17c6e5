// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors

// custom_head [MODEL PICTURE]: a classifier of your own on top of a backbone. Both run as one network: same plan, same
// kernels, same memory. The weights here are random; yours come from wherever you trained them.

#include <mobilenet/mobilenet.h>

#include <cstddef>
#include <iostream>
#include <random>
#include <vector>

#include "sample.h"

int main(int count, char** arguments) try {
  const mobilenet::Model backbone = sample_model(count, arguments);
  const mobilenet::Image picture = sample_picture(count, arguments);

  std::size_t channels = 0;
  for (const mobilenet::LayerInfo& layer : backbone.info().layers)
    if (layer.name == "pool") channels = static_cast<std::size_t>(layer.channels);

  constexpr int kClasses = 3;
  std::mt19937 random(7);
  std::normal_distribution<float> normal(0, 0.1f);
  std::vector<float> weight(kClasses * channels);
  for (float& value : weight) value = normal(random);
  const std::vector<float> bias(kClasses, 0.0f);

  mobilenet::NetworkBuilder net(backbone);
  const mobilenet::Value features = net.layer("pool");
  const mobilenet::Value logits = net.dense(features, {.weight = weight, .outputs = kClasses, .bias = bias});
  net.output(net.softmax(logits), "my_classes");
  const mobilenet::Model model = net.build().value();

  auto session = model.session({.top = kClasses}).value();
  for (const mobilenet::Classification& answer : session.classify(picture).value())
    std::cout << "class " << answer.index << ": " << answer.score << '\n';
} catch (const mobilenet::Exception& error) {
  std::cerr << error.what() << '\n';
  return 1;
}
