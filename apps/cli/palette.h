// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// The colours of classes: in annotated pictures, where neighbours must be told apart, and in mask files, whose palette
// is PASCAL VOC's. Both depend on the class number alone, so a class looks the same in every picture.

#include <cstddef>
#include <cstdint>

namespace mobilenet::cli {

struct Colour {
  std::uint8_t red = 0, green = 0, blue = 0;
  bool operator==(const Colour&) const = default;
};

// What annotated pictures draw class `index` in (Detection::class_index, SegmentClass::index): twenty vivid colours in
// an order that puts unlike ones side by side, then the same ones lighter and darker; it repeats after 100 classes.
// Grey when negative.
Colour class_colour(int index);

// For the boxes of one class in one picture: class_colour() for the first (0), lighter and darker ones for the others,
// so that each label can be matched with its box.
Colour instance_colour(int class_index, std::size_t instance);

// PASCAL VOC's colour map: bits 0, 1, 2 of the index are the high bits of red, green and blue, the next three the bits
// below, and so on. 0 is black, 15 (person) is 192 128 128.
Colour voc_colour(std::uint8_t index);

// Black or white, whichever contrasts more with `background`.
Colour readable_on(Colour background);

}  // namespace mobilenet::cli
