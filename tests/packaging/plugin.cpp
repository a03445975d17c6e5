// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors

// A plug-in that computes on two threads.

#include <mobilenet/mobilenet.h>

#include <vector>

extern "C" int use_mobilenet() {
  const auto model = mobilenet::Model::random("mobilenet_v1:0.25:64:3");
  if (!model) return 1;
  auto session = model->session({.threads = 2});
  if (!session) return 2;
  const std::vector<unsigned char> grey(64 * 64, 128);
  return session->classify(mobilenet::ImageView::packed(grey.data(), mobilenet::PixelFormat::grey, 64, 64)) ? 0 : 3;
}
