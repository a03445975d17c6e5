// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "base/control_group.h"

#include <gtest/gtest.h>

#include <string>

namespace mobilenet {
namespace {

TEST(ControlGroup, FoldersOfALine) {
  struct Case {
    const char* what;
    const char* line;
    std::vector<std::string> folders;
    int version;
  };
  const Case cases[] = {
      {"version 2",
       "0::/user.slice/session",
       {"/sys/fs/cgroup/user.slice/session", "/sys/fs/cgroup/user.slice", "/sys/fs/cgroup"},
       2},
      {"the root of a container", "0::/", {"/sys/fs/cgroup"}, 2},
      {"version 1", "4:cpu,cpuacct:/jobs", {"/sys/fs/cgroup/cpu/jobs", "/sys/fs/cgroup/cpu"}, 1},
      {"another controller", "5:cpuset:/jobs", {}, 1},
      {"a colon in the path", "0::/a:b", {"/sys/fs/cgroup/a:b", "/sys/fs/cgroup"}, 2},
      {"no line at all", "", {}, 2},
      {"half a line", "4:cpu", {}, 1},
  };
  for (const Case& c : cases) {
    std::vector<std::string> folders;
    for (const ControlGroup& group : control_groups_of(c.line, "cpu")) {
      folders.push_back(group.folder.string());
      EXPECT_EQ(group.version, c.version) << c.what;
    }
    EXPECT_EQ(folders, c.folders) << c.what;
  }
}

}  // namespace
}  // namespace mobilenet
