// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Class names of the data sets that detectors and segmenters are trained on.

#include <array>

#include "formats/labels/ade20k_labels.h"
#include "formats/labels/labels.h"

namespace mobilenet {
namespace {

// By category id - 1; ids that COCO does not use have no name.
constexpr std::array<std::string_view, 90> kCoco{"person",
                                                 "bicycle",
                                                 "car",
                                                 "motorcycle",
                                                 "airplane",
                                                 "bus",
                                                 "train",
                                                 "truck",
                                                 "boat",
                                                 "traffic light",
                                                 "fire hydrant",
                                                 "",
                                                 "stop sign",
                                                 "parking meter",
                                                 "bench",
                                                 "bird",
                                                 "cat",
                                                 "dog",
                                                 "horse",
                                                 "sheep",
                                                 "cow",
                                                 "elephant",
                                                 "bear",
                                                 "zebra",
                                                 "giraffe",
                                                 "",
                                                 "backpack",
                                                 "umbrella",
                                                 "",
                                                 "",
                                                 "handbag",
                                                 "tie",
                                                 "suitcase",
                                                 "frisbee",
                                                 "skis",
                                                 "snowboard",
                                                 "sports ball",
                                                 "kite",
                                                 "baseball bat",
                                                 "baseball glove",
                                                 "skateboard",
                                                 "surfboard",
                                                 "tennis racket",
                                                 "bottle",
                                                 "",
                                                 "wine glass",
                                                 "cup",
                                                 "fork",
                                                 "knife",
                                                 "spoon",
                                                 "bowl",
                                                 "banana",
                                                 "apple",
                                                 "sandwich",
                                                 "orange",
                                                 "broccoli",
                                                 "carrot",
                                                 "hot dog",
                                                 "pizza",
                                                 "donut",
                                                 "cake",
                                                 "chair",
                                                 "couch",
                                                 "potted plant",
                                                 "bed",
                                                 "",
                                                 "dining table",
                                                 "",
                                                 "",
                                                 "toilet",
                                                 "",
                                                 "tv",
                                                 "laptop",
                                                 "mouse",
                                                 "remote",
                                                 "keyboard",
                                                 "cell phone",
                                                 "microwave",
                                                 "oven",
                                                 "toaster",
                                                 "sink",
                                                 "refrigerator",
                                                 "",
                                                 "book",
                                                 "clock",
                                                 "vase",
                                                 "scissors",
                                                 "teddy bear",
                                                 "hair drier",
                                                 "toothbrush"};

// Background first.
constexpr std::array<std::string_view, 21> kVoc{
    "background", "aeroplane", "bicycle",      "bird",  "boat",         "bottle", "bus",
    "car",        "cat",       "chair",        "cow",   "dining table", "dog",    "horse",
    "motorbike",  "person",    "potted plant", "sheep", "sofa",         "train",  "tv"};
constexpr std::array<std::string_view, 20> kCityscapes{
    "background",    "road",         "sidewalk",   "building", "wall",       "fence",  "pole",
    "traffic light", "traffic sign", "vegetation", "terrain",  "sky",        "person", "rider",
    "car",           "truck",        "bus",        "train",    "motorcycle", "bicycle"};

// The classes of MediaPipe's Open Images detector, without background.
constexpr std::array<std::string_view, 23> kOpenImages{"Bicycle",
                                                       "Boot",
                                                       "Laptop",
                                                       "Person",
                                                       "Chair",
                                                       "Cattle",
                                                       "Desk",
                                                       "Cat",
                                                       "Computer mouse",
                                                       "Computer monitor",
                                                       "Box",
                                                       "Mug",
                                                       "Coffee cup",
                                                       "Stationary bicycle",
                                                       "Table",
                                                       "Bottle",
                                                       "High heels",
                                                       "Vehicle",
                                                       "Footwear",
                                                       "Dog",
                                                       "Book",
                                                       "Camera",
                                                       "Car"};

template <std::size_t kCount>
LabelSource from(const std::array<std::string_view, kCount>& names, std::size_t skip, const char* set, int classes) {
  return label_source(
      std::string("built in ") + set + " names, because there are " + std::to_string(classes) + " classes",
      std::vector<std::string>{names.begin() + static_cast<std::ptrdiff_t>(skip), names.end()});
}

}  // namespace

std::optional<LabelSource> built_in_detection_labels(int classes) {
  const auto count = static_cast<std::size_t>(classes);
  if (count == kCoco.size()) return from(kCoco, 0, "COCO", classes);
  if (count == kVoc.size() - 1) return from(kVoc, 1, "PASCAL VOC", classes);
  if (count == kOpenImages.size()) return from(kOpenImages, 0, "Open Images", classes);
  return std::nullopt;
}

std::optional<LabelSource> built_in_segmentation_labels(int channels) {
  const auto count = static_cast<std::size_t>(channels);
  if (count == kVoc.size()) return from(kVoc, 0, "PASCAL VOC", channels);
  if (count == kCityscapes.size()) return from(kCityscapes, 0, "Cityscapes", channels);
  if (count == kCityscapes.size() - 1) return from(kCityscapes, 1, "Cityscapes", channels);
  // PyTorch's networks have one channel a class, TensorFlow's one more for what has none.
  if (count == kAde20kLabels.size() || count == kAde20kLabels.size() + 1) {
    std::vector<std::string> names(kAde20kLabels.begin(), kAde20kLabels.end());
    if (count > kAde20kLabels.size()) names.insert(names.begin(), "background");
    return label_source("built in ADE20K names, because there are " + std::to_string(channels) + " classes",
                        std::move(names));
  }
  return std::nullopt;
}

}  // namespace mobilenet
