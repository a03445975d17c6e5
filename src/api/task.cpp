// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// The tasks and their names.

#include <mobilenet/task.h>

#include <array>

namespace mobilenet {
namespace {

struct TaskName {
  Task task;
  std::string_view name;
};
constexpr std::array kTasks{TaskName{Task::classify, "classify"}, TaskName{Task::detect, "detect"},
                            TaskName{Task::segment, "segment"}, TaskName{Task::features, "features"},
                            TaskName{Task::run, "run"}};

}  // namespace

std::string_view name_of(Task task) {
  for (const TaskName& entry : kTasks)
    if (entry.task == task) return entry.name;
  return "?";
}

std::optional<Task> task_from_name(std::string_view name) {
  for (const TaskName& entry : kTasks)
    if (entry.name == name) return entry.task;
  return std::nullopt;
}

}  // namespace mobilenet
