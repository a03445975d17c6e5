// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors

// classify [MODEL PICTURE]: what is in the picture? Errors are values here; value(), as in the other examples, would
// throw instead.

#include <mobilenet/mobilenet.h>

#include <iostream>

#include "sample.h"

int main(int count, char** arguments) try {
  const mobilenet::Model model = sample_model(count, arguments);
  const mobilenet::Image picture = sample_picture(count, arguments);

  auto session = model.session({.top = 3});
  if (!session) {
    std::cerr << session.error().message << '\n';
    return 1;
  }
  const auto answers = session->classify(picture);
  if (!answers) {
    std::cerr << answers.error().message << '\n';
    return 1;
  }
  for (const mobilenet::Classification& answer : *answers)
    std::cout << answer.score << "  " << answer.index << ' ' << answer.label << '\n';

  const mobilenet::Timing& took = session->timing();
  std::cout << took.preprocess + took.network + took.postprocess << " ms on " << session->isa() << " with "
            << session->threads() << " threads\n";
} catch (const mobilenet::Exception& error) {
  std::cerr << error.what() << '\n';  // of sample.h, which uses value()
  return 1;
}
