// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors

// batch [MODEL PICTURE...]: several pictures, of any sizes, in one call. The first call with a new number of pictures
// prepares for it; after that a call allocates nothing.

#include <mobilenet/mobilenet.h>

#include <cstddef>
#include <iostream>
#include <vector>

#include "sample.h"

int main(int count, char** arguments) try {
  const mobilenet::Model model = sample_model(count, arguments);
  std::vector<mobilenet::Image> pictures;
  for (int i = 2; i < count || i < 5; ++i) pictures.push_back(sample_picture(count, arguments, i));
  const std::vector<mobilenet::ImageView> views(pictures.begin(), pictures.end());

  auto session = model.session({.top = 1}).value();
  const auto answers = session.classify(views).value();
  for (std::size_t i = 0; i < answers.size(); ++i)
    for (const mobilenet::Classification& answer : answers[i])
      std::cout << "picture " << i << ": " << answer.index << ' ' << answer.label << ' ' << answer.score << '\n';
} catch (const mobilenet::Exception& error) {
  std::cerr << error.what() << '\n';
  return 1;
}
