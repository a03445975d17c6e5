// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "fidelity/comparison.h"

#include <fstream>
#include <sstream>
#include <stdexcept>

namespace mobilenet::testing {

std::vector<ExpectedAnswer> read_expected_answers(const std::filesystem::path& csv) {
  std::ifstream file(csv);
  if (!file) throw std::runtime_error("cannot open " + csv.string());
  std::vector<ExpectedAnswer> answers;
  std::string line;
  std::getline(file, line);  // the column names
  while (std::getline(file, line)) {
    std::istringstream cells(line);
    std::string cell;
    ExpectedAnswer answer;
    std::getline(cells, answer.picture, ',');
    std::getline(cells, cell, ',');  // the true label, which does not matter here
    for (int i = 0; i < 5 && std::getline(cells, cell, ','); ++i) answer.classes.push_back(std::stoi(cell));
    for (int i = 0; i < 5 && std::getline(cells, cell, ','); ++i) answer.scores.push_back(std::stod(cell));
    if (answer.scores.size() != 5) throw std::runtime_error(csv.string() + ": row without five classes: " + line);
    answers.push_back(std::move(answer));
  }
  return answers;
}

bool same_best(const ExpectedAnswer& expected, int index) {
  for (std::size_t i = 0; i < expected.classes.size(); ++i)
    if (expected.scores[i] == expected.scores[0] && expected.classes[i] == index) return true;
  return false;
}

}  // namespace mobilenet::testing
