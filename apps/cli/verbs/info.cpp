// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include <mobilenet/model.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "cli/arguments/cli11.h"
#include "cli/arguments/model_path.h"
#include "cli/arguments/options.h"
#include "cli/arguments/preprocess_options.h"
#include "cli/models/known_models.h"
#include "cli/output/output.h"
#include "cli/output/table.h"
#include "cli/verbs.h"

// mobilenet info MODEL: what the file holds, what was decided about it, and why.

namespace mobilenet::cli {
namespace {

struct InfoOptions {
  ModelChoice model;
  bool layers = false;
  bool json = false;
};

Json tensors_json(std::span<const TensorInfo> tensors) {
  Json list = Json::array();
  for (const TensorInfo& tensor : tensors) {
    list.push_back({{"name", tensor.name}, {"type", name_of(tensor.type)}, {"shape", tensor.shape}});
  }
  return list;
}

Json info_json(const ModelInfo& info) {
  Json line;
  line["architecture"] = info.architecture;
  line["task"] = name_of(info.task);
  line["depth_multiplier"] = info.depth_multiplier > 0 ? Json(info.depth_multiplier) : Json(nullptr);
  line["input"] = {info.input_height, info.input_width};
  line["any_input_size"] = info.any_input_size;
  line["classes"] = info.classes;
  line["has_background"] = info.has_background;
  line["macs"] = info.macs;
  line["parameters"] = info.parameters;
  line["source"] = info.source;
  line["format"] = info.format;
  line["quantized"] = info.quantized;
  line["preprocess"] = info.preprocess;
  line["inputs"] = tensors_json(info.inputs);
  line["outputs"] = tensors_json(info.outputs);
  line["layers"] = Json::array();
  for (const LayerInfo& layer : info.layers)
    line["layers"].push_back({{"name", layer.name}, {"shape", layer.shape}, {"channels", layer.channels}});
  line["labels"] = info.labels;
  line["decisions"] = Json::array();
  for (const Decision& decision : info.decisions) {
    line["decisions"].push_back({{"what", decision.what}, {"why", decision.why}, {"guess", decision.is_guess}});
  }
  return line;
}

std::string tensor_text(const TensorInfo& tensor) {
  return tensor.name + "  " + std::string(name_of(tensor.type)) + ' ' + shape_text(tensor.shape);
}

std::string labels_text(const ModelInfo& info) {
  if (info.labels.empty()) return "unknown";
  std::string text = std::to_string(info.labels.size()) + ": ";
  const std::size_t shown = std::min<std::size_t>(info.labels.size(), 3);
  text += join(std::span(info.labels).first(shown), "; ");
  return info.labels.size() > shown ? text + "; ..." : text;
}

std::string info_text(const ModelInfo& info, bool with_layers) {
  Table facts({Align::left, Align::left});
  facts.row({"source", info.source});
  facts.row({"format", info.format + (info.quantized ? ", quantised: computed in exact integers" : "")});
  facts.row({"architecture",
             info.architecture +
                 (info.depth_multiplier > 0 ? ", depth multiplier " + Json(info.depth_multiplier).dump() : "")});
  facts.row({"task", std::string(name_of(info.task))});
  facts.row({"input size", std::to_string(info.input_height) + "x" + std::to_string(info.input_width) +
                               (info.any_input_size ? ", or another (--size)" : "")});
  for (const TensorInfo& input : info.inputs) facts.row({"input", tensor_text(input)});
  for (const TensorInfo& output : info.outputs) facts.row({"output", tensor_text(output)});
  facts.row({"classes", info.classes == 0
                            ? "none"
                            : std::to_string(info.classes) + (info.has_background ? ", row 0 is background" : "")});
  facts.row({"labels", labels_text(info)});
  facts.row({"MACs", count_text(info.macs)});
  facts.row({"parameters", count_text(info.parameters)});
  facts.row({"preprocess", info.preprocess});
  facts.row({"layers", std::to_string(info.layers.size()) + (with_layers ? "" : " (--layers lists them)")});
  std::string text = facts.text();
  if (!info.decisions.empty()) {
    Table decisions({Align::left, Align::left});
    for (const Decision& decision : info.decisions)
      decisions.row({decision.is_guess ? decision.what + " (a guess)" : decision.what, decision.why});
    text += "\ndecided:\n" + decisions.text(2);
  }
  if (with_layers) {
    Table layers({Align::left, Align::left});
    for (const LayerInfo& layer : info.layers) layers.row({layer.name, shape_text(layer.shape)});
    text += "\nlayers and their outputs at this input size:\n" + layers.text(2);
  }
  return text;
}

int info(const InfoOptions& options) {
  const auto model = open_model(options.model);
  if (!model) {
    if (options.json) print_json({{"source", options.model.model}, {"error", model.error().message}});
    return fail(model.error());
  }
  if (options.json) {
    print_json(info_json(model->info()));
  } else {
    print(info_text(model->info(), options.layers));
  }
  return kSuccess;
}

}  // namespace

Work add_info(CLI::App& app) {
  const auto options = std::make_shared<InfoOptions>();
  CLI::Option* const model =
      add_text(app, "-m,--model,model", options->model.model,
               "A " + model_endings("or") +
                   " file or a folder with one, a name that `mobilenet models` lists, or an architecture such as "
                   "mobilenet_v2:1.0:224 (default: $MOBILENET_MODEL, else the bundled model)",
               "MODEL");
  offer(model, known_model_names);
  add_labels_option(app, options->model);
  add_preprocess_options(app, options->model);
  add_flag(app, "--layers", options->layers, "List the layers and their shapes");
  add_json_option(app, options->json);
  set_footer(app,
             "What is called a guess the file does not say; --encoding and the options beside it do.\n"
             "MACs are of one picture at the default input size; parameters are folded weights and biases.\n"
             "\n"
             "Examples:\n"
             "  mobilenet info\n"
             "  mobilenet info mobilenet_v2.tflite --layers\n"
             "  mobilenet info --json mobilenet_v1:1.0:224");
  return [options] { return info(*options); };
}

}  // namespace mobilenet::cli
