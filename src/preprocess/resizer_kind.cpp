// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "preprocess/resizer_kind.h"

namespace mobilenet {

ResizerKind kind_of(ResizeFilter filter) {
  switch (filter) {
    case ResizeFilter::pil_nearest:
      return ResizerKind::nearest;
    case ResizeFilter::pil_box:
    case ResizeFilter::pil_bilinear:
    case ResizeFilter::pil_hamming:
    case ResizeFilter::pil_bicubic:
    case ResizeFilter::pil_lanczos:
      return ResizerKind::pil;
    case ResizeFilter::tf_bilinear_legacy:
    case ResizeFilter::tf_bilinear_corners:
    case ResizeFilter::tf_bilinear_half_pixel:
      return ResizerKind::tf;
  }
  return ResizerKind::pil;
}

PilFilter pil_filter(ResizeFilter filter) {
  if (filter == ResizeFilter::pil_box) return PilFilter::box;
  if (filter == ResizeFilter::pil_hamming) return PilFilter::hamming;
  if (filter == ResizeFilter::pil_bicubic) return PilFilter::bicubic;
  if (filter == ResizeFilter::pil_lanczos) return PilFilter::lanczos;
  return PilFilter::bilinear;
}

TfCentres tf_centres(ResizeFilter filter) {
  if (filter == ResizeFilter::tf_bilinear_corners) return TfCentres::align_corners;
  if (filter == ResizeFilter::tf_bilinear_half_pixel) return TfCentres::half_pixel;
  return TfCentres::legacy;
}

}  // namespace mobilenet
