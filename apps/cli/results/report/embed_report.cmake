# SPDX-License-Identifier: Apache-2.0
# cmake -DPAGE=report.html -DOUTPUT=report_page.cpp -P embed_report.cmake
# Writes the source that holds the page of reports.
file(READ ${PAGE} text)
file(WRITE ${OUTPUT} "#include \"cli/results/report_page.h\"\n\nnamespace mobilenet::cli {\n\n"
                     "std::string_view report_page() { return R\"page(${text})page\"; }\n\n}  // namespace mobilenet::cli\n")
