// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// What the kernels behind a network are told, and what they give: top classes, detections, masks. As in arguments.h.

#include "backend/cuda/kernels/arguments.h"

namespace mobilenet::cuda {

// A ScoredRow (postprocess/top_k.h).
struct FoundRow {
  std::int32_t row;
  float score;
};

// The largest scores of every picture.
struct TopRowsArguments {
  Address logits;                 // f32 [images][columns]
  Address rows;                   // int64 [choice]: those that may be an answer; 0: all
  Address scores;                 // working memory, f32 [images][classes]
  Address found;                  // FoundRow [images][top], best first
  Address broken;                 // int32 [images]: whether the scores are not numbers
  std::int32_t columns, classes;  // one column less than classes: the first is what the second lacks to 1
  std::int32_t choice, top;
  std::int32_t function;  // ScoreFunction
};

// A RawDetection (postprocess/detection.h).
struct FoundBox {
  float top, left, bottom, right;
  std::int32_t anchor, class_index;
  float score;
};
struct FoundBoxes {
  std::int32_t count;
  std::int32_t broken;  // whether the picture's boxes or scores are not numbers
};

// Candidates of a suppression that its threads have in registers; only more than these lie in memory.
constexpr int kHeldCandidates = 2048;

// What a softmax needs of an anchor.
struct SoftmaxRow {
  double sum;
  float largest;
};

// Detections, by all of the kernels for them. A list is a suppression: of all classes together, or of one class.
struct DetectionArguments {
  Address boxes, scores;  // [images][anchors][4], [images][anchors][columns]
  Stored boxes_type, scores_type;
  float boxes_scale, scores_scale;
  std::int32_t boxes_zero, scores_zero;
  Address anchor_boxes;                            // f32 [anchors][4]: centre y, centre x, height, width
  Address thresholds;                              // f32 per class; 0: score_threshold
  Address wanted;                                  // f32 per class, 0 or 1; 0: all
  std::int32_t images, anchors, classes, columns;  // columns: with background, where there is one
  std::int32_t function;                           // ScoreFunction
  std::int32_t lists;
  std::int32_t of_list, of_image;  // the most that one list keeps, and one picture of all lists
  std::int32_t classes_of_anchor;
  std::int32_t together;  // anchors of a warp, up to 32, whose boxes it decodes at once
  std::int32_t is_per_class;
  float coder_y, coder_x, coder_height, coder_width;
  float iou_threshold, score_threshold;

  // Working memory.
  Address decoded;   // float4 [images][anchors]: top, left, bottom, right
  Address broken;    // uint8 [images][anchors]: whether something of the anchor is no number
  Address softmax;   // SoftmaxRow [images][anchors]; 0 for other functions
  Address ranked;    // uint64 [images][anchors]: score and anchor of its best class, 0 below its threshold
  Address best;      // int32 [images][anchors]: that class; these two for a single list
  Address live;      // uint64 [images][lists][anchors]; 0 for few anchors
  Address listed;    // uint64 [images][lists][of_list], best first
  Address counts;    // int32 [images][lists]
  Address merged;    // uint64 [images][of_image] of all lists
  Address of_class;  // int32 [images][of_image]: whose list that was
  Address places;    // int32 [images][lists]: how much of a list is merged; these three for several lists

  // What an answer is made of; 0: an operator's outputs are.
  Address found;      // FoundBox [images][most_found]
  Address found_all;  // FoundBoxes [images]
  std::int32_t most_found;
  // [images][rows][4], [images][rows] twice, [images].
  Address out_boxes, out_classes, out_scores, out_counts;
  Stored out_boxes_type, out_classes_type, out_scores_type, out_counts_type;
  std::int32_t rows;
};

// Of one picture: its size is data of a run. position(i) = clamp(offset + i * step, 0, cells - 1), as MaskAxis.
struct MaskCall {
  double row_offset, row_step, column_offset, column_step;
  Address mask;           // [height][width]
  Address probabilities;  // f32 [classes][height][width]; 0: none
  std::int32_t height, width;
  std::int32_t row_begin, row_end, column_begin, column_end;  // that the network saw; others are class 0
  // Warps share out pieces of the rows of all pictures; those of this one begin here, row after row.
  std::uint32_t first_piece;
};
constexpr int kMaskPiece = 128;  // pixels of a row; what is left of a row is a piece, too
struct MaskArguments {
  Address logits;  // f32 [pictures][rows][columns][channels]
  Address calls;   // MaskCall [pictures]
  Address broken;  // int32 [pictures], set where a logit is no number
  std::int32_t pictures, rows, columns, channels;
  std::int32_t is_probability;  // of one channel: what it lacks to 1 is the background, rather than 0
  std::int32_t function;        // ScoreFunction, which makes probabilities of scores
};

}  // namespace mobilenet::cuda
