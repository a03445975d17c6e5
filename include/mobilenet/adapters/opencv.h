// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// A cv::Mat as a picture, without a copy. A header of C++ alone, for programs that use OpenCV.

#include <mobilenet/image.h>
#include <mobilenet/result.h>

#include <cstddef>
#include <opencv2/core/mat.hpp>
#include <string>

namespace mobilenet {

// The pixels stay the matrix's. Matrices of bytes: three channels are what OpenCV's readers and cameras give, blue
// first, four have alpha behind, one is grey. `rgb`: red first, as after cvtColor(..., COLOR_BGR2RGB).
inline Result<ImageView> view_of(const cv::Mat& pixels, bool rgb = false,
                                 Orientation orientation = Orientation::upright) {
  if (pixels.dims != 2 || pixels.depth() != CV_8U || (pixels.channels() != 1 && pixels.channels() < 3) ||
      pixels.channels() > 4)
    return Error{
        ErrorCode::invalid_argument,
        "a picture is a cv::Mat of two dimensions and 1, 3 or 4 channels of bytes (CV_8UC1, CV_8UC3, CV_8UC4), "
        "not one of " +
            std::to_string(pixels.dims) + " dimensions, " + std::to_string(pixels.channels()) + " channels and depth " +
            std::to_string(pixels.depth())};
  ImageView view;
  view.planes[0] = pixels.data;
  view.row_bytes[0] = static_cast<std::ptrdiff_t>(pixels.step[0]);
  view.width = pixels.cols, view.height = pixels.rows;
  view.orientation = orientation;
  view.format = pixels.channels() == 1   ? PixelFormat::grey
                : pixels.channels() == 3 ? (rgb ? PixelFormat::rgb : PixelFormat::bgr)
                                         : (rgb ? PixelFormat::rgba : PixelFormat::bgra);
  return view;
}

// The same to be drawn on; not of grey pixels.
inline Result<PixelBuffer> buffer_of(cv::Mat& pixels, bool rgb = false) {
  const auto view = view_of(pixels, rgb);
  if (!view) return view.error();
  if (view->format == PixelFormat::grey)
    return Error{ErrorCode::invalid_argument, "a grey cv::Mat has no colours to draw with; cvtColor gives it three"};
  return PixelBuffer{pixels.data, view->row_bytes[0], view->width, view->height, view->format};
}

}  // namespace mobilenet
