// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors

// custom_detector [MODEL PICTURE]: a single-shot detector of your own: other layers of a backbone, other anchors, your
// classes. It runs as one network and answers like any other. The weights here are random; yours come from training.

#include <mobilenet/mobilenet.h>

#include <cstddef>
#include <iostream>
#include <random>
#include <string>
#include <vector>

#include "sample.h"

int main(int count, char** arguments) try {
  const mobilenet::Model backbone = sample_model(count, arguments);
  const mobilenet::Image picture = sample_picture(count, arguments);

  constexpr int kClasses = 2, kColumns = 1 + kClasses;  // background first
  std::mt19937 random(7);
  std::normal_distribution<float> normal(0, 0.02f);

  mobilenet::NetworkBuilder net(backbone);
  // A 1x1 convolution makes `numbers` for each of a cell's anchors; the builder copies the weights.
  const auto predict = [&](const std::string& layer, std::size_t anchors, std::size_t numbers) {
    std::size_t channels = 0;
    for (const mobilenet::LayerInfo& info : backbone.info().layers)
      if (info.name == layer) channels = static_cast<std::size_t>(info.channels);
    std::vector<float> weight(anchors * numbers * channels);
    for (float& value : weight) value = normal(random);
    return net.pointwise(net.layer(layer), {.weight = weight, .outputs = static_cast<int>(anchors * numbers)});
  };

  mobilenet::DetectorOptions detector;
  detector.classes = kClasses;
  // Small objects are found in a fine map, large ones in a coarse one: heights and widths in sides of the picture.
  detector.anchors = {{{0.1f, 0.1f}, {0.2f, 0.1f}, {0.1f, 0.2f}}, {{0.5f, 0.5f}, {0.8f, 0.8f}}};
  const char* layers[] = {"block14/expand", "last"};
  for (std::size_t map = 0; map < detector.anchors.size(); ++map) {
    const std::size_t anchors = detector.anchors[map].size();
    detector.maps.push_back(
        {.boxes = predict(layers[map], anchors, 4), .scores = predict(layers[map], anchors, kColumns)});
  }
  detector.suppression = {.rule = mobilenet::SuppressionRule::per_class, .iou_threshold = 0.45f};
  net.detector(detector);
  net.labels({"bolt", "nut"});
  const mobilenet::Model model = net.build().value();

  auto session = model.session({.score_threshold = 0, .max_detections = 5}).value();
  for (const mobilenet::Detection& found : session.detect(picture).value())
    std::cout << found.score << "  " << found.label << " from " << found.left << ',' << found.top << " to "
              << found.right << ',' << found.bottom << '\n';
} catch (const mobilenet::Exception& error) {
  std::cerr << error.what() << '\n';
  return 1;
}
