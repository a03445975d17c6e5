// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors

// run_tensors [MODEL PICTURE]: raw tensors in, raw tensors out, for those who prepare the input themselves.

#include <mobilenet/mobilenet.h>

#include <cstddef>
#include <cstdint>
#include <iostream>
#include <span>
#include <vector>

#include "sample.h"

void print(const mobilenet::TensorView& tensor) {
  std::cout << tensor.name << ' ' << mobilenet::name_of(tensor.type);
  for (const std::int64_t axis : tensor.shape) std::cout << ' ' << axis;
  std::cout << '\n';
}

int main(int count, char** arguments) try {
  const mobilenet::Model model = sample_model(count, arguments);
  const mobilenet::Image picture = sample_picture(count, arguments);

  // Inputs have the file's own type and layout, the batch axis first.
  const mobilenet::TensorInfo& wanted = model.info().inputs.at(0);
  std::size_t bytes = mobilenet::size_of(wanted.type);
  for (const std::int64_t axis : wanted.shape) bytes *= static_cast<std::size_t>(axis);
  const std::vector<std::byte> zeros(bytes);
  const mobilenet::TensorView input{
      .name = wanted.name, .type = wanted.type, .shape = wanted.shape, .data = zeros.data(), .bytes = bytes};
  print(input);

  auto session = model.session().value();
  for (const mobilenet::TensorView& output : session.run(std::span(&input, 1)).value()) print(output);

  // The tensor that a picture becomes, to compare with what another framework makes of it.
  const mobilenet::ImageView view = picture;
  print(session.preprocess(std::span(&view, 1)).value());
} catch (const mobilenet::Exception& error) {
  std::cerr << error.what() << '\n';
  return 1;
}
