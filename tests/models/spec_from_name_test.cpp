// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include <gtest/gtest.h>

#include "models/models.h"

namespace mobilenet {
namespace {

TEST(SpecFromName, ReadsEveryField) {
  const ModelSpec spec = spec_from_name("mobilenet_v1:0.25:128:101").value();
  EXPECT_EQ(spec.architecture, Architecture::mobilenet_v1);
  EXPECT_EQ(spec.depth_multiplier, 0.25);
  EXPECT_EQ(spec.input_height, 128);
  EXPECT_EQ(spec.input_width, 128);
  EXPECT_EQ(spec.classes, 101);
  EXPECT_FALSE(spec.has_background);
}

TEST(SpecFromName, FillsInWhatIsNotSaid) {
  const ModelSpec spec = spec_from_name("mobilenet_v2").value();
  EXPECT_EQ(spec, published_spec(Architecture::mobilenet_v2, 1, 224, 1001));
  EXPECT_TRUE(spec.has_background);
}

TEST(SpecFromName, SaysWhatIsWrong) {
  struct Case {
    const char* name;
    const char* message;
  };
  for (const Case& c :
       {Case{"", "unknown architecture"}, Case{"resnet:1.0:224", "known are mobilenet_v1"},
        Case{"mobilenet_v2:one:224", "depth multiplier"}, Case{"mobilenet_v2:0:224", "depth multiplier"},
        Case{"mobilenet_v2:nan:224", "depth multiplier"}, Case{"mobilenet_v2:1e9:224", "depth multiplier"},
        Case{"mobilenet_v2:1.0:8", "input size"}, Case{"mobilenet_v2:1.0:99999999999", "input size"},
        Case{"mobilenet_v2:1.0:224:-1", "classes"}, Case{"mobilenet_v2:1.0:224:10:1", "nothing may follow"}}) {
    SCOPED_TRACE(c.name);
    const auto spec = spec_from_name(c.name);
    ASSERT_FALSE(spec);
    EXPECT_NE(spec.error().message.find(c.message), std::string::npos) << spec.error().message;
  }
}

}  // namespace
}  // namespace mobilenet
