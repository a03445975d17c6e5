// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors

// sharing MODEL [SESSIONS] [SECONDS]: how several sessions at work at the same time share the cores. One session,
// two, and up to SESSIONS run the same network again and again, each on a thread of its own; rows give the runs of all
// together in a second, and of the slowest and the fastest session. The rows take turns for SECONDS in all, and the
// medians of the turns are printed: other programs on the machine then disturb all rows alike. Every answer is compared
// with the first.

#include <mobilenet/mobilenet.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

constexpr int kTurns = 9;

struct Row {
  int sessions = 1;
  int threads = 1;                                           // 0: automatic
  std::vector<double> all = {}, slowest = {}, fastest = {};  // runs a second, by turn
};

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

// The network's input, and what it makes of it.
class Input {
 public:
  explicit Input(const mobilenet::Model& model) {
    const mobilenet::TensorInfo& info = model.info().inputs.at(0);
    shape_ = info.shape;
    std::size_t bytes = mobilenet::size_of(info.type);
    for (const std::int64_t axis : shape_) bytes *= static_cast<std::size_t>(axis);
    data_.resize(bytes);  // zeros are as good as other numbers
    view_ = {info.name, info.type, shape_, data_.data(), bytes};
  }
  const mobilenet::TensorView& view() const { return view_; }

 private:
  std::vector<std::int64_t> shape_;
  std::vector<std::byte> data_;
  mobilenet::TensorView view_;
};

// Runs until `stop`; how often.
double count_runs(mobilenet::Session& session, const Input& input, const std::vector<std::byte>& expected,
                  const std::atomic<bool>& stop, std::atomic<bool>& wrong) {
  double runs = 0;
  for (; !stop.load(std::memory_order_relaxed); ++runs) {
    const auto outputs = session.run({&input.view(), 1});
    if (!outputs || std::memcmp((*outputs)[0].data, expected.data(), expected.size()) != 0) wrong = true;
  }
  return runs;
}

void take_turn(const mobilenet::Model& model, const Input& input, const std::vector<std::byte>& expected, Row& row,
               std::chrono::duration<double> time, std::atomic<bool>& wrong) {
  std::vector<mobilenet::Session> sessions;
  for (int i = 0; i < row.sessions; ++i) {
    sessions.push_back(model.session({.threads = row.threads}).value());
    (void)sessions.back().run({&input.view(), 1}).value();
  }
  std::atomic<bool> stop{false};
  std::vector<double> runs(sessions.size());
  std::vector<std::thread> callers;
  const auto start = Clock::now();
  for (std::size_t i = 0; i < sessions.size(); ++i)
    callers.emplace_back([&, i] { runs[i] = count_runs(sessions[i], input, expected, stop, wrong); });
  std::this_thread::sleep_for(time);
  stop = true;
  for (std::thread& caller : callers) caller.join();
  const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
  double all = 0;
  for (const double count : runs) all += count;
  row.all.push_back(all / seconds);
  row.slowest.push_back(*std::min_element(runs.begin(), runs.end()) / seconds);
  row.fastest.push_back(*std::max_element(runs.begin(), runs.end()) / seconds);
}

int measure(const char* file, int most_sessions, double seconds) {
  const auto model = mobilenet::Model::open(file);
  if (!model) {
    std::fprintf(stderr, "sharing: %s\n", model.error().message.c_str());
    return 1;
  }
  const Input input(*model);
  std::vector<std::byte> expected;
  {
    mobilenet::Session session = model->session({.threads = 1}).value();
    const auto outputs = session.run({&input.view(), 1}).value();
    const auto* data = static_cast<const std::byte*>(outputs[0].data);
    expected.assign(data, data + outputs[0].bytes);
  }
  std::vector<Row> rows;
  for (int sessions = 1; sessions <= most_sessions; sessions *= 2)
    for (const int threads : {1, 0}) rows.push_back({sessions, threads});
  std::atomic<bool> wrong{false};
  const std::chrono::duration<double> time(seconds / (kTurns * static_cast<double>(rows.size())));
  for (int turn = 0; turn < kTurns; ++turn)
    for (Row& row : rows) take_turn(*model, input, expected, row, time, wrong);
  if (wrong) {
    std::fprintf(stderr, "sharing: sessions disagree\n");
    return 1;
  }
  std::printf("| sessions | threads | runs a second | slowest, fastest session | of one session on one thread |\n");
  std::printf("|---|---|---|---|---|\n");
  for (const Row& row : rows)
    std::printf("| %d | %s | %.0f | %.0f, %.0f | %.2f |\n", row.sessions, row.threads == 0 ? "automatic" : "1",
                median(row.all), median(row.slowest), median(row.fastest), median(row.all) / median(rows[0].all));
  return 0;
}

}  // namespace

int main(int count, char** arguments) {
  if (count < 2) {
    std::fprintf(stderr, "usage: sharing MODEL [SESSIONS] [SECONDS]\n");
    return 2;
  }
  return measure(arguments[1], count > 2 ? std::atoi(arguments[2]) : 4, count > 3 ? std::atof(arguments[3]) : 30);
}
