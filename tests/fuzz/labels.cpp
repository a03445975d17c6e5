// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Texts of labels in any form and encoding: read, found beside a model, named by the user.

#include "formats/labels/labels.h"

#include "fuzz/fuzz.h"

using namespace mobilenet;

namespace {

// A form may name classes that its text leaves out, but no more than a model has.
constexpr std::size_t kMostLabels = 2'000'000;

void check_fit(const ModelSpec& spec) {
  fuzz::expect(spec.labels.empty() || static_cast<int>(spec.labels.size()) == class_count(spec),
               "the labels do not fit the classes");
  for (const std::string& label : spec.labels) fuzz::expect(label.find('\n') == label.npos, "two lines in one label");
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const fuzz::Folder folder;
  const fuzz::ExactCopy file(data, size);
  const LabelSource source = label_source("labels.txt", file.bytes());
  fuzz::expect(source.readings.empty() == !source.trouble.empty(), "neither labels nor the reason why there are none");
  if (!source.trouble.empty()) fuzz::check({ErrorCode::bad_format, source.trouble});
  folder.write("labels.txt", file.text());
  for (const LabelReading& reading : source.readings) {
    fuzz::expect(reading.labels.size() < kMostLabels, "more labels than any file has classes");
    const int count = static_cast<int>(reading.labels.size());
    for (const int classes : {count - 1, count, count + 1}) {
      if (classes < 1) continue;
      for (const bool background : {false, true}) {
        ModelSpec spec;
        spec.classes = classes;
        spec.has_background = background;
        ModelSpec named = spec;
        std::vector<Decision> decisions;
        decide_labels(labels_beside(folder.path() / "model.tflite"), spec, decisions);
        check_fit(spec);
        if (fuzz::succeeds(set_labels_from_file(folder.path() / "labels.txt", named, decisions))) check_fit(named);
      }
    }
  }
  return 0;
}
