// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors

// threads [MODEL PICTURE]: one Model for all threads, one Session for each. The weights are in memory once.

#include <mobilenet/mobilenet.h>

#include <array>
#include <cstddef>
#include <iostream>
#include <thread>
#include <vector>

#include "sample.h"

int main(int count, char** arguments) try {
  const mobilenet::Model model = sample_model(count, arguments);
  const mobilenet::Image picture = sample_picture(count, arguments);

  std::array<int, 4> best{};
  std::vector<std::jthread> threads;
  for (std::size_t i = 0; i < best.size(); ++i)
    threads.emplace_back([&, i] {
      auto session = model.session({.threads = 1});
      if (!session) return;
      const auto answers = session->classify(picture);
      if (answers && !answers->empty()) best[i] = answers->front().index;
    });
  threads.clear();  // joins

  for (const int index : best) std::cout << "class " << index << '\n';
  return best.front() == best.back() ? 0 : 1;
} catch (const mobilenet::Exception& error) {
  std::cerr << error.what() << '\n';
  return 1;
}
