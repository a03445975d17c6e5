// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// The colours of classes, where neighbours must be told apart. They depend on the class number alone, so a class looks
// the same in every picture.

#include <cstddef>
#include <cstdint>

namespace mobilenet::drawing {

struct Colour {
  std::uint8_t red = 0, green = 0, blue = 0;
  bool operator==(const Colour&) const = default;
};

// What class `index` is drawn in (Detection::class_index, SegmentClass::index): twenty vivid colours in
// an order that puts unlike ones side by side, then the same ones lighter and darker; it repeats after 100 classes.
// Grey when negative.
Colour class_colour(int index);

// For the boxes of one class in one picture: class_colour() for the first (0), lighter and darker ones for the others,
// so that each label can be matched with its box.
Colour instance_colour(int class_index, std::size_t instance);

// Black or white, whichever contrasts more with `background`.
Colour readable_on(Colour background);

}  // namespace mobilenet::drawing
