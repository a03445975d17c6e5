// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors

// What a user of the library links: a network, and a decoder with every codec behind it.

#include <mobilenet/mobilenet.h>

#include <array>
#include <cstddef>
#include <iostream>
#include <vector>

int main() {
  const std::vector<std::byte> grey(64 * 48 * 3, std::byte{128});
  const auto picture = mobilenet::ImageView::packed(grey.data(), mobilenet::PixelFormat::rgb, 64, 48);

  const auto model = mobilenet::Model::random("mobilenet_v2:0.35:96:10");
  if (!model) return std::cerr << model.error().message << '\n', 1;
  auto session = model->session();
  if (!session) return std::cerr << session.error().message << '\n', 1;
  const auto answers = session->classify(picture);
  if (!answers || answers->size() != 5) return std::cerr << "classify: expected 5 answers\n", 1;

  const std::array<std::byte, 16> no_picture{};
  if (mobilenet::Image::decode(no_picture)) return std::cerr << "decode: accepted zeros as a picture\n", 1;

  std::cout << "mobilenet " << mobilenet::version() << " on " << session->isa() << '\n';
}
