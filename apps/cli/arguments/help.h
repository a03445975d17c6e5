// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// How help looks: as a newcomer reads it, in 80 columns.

namespace CLI {
class App;
}

namespace mobilenet::cli {

// For this command and those that are added to it. Of every option only the kind of its value; descriptions and
// paragraphs are wrapped.
void format_help(CLI::App& app);

}  // namespace mobilenet::cli
