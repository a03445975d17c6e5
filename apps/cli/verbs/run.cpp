// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include <mobilenet/model.h>
#include <mobilenet/session.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

#include "cli/arguments/cli11.h"
#include "cli/arguments/options.h"
#include "cli/arguments/picture_sources.h"
#include "cli/arrays/npy.h"
#include "cli/arrays/npz.h"
#include "cli/arrays/tensor_json.h"
#include "cli/output/files.h"
#include "cli/output/output.h"
#include "cli/output/output_files.h"
#include "cli/output/table.h"
#include "cli/verbs.h"
#include "cli/verbs/open_session.h"

// mobilenet run --input x.npy -o y.npz: raw tensors in, raw tensors out, for those who preprocess themselves.

namespace mobilenet::cli {
namespace {

struct RunOptions {
  ModelChoice model;
  SessionOptions session;
  std::vector<std::string> inputs;  // "x.npy" or "NAME=x.npy"
  std::string output;
  IfExists if_exists = IfExists::refuse;
  bool json = false;
};

std::vector<std::string> input_names(const ModelInfo& info) {
  std::vector<std::string> names;
  for (const TensorInfo& input : info.inputs) names.push_back(input.name);
  return names;
}

// The file of every input of the model, in the model's order. A word belongs to the input whose name it begins with,
// else to the next input without a file.
Result<std::vector<std::string>> assign_inputs(const ModelInfo& info, std::span<const std::string> words) {
  std::vector<std::string> files(info.inputs.size());
  std::vector<std::string> unnamed;
  for (const std::string& word : words) {
    const auto named = std::find_if(info.inputs.begin(), info.inputs.end(),
                                    [&word](const TensorInfo& input) { return word.starts_with(input.name + '='); });
    std::error_code ignored;
    if (named == info.inputs.end() && word.find('=') != std::string::npos && !std::filesystem::exists(word, ignored)) {
      return Error{ErrorCode::invalid_argument, info.source + " has no input " + word.substr(0, word.find('=')) +
                                                    "; its inputs are " + join(input_names(info), ", ")};
    }
    if (named == info.inputs.end()) {
      unnamed.push_back(word);
    } else {
      files[static_cast<std::size_t>(named - info.inputs.begin())] = word.substr(named->name.size() + 1);
    }
  }
  std::size_t next = 0;
  for (std::string& file : files) {
    if (file.empty() && next < unnamed.size()) file = unnamed[next++];
  }
  if (next == unnamed.size() && std::find(files.begin(), files.end(), "") == files.end()) return files;
  return Error{ErrorCode::invalid_argument,
               "--input must name one file for each input of " + info.source + ": " + join(input_names(info), ", ")};
}

Result<NpyArray> read_array(const std::string& name) {
  auto bytes = name == kStandardInput ? read_standard_input(name) : read_file(name);
  if (!bytes) return bytes.error();
  return parse_npy(*bytes, name);
}

// Outputs come first and keep their names; an inner tensor that is an output too is not written twice.
void drop_tensors_that_are_outputs(const ModelInfo& info, std::vector<std::string>& tensors) {
  std::vector<std::string> kept;
  for (std::string& name : tensors) {
    const bool output = std::any_of(info.outputs.begin(), info.outputs.end(),
                                    [&name](const TensorInfo& tensor) { return tensor.name == name; });
    if (!output && std::find(kept.begin(), kept.end(), name) == kept.end()) kept.push_back(std::move(name));
  }
  tensors = std::move(kept);
}

Result<void> write_outputs(const Destination& place, std::span<const TensorView> tensors) {
  if (place.path.extension() == ".npy") return write_npy(place, tensors[0]);  // one tensor: checked before
  std::vector<NpzArray> arrays;
  for (const TensorView& tensor : tensors) {
    arrays.push_back(npz_array(tensor));
    // A file may give two tensors one name; the second one gets the framework's usual suffix.
    const auto taken = [&arrays](const std::string& name) {
      return std::any_of(arrays.begin(), arrays.end() - 1, [&name](const NpzArray& a) { return a.name == name; });
    };
    for (int copy = 1; taken(arrays.back().name); ++copy) {
      arrays.back().name = std::string(tensor.name) + ':' + std::to_string(copy);
    }
  }
  return write_npz(place, arrays);
}

// A graph that leaves its input's size free is read for that of the array, unless --size says another. Networks of bare
// weights take any array as it is.
void take_size_of(const NpyArray& array, const ModelInfo& info, SessionOptions& session) {
  const std::vector<std::int64_t>& shape = array.shape;
  const bool is_graph = info.format == "tflite";
  if (!is_graph || !info.any_input_size || session.input_height != 0 || shape.size() != 4) return;
  const bool planes = shape[3] != 1 && shape[3] != 3 && (shape[1] == 1 || shape[1] == 3);
  const std::size_t row_axis = planes ? 2 : 1;
  const auto is_side = [](std::int64_t side) { return side > 0 && side <= kMaxSide; };
  if (!is_side(shape[row_axis]) || !is_side(shape[row_axis + 1])) return;
  session.input_height = static_cast<int>(shape[row_axis]);
  session.input_width = static_cast<int>(shape[row_axis + 1]);
}

void report(const RunOptions& options, const ModelInfo& info, const Session& session,
            std::span<const TensorView> tensors) {
  if (!options.json) {
    Table table({Align::left, Align::left, Align::left});
    for (const TensorView& tensor : tensors) {
      table.row({std::string(tensor.name), std::string(name_of(tensor.type)), shape_text(tensor.shape)});
    }
    print(table.text());
    note("wrote " + options.output + " in " + fixed(session.timing().network, 1) + " ms");
    return;
  }
  Json line;
  line["output"] = options.output;
  line["model"] = info.source;
  line["backend"] = session.device();
  line["precision"] = name_of(session.precision());
  line["isa"] = session.isa();
  line["milliseconds"] = {{"network", milliseconds(session.timing().network)}};
  line["tensors"] = Json::array();
  for (const TensorView& tensor : tensors) {
    const std::vector<std::int64_t> shape(tensor.shape.begin(), tensor.shape.end());
    line["tensors"].push_back(tensor_json(tensor.name, {tensor.type, shape, tensor.scale, tensor.zero_point}));
  }
  print_json(line);
}

int run(RunOptions& options) {
  const auto model = open_model(options.model);
  if (!model) return fail(model.error());
  const ModelInfo& info = model->info();
  const auto files = assign_inputs(info, options.inputs);
  if (!files) return fail(files.error());
  drop_tensors_that_are_outputs(info, options.session.tensors);
  const std::size_t count = info.outputs.size() + options.session.tensors.size();
  if (count > 1 && options.output.ends_with(".npy"))
    return misuse(options.output + ": a .npy holds one tensor, and there are " + std::to_string(count) +
                  "; name a .npz");
  OutputFiles outputs(options.if_exists);
  add_files_read(options.model, outputs);
  for (const std::string& file : *files) outputs.reads(file);
  const auto output = outputs.only(options.output, "the output");
  if (!output) return fail(output.error());
  std::vector<NpyArray> arrays;
  for (const std::string& file : *files) {
    auto array = read_array(file);
    if (!array) return fail(array.error().message);
    arrays.push_back(std::move(*array));
  }
  std::vector<TensorView> inputs;
  for (std::size_t i = 0; i < arrays.size(); ++i) {
    const NpyArray& array = arrays[i];
    if (array.type != info.inputs[i].type) {
      return fail((*files)[i] + " holds " + std::string(name_of(array.type)) + ", and input " + info.inputs[i].name +
                  " of " + info.source + " takes " + std::string(name_of(info.inputs[i].type)));
    }
    inputs.push_back({info.inputs[i].name, array.type, array.shape, array.bytes.data(), array.bytes.size()});
  }

  take_size_of(arrays[0], info, options.session);
  auto session = open_session(*model, options.session);
  if (!session) return fail(session.error());
  const auto tensors = session->run(inputs);
  if (!tensors) return fail(tensors.error().message);  // the arrays are bad files, not a wrong command line
  if (const auto written = write_outputs(*output, *tensors); !written) return fail(written.error());
  report(options, info, *session, *tensors);
  return kSuccess;
}

}  // namespace

Work add_run(CLI::App& app) {
  const auto options = std::make_shared<RunOptions>();
  options->session.precision = Precision::source;
  add_model_option(app, options->model);
  require(add_texts(
      app, "-i,--input", options->inputs,
      "The .npy of an input, with the batch axis; several inputs:\nNAME=FILE each; - reads standard input", "FILE"));
  require(add_output_option(app, options->output, {".npz", ".npy"}, "A .npz, or a .npy for a single tensor"));
  add_force_option(app, options->if_exists);
  add_texts(app, "--tensor", options->session.tensors, "Also write this inner tensor or layer; repeatable", "NAME");
  add_size_option(app, "--size", options->session);
  add_session_options(app, options->session);
  add_quiet_option(app);
  add_json_option(app, options->json);
  set_footer(app,
             "Nothing is preprocessed. Arrays have the type and the layout of the model's file: .tflite\n"
             "NHWC in u8, i8 or f32; Hugging Face, timm and our own files NCHW in f32. Outputs are\n"
             "written under their exact tensor names (`logits` for weights-only files).\n"
             "`mobilenet info` shows the inputs and outputs of a model.\n"
             "\n"
             "Examples:\n"
             "  mobilenet run --model mobilenet_v2.tflite --input x.npy -o y.npz\n"
             "  mobilenet run --model m.safetensors --input x.npy --tensor pool -o y.npz");
  return [options] { return run(*options); };
}

}  // namespace mobilenet::cli
