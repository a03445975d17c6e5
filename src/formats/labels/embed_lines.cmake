# SPDX-License-Identifier: Apache-2.0
# cmake -DINPUT=a.txt -DOUTPUT=a.cpp -DHEADER=a.h -DNAME=kLines -P embed_lines.cmake
# Writes the lines of a text file as the span of string views NAME, which HEADER declares.
file(STRINGS ${INPUT} lines)
set(text "#include \"${HEADER}\"\n\nnamespace mobilenet {\nnamespace {\n\nconstexpr std::string_view kText[] = {\n")
foreach(line IN LISTS lines)
  string(APPEND text "    R\"=(${line})=\",\n")
endforeach()
string(APPEND text "};\n\n}  // namespace\n\nconstinit const std::span<const std::string_view> ${NAME}{kText};\n\n"
                   "}  // namespace mobilenet\n")
file(WRITE ${OUTPUT} "${text}")
