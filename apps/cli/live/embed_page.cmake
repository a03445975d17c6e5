# SPDX-License-Identifier: Apache-2.0
# cmake -DFOLDER=page -DOUTPUT=page_files.cpp -P embed_page.cmake
# Writes the source that holds the files of the page.
set(rows "")
foreach(row IN ITEMS "/|text/html|index.html" "/page.css|text/css|page.css" "/page.js|text/javascript|page.js")
  string(REPLACE "|" ";" row "${row}")
  list(GET row 0 path)
  list(GET row 1 type)
  list(GET row 2 file)
  file(READ ${FOLDER}/${file} text)
  string(APPEND rows "    PageFile{\"${path}\", \"${type}; charset=utf-8\", R\"page(${text})page\"},\n")
endforeach()
file(WRITE ${OUTPUT} "#include \"cli/live/page_files.h\"\n\n#include <array>\n\nnamespace mobilenet::cli {\nnamespace {\n\n"
                     "constexpr std::array kFiles{\n${rows}};\n\n}  // namespace\n\n"
                     "std::span<const PageFile> page_files() { return kFiles; }\n\n}  // namespace mobilenet::cli\n")
