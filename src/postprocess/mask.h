// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// From low-resolution class scores to a mask at any size: bilinear enlargement and argmax in one pass, so that no
// full-size scores exist.

#include <mobilenet/detector.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/workers.h"
#include "postprocess/mask_kernels.h"

namespace mobilenet {

// Where the pixels of one axis of the mask lie among the score map's cells:
// position(i) = clamp(offset + i * step, 0, cells - 1).
struct MaskAxis {
  double offset = 0, step = 1;
  int pixels = 0;  // of the mask
  int cells = 0;   // of the score map
};

// Scores [rows][columns][channels] of 1 to 256 classes.
struct ScoreMap {
  const float* values = nullptr;
  int channels = 0;
  // 0: `values` are the scores. Else the stored whole numbers of a quantised graph, each worth `step` of a score; the
  // graph stores the enlarged scores likewise, so they are rounded to whole numbers, halves up, before classes are
  // compared.
  float step = 0;
  ScoreFunction function = ScoreFunction::softmax;  // what makes probabilities of them; identity: they are some
};

class MaskEnlargement {
 public:
  explicit MaskEnlargement(const MaskKernels& kernels) : kernels_(kernels) {}

  // mask[y][x] = the channel with the largest bilinearly interpolated score; of equal ones the lowest, as argmax does.
  // `probabilities`, where not empty, receives [channels][rows.pixels][columns.pixels]: the interpolated scores, or
  // what the function makes of them. Allocates only where sizes are larger than all before. Rows are shared out to the
  // workers.
  void run(const ScoreMap& scores, const MaskAxis& rows, const MaskAxis& columns, std::uint8_t* mask,
           std::span<float> probabilities = {}, const Workers& workers = {});

 private:
  // The class that leads at one cell of the score map, and by how much.
  struct Leader {
    float margin;
    int channel;
  };
  // Pixels of a row that lie between the same cells.
  struct Run {
    std::size_t begin, end;   // pixels
    std::size_t left, right;  // cells
  };
  struct Picture;  // one call

  void place_columns(const MaskAxis& columns);
  void find_leaders(const Picture& picture);
  void row(const Picture& picture, int y, float* line) const;
  void row_of_probabilities(const Picture& picture, int y, const float* line, float* pixel) const;

  const MaskKernels& kernels_;
  std::vector<Leader> leaders_;   // per cell
  std::vector<Run> runs_;         // of a row
  std::vector<float> fractions_;  // per pixel of a row
  std::vector<float> lines_;      // per member a row of cells between two rows of the map, and one pixel
};

}  // namespace mobilenet
