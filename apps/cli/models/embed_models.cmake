# SPDX-License-Identifier: Apache-2.0
# cmake -DINPUT=known_models.json -DOUTPUT=known_models_text.cpp -P embed_models.cmake
# Writes the source that holds the list of known models.
file(READ ${INPUT} text)
file(WRITE ${OUTPUT} "#include \"cli/models/known_models.h\"\n\nnamespace mobilenet::cli {\n\n"
                     "std::string_view built_in_models() { return R\"models(${text})models\"; }\n\n}  // namespace mobilenet::cli\n")
