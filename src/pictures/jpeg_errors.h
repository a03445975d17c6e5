// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// How libjpeg fails, decoder and encoder alike: by a jump to where setjmp(errors.jump) was called, because nothing may
// be thrown through C. Warnings are counted by libjpeg and not printed.

// jpeglib.h takes FILE for granted.
// clang-format off
#include <cstdio>
#include <jpeglib.h>
// clang-format on

#include <csetjmp>

namespace mobilenet {

struct JpegErrors : jpeg_error_mgr {
  std::jmp_buf jump;
  char message[JMSG_LENGTH_MAX];  // why

  JpegErrors() : jpeg_error_mgr{}, jump{}, message{} {
    jpeg_std_error(this);
    error_exit = [](j_common_ptr info) {
      auto* const errors = static_cast<JpegErrors*>(info->err);
      errors->format_message(info, errors->message);
      std::longjmp(errors->jump, 1);  // NOLINT(cert-err52-cpp)
    };
    output_message = [](j_common_ptr) {};
  }
};

}  // namespace mobilenet
