// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// How good answers are, measured against what pictures really show: the classes of a CSV, COCO's figures for boxes, the
// overlap of masks. An optional part of the library, the CMake target mobilenet::evaluate. Annotation files may be
// broken; errors name the file and the place. One evaluation belongs to one thread at a time.

#include <mobilenet/export.h>
#include <mobilenet/model.h>
#include <mobilenet/result.h>
#include <mobilenet/results.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mobilenet {

// Class by picture, from lines "image,label[,...]": a label is a class number, 0-based without background, or a name of
// the model. The first line may be a header.
class MOBILENET_API TrueClasses {
 public:
  // `info`: of the model whose classes the labels mean.
  static Result<TrueClasses> read(const std::filesystem::path& path, const ModelInfo& info);
  // By the path as given, else by the file's name alone.
  std::optional<int> of(std::string_view picture) const;
  // The name of any picture; empty where there is none.
  std::string_view example() const { return classes_.empty() ? std::string_view() : classes_.begin()->first; }

 private:
  std::map<std::string, int, std::less<>> classes_;
};

// COCO's twelve figures for boxes, in its order; -1 where no object of that size exists.
using CocoFigures = std::array<double, 12>;
inline constexpr std::array<std::string_view, 12> kCocoFigureNames = {"AP",  "AP50", "AP75",  "APs", "APm", "APl",
                                                                      "AR1", "AR10", "AR100", "ARs", "ARm", "ARl"};

// Detections against COCO's instances, number for number as its own evaluation (COCOeval of pycocotools, "bbox")
// computes it.
class MOBILENET_API CocoEvaluation {
 public:
  // The true objects of all pictures, from COCO's instances JSON.
  static Result<CocoEvaluation> read(const std::filesystem::path& path);
  CocoEvaluation(CocoEvaluation&&) noexcept;
  CocoEvaluation& operator=(CocoEvaluation&&) noexcept;
  ~CocoEvaluation();

  // Finds the category of each class of a detector: that of the same name, where both have names; else, or where the
  // names that agree have those numbers, the one whose id is the class's number + 1. Fails when no class is any
  // category. Returns the names of categories that are no class, shortened for a sentence; empty: none.
  Result<std::string> match_classes(const ModelInfo& info);

  std::size_t pictures() const;
  // A picture's place among them: by the file's name, else by the id that the name stands for, which is 139 for
  // 000000000139.jpg.
  std::optional<std::size_t> find(std::string_view picture) const;
  // The file's name of one picture; empty where it has none.
  std::string_view example() const;

  // What was found in a picture, in place of what was added of it before. Fails before match_classes() has succeeded.
  Result<void> add(std::size_t picture, std::span<const Detection> detections);
  // What was found in all pictures, from COCO results ([{image_id, category_id, bbox, score}]). Categories that are not
  // among the annotated ones are left out, unless all are; a picture that is not is an error.
  Result<void> add_results(const std::filesystem::path& path);

  // Over the pictures that were added; each figure is -1 where none was.
  Result<CocoFigures> result() const;

 private:
  struct State;
  explicit CocoEvaluation(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// Detections as COCO writes them down: one array of {image_id, category_id, bbox, score}. Category ids count from 1; a
// picture that is named by a number, such as 000000000139.jpg, is that number, another its name without folder and
// ending.
class MOBILENET_API CocoResults {
 public:
  Result<void> add(std::string_view picture, std::span<const Detection> detections);
  std::size_t size() const { return size_; }  // of the array
  // The whole file so far.
  const std::string& json() const { return json_; }

 private:
  std::string json_ = "[]\n";
  std::size_t size_ = 0;
};

// How often each class was taken for each other, pixel by pixel, and what follows from it.
class MOBILENET_API ConfusionMatrix {
 public:
  static constexpr std::size_t kClasses = 256;      // as many as a byte tells apart
  static constexpr std::uint8_t kNotCounted = 255;  // true "class" of pixels that nobody judges

  // The pixels of one picture, which must be as many.
  Result<void> add(std::span<const std::uint8_t> truth, std::span<const std::uint8_t> answer);

  // Intersection over union of a class; nothing where neither truth nor answers hold it, as for any index past the
  // last.
  std::optional<double> iou(std::size_t index) const;
  // Mean over the classes that have one; 0 where none has.
  double mean_iou() const;
  // The share of pixels that are right.
  double pixel_accuracy() const;
  std::uint64_t pixels() const;  // judged

 private:
  std::uint64_t count(std::size_t truth, std::size_t answer) const;
  std::vector<std::uint64_t> counts_;  // [truth][answer]; empty until pixels are added
};

}  // namespace mobilenet
