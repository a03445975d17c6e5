// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// The program's verbs, one file each. A verb adds its options to its subcommand; what it returns does the work once
// they are parsed, and gives the exit code: 0 all well, 1 a model or a picture was bad.

#include <functional>

namespace CLI {
class App;
}

namespace mobilenet::cli {

inline constexpr int kSuccess = 0;
inline constexpr int kFailure = 1;
inline constexpr int kUsageError = 2;

using Work = std::function<int()>;

Work add_classify(CLI::App& app);
Work add_detect(CLI::App& app);
Work add_segment(CLI::App& app);
Work add_live(CLI::App& app);
Work add_evaluate(CLI::App& app);
Work add_features(CLI::App& app);
Work add_index(CLI::App& app);
Work add_search(CLI::App& app);
Work add_teach(CLI::App& app);
Work add_run(CLI::App& app);
Work add_info(CLI::App& app);
Work add_bench(CLI::App& app);
Work add_convert(CLI::App& app);
Work add_models(CLI::App& app);
Work add_get(CLI::App& app);

}  // namespace mobilenet::cli
