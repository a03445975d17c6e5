// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// What the kernels of the picture end are told. What a program knows is an argument; what may differ from run to run
// lies in the device's memory, so that one graph serves pictures of every size.

#include "backend/cuda/kernels/arguments.h"

namespace mobilenet::cuda {

// What makes one pixel of a resized axis: of Pillow's filters all places from `first` up to `last`, counted with the
// weights from the one at `weights` on; else the places `first` and `last`, first + (last - first) * fraction.
struct PictureTapArguments {
  std::int32_t first, last, weights;
  float fraction;
};

// One axis of the upright picture. Places are counted from the first that is there, which need not be the picture's.
struct PictureAxisArguments {
  Address taps;         // PictureTapArguments of the window's pixels
  Address weights;      // int32 in fixed point for bytes, else float
  std::int32_t places;  // of the picture that are there
  std::int32_t window;  // pixels after resizing
  std::int32_t begin;   // where they begin in the network's input; what they leave of it is padding
};

// The pixels of one picture, or its luma, or its colours.
struct PicturePlaneArguments {
  Address pixels;               // the first place of both axes, upright
  std::int64_t step_x, step_y;  // bytes to the next place
  std::int64_t offsets[3];      // of red, green and blue from there, bytes; of luma alone; of blue and red colours
  PictureAxisArguments columns, rows;
  Address between;  // the first pass of Pillow's filters, [rows][columns][samples], bytes, int16 of planes, or floats
  std::int32_t is_turned;       // neighbours in memory are neighbours along y
  std::int32_t vertical_first;  // the first pass is the one across rows
};

// One picture of a run.
struct PictureArguments {
  PicturePlaneArguments planes[2];  // the second of NV12 alone, for networks of three channels
  std::int32_t has_floats;          // 0..1, else bytes
  std::int32_t is_ycbcr;            // luma and colours: then the numbers of pictures/ycbcr.h follow, fine ones for
                                    // Pillow's filters
  std::int32_t black, luma, red_of_cr, green_of_cb, green_of_cr, blue_of_cb;
};

// real = (value * rescale - mean) / deviation, in steps of float; integers hold what spec/input_encoding.h says.
struct PictureEncoding {
  std::int32_t divide_by_255;  // in place of rescale
  float rescale, mean[3], deviation[3];
  float fill[3];             // the value of padding
  std::int32_t takes_bytes;  // integers are the bytes themselves, signed ones less 128
  float scale;               // of integers
  std::int32_t zero_point;
};

enum class PictureFilter : std::int32_t { nearest, pillow, tensorflow };

struct PictureInputArguments {
  Address pictures;  // PictureArguments of every picture of the batch
  Address output;    // the network's input
  Stored out_type;
  PictureFilter filter;
  std::int32_t height, width, channels;  // of the network's input
  std::int32_t in_planes;                // [channels][height][width], else [height][width][channels]
  std::int32_t swap_red_blue;
  PictureEncoding encoding;
};

}  // namespace mobilenet::cuda
