# SPDX-License-Identifier: Apache-2.0
# cmake -DINPUT=font.ttf -DOUTPUT=font.cpp -P embed_font.cmake
# Writes the source that holds the bytes of a font. A string literal, because compilers read a long one in a fraction of
# the time that they take for an array of numbers.
file(READ ${INPUT} bytes HEX)
string(REGEX REPLACE "(..)" "\\\\x\\1" bytes "${bytes}")
string(REPEAT "." 96 line)
string(REGEX REPLACE "(${line})" "\\1\"\n    \"" bytes "${bytes}")
file(WRITE ${OUTPUT} "#include \"draw/embedded_font.h\"\n\nnamespace mobilenet::drawing {\nnamespace {\n\n"
                     "constexpr char kFont[] =\n    \"${bytes}\";\n\n}  // namespace\n\n"
                     "std::span<const std::byte> embedded_font() { return std::as_bytes(std::span(kFont)).first(sizeof kFont - 1); }\n\n"
                     "}  // namespace mobilenet::drawing\n")
