// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

#include <string_view>

namespace mobilenet::cli {

// report/report.html, which the build makes part of the program.
std::string_view report_page();

}  // namespace mobilenet::cli
