# SPDX-License-Identifier: Apache-2.0
# cmake -DINPUT=report.html -DOUTPUT=report_page.cpp -DHEADER=cli/results/report_page.h -DFUNCTION=report_page
#       -P embed_text.cmake
# Writes the source of a function, declared in the header, that gives the text of a file.
file(READ ${INPUT} text)
file(WRITE ${OUTPUT} "#include \"${HEADER}\"\n\nnamespace mobilenet::cli {\n\n"
                     "std::string_view ${FUNCTION}() { return R\"text(${text})text\"; }\n\n}  // namespace mobilenet::cli\n")
