// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "api/network_builder_state.h"

#include <atomic>

namespace mobilenet {

Result<Window> make_window(int kernel, int stride, int dilation, PaddingRule rule) {
  constexpr int kLargest = 1 << 12;  // far beyond any use; keeps every product small
  if (kernel < 1 || stride < 1 || dilation < 1 || kernel > kLargest || stride > kLargest || dilation > kLargest)
    return failure(ErrorCode::invalid_argument, "kernel ", kernel, ", stride ", stride, ", dilation ", dilation,
                   " is impossible");
  Window window{kernel, kernel, stride, stride, dilation, dilation, {}};
  if (rule == PaddingRule::same) window.padding.rule = Padding::Rule::same;
  if (rule == PaddingRule::symmetric) {
    const int pad = dilation * (kernel - 1) / 2;
    window.padding = {Padding::Rule::explicit_, pad, pad, pad, pad};
  }
  return window;
}

Error callers(Error error) {
  if (error.code == ErrorCode::bad_format) error.code = ErrorCode::invalid_argument;
  return error;
}

unsigned next_builder() {
  static std::atomic<unsigned> last = 0;
  return ++last;
}

}  // namespace mobilenet
