// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// The page that browsers show: the files of page/, which become part of the program (embed_page.cmake).

#include <span>
#include <string_view>

namespace mobilenet::cli {

struct PageFile {
  std::string_view path;  // "/page.css"
  std::string_view type;
  std::string_view text;
};

std::span<const PageFile> page_files();

}  // namespace mobilenet::cli
