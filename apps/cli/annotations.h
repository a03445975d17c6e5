// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// What pictures really show, from files: class numbers in a CSV, COCO's instances and results, masks whose pixels are
// class numbers. All of them may be broken; errors name the file and the place.

#include <mobilenet/model.h>
#include <mobilenet/result.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "cli/coco_ap.h"
#include "cli/coco_results.h"

namespace mobilenet::cli {

// Class by picture, from lines "image,label[,...]": a label is a class number, or a name of the model. The first line
// may be a header.
class TrueClasses {
 public:
  // `info`: of the model whose classes the labels mean.
  static Result<TrueClasses> read(const std::filesystem::path& path, const ModelInfo& info);
  // By the path as given, else by the file's name alone.
  std::optional<int> of(const std::string& picture) const;
  // Of any picture.
  std::string example() const { return classes_.begin()->first; }

 private:
  std::map<std::string, int, std::less<>> classes_;
};

// COCO's instances: pictures in the order of their ids, with their true objects.
class CocoTruth {
 public:
  static Result<CocoTruth> read(const std::filesystem::path& path);

  // By the file's name, else by the id that the name stands for.
  std::optional<std::size_t> picture_named(const std::string& picture) const;
  std::optional<std::size_t> category_with_id(std::int64_t id) const;
  std::size_t categories() const { return category_ids_.size(); }

  // Which category each class of a detector is: that of the same name, where both have names; else, or where the names
  // that agree have those numbers, the one whose id is the class's number + 1. Fails when no class is any category.
  // Returns the names of categories that are no class, for a sentence; empty: none.
  Result<std::string> match_classes(const ModelInfo& info);

  // The file's name of one picture; empty where it has none.
  std::string example() const { return by_name_.empty() ? std::string() : by_name_.begin()->first; }

  const std::vector<CocoPicture>& pictures() const { return pictures_; }

  // COCO results ([{image_id, category_id, bbox, score}]) become what was found. Categories that are not among ours are
  // left out, unless all are; a picture that is not is an error.
  Result<void> read_results(const std::filesystem::path& path);
  // Replaces what was found; after match_classes().
  void set_found(std::size_t picture, std::span<const Detection> detections);

 private:
  std::optional<std::size_t> picture_with_id(const CocoImageId& id) const;

  std::vector<CocoImageId> ids_;  // sorted, as are the categories
  std::vector<CocoPicture> pictures_;
  std::map<std::string, std::size_t, std::less<>> by_name_;
  std::vector<std::int64_t> category_ids_;
  std::vector<std::string> category_names_;                    // as many; empty where the file has none
  std::vector<std::optional<std::size_t>> category_of_class_;  // of the model
  std::string source_;
};

// [height][width] class numbers.
struct IndexMask {
  int width = 0, height = 0;
  std::vector<std::uint8_t> pixels;
};

// The mask of a picture: its name with .png or .bmp instead of its ending, in `folder`.
Result<IndexMask> read_mask_of(const std::string& picture, const std::filesystem::path& folder,
                               std::int64_t max_pixels);

// The values as stored, whatever colours a palette gives them: PNG that is indexed or grey, BMP of 8 bits with a
// palette. `name` stands for the file in messages; max_pixels 0: no limit.
Result<IndexMask> decode_index_mask(std::span<const std::byte> file, const std::string& name, std::int64_t max_pixels);
Result<IndexMask> decode_index_png(std::span<const std::byte> file, const std::string& name, std::int64_t max_pixels);

}  // namespace mobilenet::cli
