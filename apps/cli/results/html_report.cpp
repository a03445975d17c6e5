// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "cli/results/html_report.h"

#include <mobilenet/encode.h>
#include <mobilenet/version.h>

#include <cerrno>
#include <cstdio>

#include "cli/output/answer_text.h"
#include "cli/results/report_page.h"

namespace mobilenet::cli {
namespace {

// The page is in two parts: the rows come between them.
constexpr std::string_view kRows = "@ROWS@", kRun = "@RUN@";
constexpr int kQuality = 80;  // of the small pictures: some 8 KB each

}  // namespace

std::string base64(std::span<const std::byte> bytes) {
  constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    unsigned int group = 0;
    for (std::size_t j = 0; j < 3; ++j)
      group = group << 8 | (i + j < bytes.size() ? std::to_integer<unsigned int>(bytes[i + j]) : 0);
    for (std::size_t digit = 0; digit < 4; ++digit)
      text += i + digit <= bytes.size() ? kDigits[group >> (18 - 6 * digit) & 63] : '=';
  }
  return text;
}

std::string script_json(const Json& value) {
  const std::string json = value.dump(-1, ' ', false, Json::error_handler_t::replace);
  std::string safe;
  safe.reserve(json.size());
  for (const char c : json) {
    if (c == '<') {
      safe += "\\u003c";
    } else {
      safe += c;
    }
  }
  return safe;
}

Result<void> HtmlReport::append(std::string_view text) {
  errno = 0;
  if (std::fwrite(text.data(), 1, text.size(), file_->file()) == text.size()) return {};
  return system_error(output_, "cannot write it", errno);
}

Result<void> HtmlReport::prepare(const ResultRequest& request, OutputFiles& files) {
  if (auto able = picture_format_of("thumbnail.jpg"); !able) return able.error();
  auto added = files.add(output_, "the report");
  if (!added) return added.error();
  auto file = PendingFile::create(*added);
  if (!file) return file.error();
  file_.emplace(*std::move(file));
  const Json run = {{"model", request.model.source}, {"task", name_of(request.model.task)}, {"version", version()}};
  const std::string_view page = report_page().substr(0, report_page().find(kRows));
  const std::size_t at = page.find(kRun);
  if (auto begun = append(page.substr(0, at)); !begun) return begun;
  if (auto named = append(script_json(run)); !named) return named;
  return append(page.substr(at + kRun.size()));
}

Result<void> HtmlReport::add(const LoadedPicture& picture, const PictureAnswer& answer) {
  const auto small = encode(answer.thumbnail->view(), PictureFormat::jpeg, {.quality = kQuality, .half_colour = true});
  if (!small) return small.error();
  Json row = {{"image", picture.name},
              {"size", {answer.width, answer.height}},
              {"small", base64(*small)},
              {"sure", answer.sure},
              {"classes", Json::array()}};
  for (const Classification& c : answer.classes)
    row["classes"].push_back({{"name", class_name(c.index, c.label)}, {"score", shortest(c.score)}});
  for (const Detection& d : answer.detections) {
    row["classes"].push_back({{"name", class_name(d.class_index, d.label)},
                              {"score", shortest(d.score)},
                              {"box", {shortest(d.left), shortest(d.top), shortest(d.right), shortest(d.bottom)}}});
  }
  const double all = static_cast<double>(answer.width) * answer.height;
  for (const SegmentClass& c : answer.segments) {
    row["classes"].push_back({{"name", class_name(c.index, c.label)},
                              {"score", shortest(static_cast<float>(static_cast<double>(c.pixels) / all))}});
  }
  return append((pictures_++ > 0 ? ",\n" : "\n") + script_json(row));
}

Result<void> HtmlReport::finish() {
  const std::string_view page = report_page();
  if (auto ended = append(page.substr(page.find(kRows) + kRows.size())); !ended) return ended;
  return file_->commit();
}

}  // namespace mobilenet::cli
