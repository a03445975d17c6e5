// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// make_seeds FOLDER: what the targets begin with, one folder each. All of it is made here, but for files of the test
// data where that is there.

#include <mobilenet/mobilenet.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "cli/arrays/npy.h"
#include "formats/safetensors/tensor_list.h"
#include "formats/tflite/tflite_graph.h"
#include "formats/weights/framework_weights.h"
#include "graphs/random_graph.h"
#include "pictures/picture_files.h"

namespace mobilenet::testing {
namespace {

constexpr int kGraphs = 120;
constexpr std::size_t kMostGraphBytes = 20'000, kMostPictureBytes = 40'000, kMostTextBytes = 16'000;

class Seeds {
 public:
  explicit Seeds(std::filesystem::path folder) : folder_(std::move(folder)) { std::filesystem::remove_all(folder_); }

  void add(const std::string& target, std::string_view bytes) {
    std::filesystem::create_directories(folder_ / target);
    std::ofstream(folder_ / target / std::to_string(number_++), std::ios::binary) << bytes;
  }
  void add(const std::string& target, const std::vector<std::uint8_t>& bytes) {
    add(target, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  }

 private:
  std::filesystem::path folder_;
  int number_ = 0;
};

std::string text_of(const std::filesystem::path& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

// The JSON of a .safetensors file.
std::string header_of(const std::string& file) {
  std::uint64_t bytes = 0;
  std::memcpy(&bytes, file.data(), sizeof bytes);
  return file.substr(sizeof bytes, bytes);
}

void add_graphs(Seeds& seeds) {
  for (GraphFile graph : {small_float_graph(), small_i8_graph()}) {
    seeds.add("tflite", graph.bytes());
    graph.buffers_behind = true;
    seeds.add("tflite", graph.bytes());
  }
  for (int i = 0; i < kGraphs; ++i) {
    Choices choices(static_cast<std::uint64_t>(i));
    const std::vector<std::uint8_t> file = random_graph(choices).file.bytes();
    if (file.size() <= kMostGraphBytes) seeds.add("tflite", file);
  }
}

// Targets whose input is a sequence of decisions.
void add_decisions(Seeds& seeds) {
  for (const char* target : {"graphs", "builder", "postprocess", "picture_input"})
    for (int i = 0; i < kGraphs; ++i) {
      Choices numbers(static_cast<std::uint64_t>(i) + 1000);
      std::vector<std::uint8_t> bytes(40 + numbers.below(300));
      for (std::uint8_t& byte : bytes) byte = numbers.byte();
      seeds.add(target, bytes);
    }
}

void add_weights(Seeds& seeds) {
  const std::filesystem::path saved = std::filesystem::temp_directory_path() / "mobilenet_seed.safetensors";
  for (const char* architecture : {"mobilenet_v1:0.25:32:3", "mobilenet_v2:0.35:32:3", "ssdlite_mobilenet_v2:0.35:64:2",
                                   "deeplab_mobilenet_v2:0.35:33:3"}) {
    Model::random(architecture).value().save(saved, DataType::f32).value();
    seeds.add("safetensors", header_of(text_of(saved)));
  }
  std::filesystem::remove(saved);
  const ModelSpec v2 = published_spec(Architecture::mobilenet_v2, 0.35, 32, 3),
                  v1 = published_spec(Architecture::mobilenet_v1, 0.25, 32, 3);
  for (const std::string& file : {hugging_face_v2(v2, "mobilenet_v2.").bytes(), hugging_face_v2(v2, "").bytes(),
                                  timm(v2, {1, 2, 3, 4, 3, 3, 1}).bytes(), timm(v1, {1, 2, 2, 6, 2}).bytes()})
    seeds.add("safetensors", header_of(file));
  TensorList wrapped = TensorList::of(timm(v1, {1, 2, 2, 6, 2}).bytes());
  wrapped.convert("BF16").prefix("module.").add("criterion.weight", {3}, "F64");
  seeds.add("safetensors", header_of(wrapped.file()));
}

void add_configurations(Seeds& seeds) {
  const char* texts[] = {
      R"({"weights": 0, "config.json": {"model_type": "mobilenet_v2", "tf_padding": false, "layer_norm_eps": 1e-5,
          "hidden_act": "relu", "output_stride": 16, "image_size": 32, "id2label": {"0": "a", "1": "b", "2": "c"},
          "problem_type": "multi_label_classification"},
          "preprocessor_config.json": {"size": {"height": 32, "width": 40}, "do_center_crop": false, "resample": 3,
          "do_rescale": false, "image_mean": 10, "image_std": [1, 2, 4]}})",
      R"({"weights": 0, "preprocessor_config.json": {"size": {"shortest_edge": 40}, "crop_size": {"height": 32,
          "width": 32}, "do_center_crop": true, "do_resize": true, "resample": 2, "rescale_factor": 0.00392156862745098,
          "do_normalize": true, "image_mean": [0.5, 0.5, 0.5], "image_std": [0.5, 0.5, 0.5],
          "do_flip_channel_order": true}, "labels.txt": "x\ny\nz\n"})",
      R"({"weights": 1, "config.json": {"architecture": "mobilenetv2_035", "num_classes": 3, "label_names": ["a", "b",
          "c"], "pretrained_cfg": {"input_size": [3, 32, 32], "crop_pct": 0.875, "crop_mode": "center",
          "interpolation": "bicubic", "mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225]}}})",
      R"({"weights": 2, "config.json": {"pretrained_cfg": {"test_input_size": [3, 64, 48], "crop_mode": "squash",
          "interpolation": "nearest", "crop_pct": 1.0}}, "labels.txt": "0 background\n1 cat\n"})"};
  for (const char* text : texts) seeds.add("configuration", text);
}

void add_texts(Seeds& seeds) {
  for (const char* text : {"cat\ndog\n",
                           "\xef\xbb\xbf"
                           "cat\r\ndog\r\n\r\n",
                           "0  person\n1  bicycle\n5  bus\n", "item {\n  id: 1\n  name: 'cat'\n}\n",
                           R"(["cat", "dog"])", R"({"0": "cat", "1": "dog"})"})
    seeds.add("labels", text);
  seeds.add("labels", std::string_view("\xff\xfe"
                                       "c\0a\0t\0\n\0d\0o\0g\0",
                                       16));
  nlohmann::json annotations;
  annotations["truth"] =
      nlohmann::json::parse(R"({"images": [{"id": 1, "file_name": "a.jpg", "width": 90, "height": 70},
      {"id": 139, "file_name": "000000000139.jpg"}], "categories": [{"id": 1, "name": "person"}, {"id": 3, "name": "car"}],
      "annotations": [{"image_id": 1, "category_id": 1, "bbox": [1, 2, 30, 40.5], "area": 900, "iscrowd": 0, "id": 7},
      {"image_id": 139, "category_id": 3, "bbox": [5, 5, 10, 10], "area": 100, "iscrowd": 1, "id": 8}]})");
  annotations["results"] = nlohmann::json::parse(R"([{"image_id": 1, "category_id": 1, "bbox": [1, 2, 29, 41],
      "score": 0.9}, {"image_id": 139, "category_id": 3, "bbox": [5, 4, 11, 10], "score": 0.3}])");
  annotations["classes"] = "image,label\na.jpg,2\nb.png,person\n";
  seeds.add("annotations", annotations.dump());
}

void add_arrays(Seeds& seeds) {
  const std::int64_t shape[] = {2, 3};
  for (const DataType type :
       {DataType::f32, DataType::u8, DataType::i8, DataType::i32, DataType::i64, DataType::boolean})
    seeds.add("npy", cli::npy_header(cli::npy_type(type), shape) + std::string(6 * size_of(type), '\1'));
}

void add_pictures(Seeds& seeds) {
  for (const NamedFile& file : one_file_of_each_kind(13, 9))
    for (const char* codec : {"JPEG", "PNG", "WebP", "BMP", "GIF", "TIFF", "HEIC", "AVIF"}) {
      std::string target;
      for (const char* c = codec; *c != '\0'; ++c) target += static_cast<char>(std::tolower(*c));
      if (file.name.ends_with(codec))
        seeds.add(target, {reinterpret_cast<const char*>(file.bytes.data()), file.bytes.size()});
    }
}

// Other people's files, where the test data is there.
void add_test_data(Seeds& seeds) {
  const char* variable = std::getenv("MOBILENET_TEST_DATA");
  const std::filesystem::path data =
      variable ? std::filesystem::path(variable) : std::filesystem::path(MOBILENET_SOURCE_DIR) / "../shared/data";
  if (!std::filesystem::is_directory(data)) return;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(data)) {
    if (!entry.is_regular_file()) continue;
    const std::string ending = entry.path().extension().string();
    const std::uintmax_t bytes = entry.file_size();
    if (ending == ".txt" && bytes <= kMostTextBytes) seeds.add("labels", text_of(entry.path()));
    if ((ending == ".jpg" || ending == ".jpeg") && bytes <= kMostPictureBytes) seeds.add("jpeg", text_of(entry.path()));
    if ((ending == ".png" || ending == ".bmp") && bytes <= kMostPictureBytes)
      seeds.add(ending.substr(1), text_of(entry.path()));
    if (entry.path().filename() == "preprocessor_config.json") {
      const auto text = nlohmann::json::parse(text_of(entry.path()), nullptr, false);
      if (!text.is_discarded()) seeds.add("configuration", nlohmann::json{{"preprocessor_config.json", text}}.dump());
    }
  }
}

}  // namespace
}  // namespace mobilenet::testing

int main(int argc, char** argv) {
  using namespace mobilenet::testing;
  if (argc != 2) return 2;
  Seeds seeds(argv[1]);
  add_graphs(seeds);
  add_decisions(seeds);
  add_weights(seeds);
  add_configurations(seeds);
  add_texts(seeds);
  add_arrays(seeds);
  add_pictures(seeds);
  add_test_data(seeds);
}
