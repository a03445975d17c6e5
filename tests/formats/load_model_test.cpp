// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Files that are no model of ours: the message says what they are and what to do.

#include <gtest/gtest.h>

#include "base/file_bytes.h"
#include "formats/safetensors/safetensors_file.h"
#include "support/test_data.h"

namespace mobilenet {
namespace {

using namespace std::string_literals;

struct Case {
  const char* name;  // of the file
  std::string bytes;
  const char* what;
  const char* advice;
};

TEST(LoadModel, SaysWhatAForeignFileIs) {
  const std::string pickle = "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19."s;
  const Case cases[] = {
      {"empty.tflite", "", "is empty", ""},
      {"model.h5", "\x89HDF\r\n\x1a\nrest", "Keras", "TFLiteConverter"},
      {"model.keras", "PK\x03\x04.. metadata.json config.json model.weights.h5"s, "Keras", "TFLiteConverter"},
      {"pytorch_model.bin", "PK\x03\x04.. archive/data.pkl"s, "PyTorch", "safetensors.torch.save_file"},
      {"legacy.pth", pickle, "PyTorch", "safetensors.torch.save_file"},
      {"model.pt", "anything", "PyTorch", "safetensors.torch.save_file"},
      {"archive.zip", "PK\x03\x04.. model.tflite"s, "zip archive", "unpack it"},
      {"model.ONNX", "\x08\x07\x12\x07pytorch"s, "ONNX", ".tflite"},
      {"frozen_inference_graph.pb", "\n\x1b\n"s, "TensorFlow graph", "TFLiteConverter"},
      {"mobilenet.caffemodel", "\n\tMOBILENET"s, "Caffe", ".tflite"},
      {"weights.bin", "\x01\x02\x03", ".bin file", ".tflite"},
      {"pointer.safetensors", "version https://git-lfs.github.com/spec/v1\n", "Git LFS pointer", "git lfs pull"},
      {"page.tflite", "<!DOCTYPE html><html>", "web page", "download"},
      {"model.tflite.gz", "\x1f\x8b\x08"s, "gzip", "unpack"},
      {"config.json", "{\"architecture\": \"mobilenetv2_100\"}", "JSON", "weights file"},
      {"broken.tflite", "\x1c\x00\x00\x00TFL2"s, "damaged .tflite", "again"},
      {"broken.safetensors", "\xff\xff\xff\xff\xff\xff\xff\xff{"s, "damaged .safetensors", "again"},
      {"unknown", "\x01\x02\x03\x04\x05\x06\x07", "not a weights file", ".safetensors"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    const auto model = load_model(testing::memory_file(c.bytes, c.name));
    ASSERT_FALSE(model);
    const std::string& message = model.error().message;
    EXPECT_TRUE(message.starts_with(std::string(c.name) + ": ")) << message;
    EXPECT_NE(message.find(c.what), std::string::npos) << message;
    EXPECT_NE(message.find(c.advice), std::string::npos) << message;
  }
}

TEST(LoadModel, SaysWhatRealForeignFilesAre) {
  MOBILENET_NEEDS_TEST_DATA();
  struct RealCase {
    const char* path;
    const char* what;
  };
  for (const RealCase& c :
       {RealCase{"models/mobilenet_v1_0.25_224_imagenet.h5", "Keras"},
        RealCase{"models/mobilenet_v2_quant.onnx", "ONNX"},
        RealCase{"models/retinaface_mobilenet0.25_Final.pth", "PyTorch"},
        RealCase{"expected/frameworks/torchvision_mobilenet_v2_x035/model.pth", "PyTorch"},
        RealCase{"expected/frameworks/torchvision_mobilenet_v2_x035/model_legacy.pth", "PyTorch"}}) {
    SCOPED_TRACE(c.path);
    const auto path = *testing::test_data() / c.path;
    const auto file = FileBytes::read(path).value();
    const auto model = load_model({"anonymous", {}, file->bytes(), file});
    const auto named = load_model({path.string(), path, file->bytes(), file});
    ASSERT_FALSE(named);
    EXPECT_NE(named.error().message.find(c.what), std::string::npos) << named.error().message;
    EXPECT_FALSE(model);
  }
}

}  // namespace
}  // namespace mobilenet
