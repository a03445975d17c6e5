// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "cli/arguments/cli11.h"
#include "cli/arguments/options.h"
#include "cli/models/fetch.h"
#include "cli/models/known_models.h"
#include "cli/models/model_cache.h"
#include "cli/output/output.h"
#include "cli/verbs.h"

// mobilenet get NAME...: known models, brought into the folder of fetched models.

namespace mobilenet::cli {
namespace {

constexpr int kMostSeconds = 3600;

struct GetOptions {
  std::vector<std::string> names;
  int stall_seconds = 30;
  bool json = false;
};

void report(const KnownModel& model, const Fetched& fetched, bool json) {
  if (json) {
    print_json({{"name", model.name},
                {"path", fetched.path.string()},
                {"bytes", model.bytes},
                {"sha256", model.sha256},
                {"licence", model.licence},
                {"was_there", fetched.was_there}});
    return;
  }
  const std::string how = model.bundled ? "bundled" : fetched.was_there ? "was there already" : "fetched";
  print(model.name + "  " + printable(fetched.path.string()) + "  (" + how + "; " + size_and_licence(model) + ")\n");
  flush_output();
}

int get(const GetOptions& options) {
  const auto chosen = choose_models(options.names);
  if (!chosen) return fail(chosen.error());
  int status = kSuccess;
  for (const KnownModel& model : *chosen) {
    const auto fetched = fetch(model, options.stall_seconds);
    if (fetched) {
      report(model, *fetched, options.json);
    } else {
      if (options.json) print_json({{"name", model.name}, {"error", fetched.error().message}});
      status = fail(fetched.error().message);
    }
  }
  return status;
}

}  // namespace

Work add_get(CLI::App& app) {
  const auto options = std::make_shared<GetOptions>();
  CLI::Option* const names = add_words(app, "names", options->names, "Names that `mobilenet models` lists", "...");
  require(names);
  offer(names, known_model_names);
  add_count(app, "--timeout", options->stall_seconds, 1, kMostSeconds,
            "Seconds of silence after which a server is given up (default: 30)");
  add_quiet_option(app);
  add_json_option(app, options->json);
  set_footer(app,
             "They go to $MOBILENET_CACHE, else $XDG_CACHE_HOME/mobilenet, else ~/.cache/mobilenet, when their sha256 "
             "is that of the known file; one that is there with another is fetched again. What is cut off goes on "
             "from there the next time. https_proxy in the environment names a proxy.\n"
             "\n"
             "Examples:\n"
             "  mobilenet get ssd_mobilenet_v1 mobilenet_v2\n"
             "  mobilenet detect -m ssd_mobilenet_v1 street.jpg\n"
             "  MOBILENET_CACHE=/srv/models mobilenet get deeplabv3_mnv2_pascal");
  return [options] { return get(*options); };
}

}  // namespace mobilenet::cli
