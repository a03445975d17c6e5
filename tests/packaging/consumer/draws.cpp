// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors

// What a user of the optional libraries links: something drawn, encoded, counted, tracked and searched.

#include <mobilenet/draw.h>
#include <mobilenet/encode.h>
#include <mobilenet/evaluate.h>
#include <mobilenet/search.h>
#include <mobilenet/tracker.h>

#include <cstddef>
#include <iostream>
#include <memory>
#include <vector>

int main() {
  using namespace mobilenet;
  Image picture(std::make_unique<std::byte[]>(64 * 48 * 3), 64, 48, Orientation::upright);
  const Detection found[] = {{0, "cat", 0.9f, 10, 10, 50, 40}};
  if (const auto can = can_draw(); !can) return std::cerr << can.error().message << '\n', 1;
  if (const auto drawn = draw(picture, found); !drawn) return std::cerr << drawn.error().message << '\n', 1;
  const auto file = encode(picture, PictureFormat::png);
  if (!file) return std::cerr << file.error().message << '\n', 1;
  CocoResults results;
  if (!results.add("000000000139.jpg", found) || results.size() != 1) return std::cerr << "no COCO results\n", 1;
  const auto truth = CocoEvaluation::read("there_is_no_such_file.json");
  if (truth) return std::cerr << "evaluates a file that does not exist\n", 1;
  auto tracker = Tracker::create({.confirm_frames = 1});
  if (!tracker) return std::cerr << tracker.error().message << '\n', 1;
  if (const auto tracks = tracker->update(found, 0); !tracks || tracks->size() != 1)
    return std::cerr << "no track\n", 1;
  auto builder = SearchIndexBuilder::create(2);
  if (!builder || !builder->add("a", std::vector<float>{1, 2})) return std::cerr << "no index\n", 1;
  const auto index = builder->build();
  if (!index || index->nearest(std::vector<float>{2, 4}).value_or({}).size() != 1) return std::cerr << "no row\n", 1;
  std::cout << "drawn in " << file->size() << " bytes; " << truth.error().message << '\n';
}
