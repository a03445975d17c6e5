// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "cli/arrays/row_spool.h"

#include <algorithm>
#include <cerrno>
#include <limits>
#include <string>

#include "cli/arrays/npy.h"
#include "cli/output/table.h"

namespace mobilenet::cli {

Result<RowSpool> RowSpool::create(const std::filesystem::path& beside, const TensorView& first) {
  if (first.shape.empty()) {
    return Error{ErrorCode::unsupported, "layer " + std::string(first.name) + " has no batch axis"};
  }
  auto pending = PendingFile::create({beside});
  if (!pending) return pending.error();
  RowSpool spool;
  spool.beside_ = beside;
  spool.file_ = std::move(*pending).take_nameless();
  spool.tensor_.type = first.type;
  spool.tensor_.scale = first.scale;
  spool.tensor_.zero_point = first.zero_point;
  spool.tensor_.shape.assign(first.shape.begin(), first.shape.end());
  // Room for any number of rows; the real header is written over it in the end.
  spool.tensor_.shape.front() = std::numeric_limits<std::int64_t>::max();
  const std::string placeholder = npy_header(npy_type(spool.tensor_.type), spool.tensor_.shape);
  spool.header_bytes_ = placeholder.size();
  spool.tensor_.shape.front() = 0;
  errno = 0;
  if (std::fwrite(placeholder.data(), 1, placeholder.size(), spool.file_.get()) != placeholder.size()) {
    return system_error(beside, "cannot write rows beside it", errno);
  }
  return spool;
}

Result<void> RowSpool::append(const TensorView& tensor) {
  if (tensor.type != tensor_.type || tensor.shape.size() != tensor_.shape.size() ||
      !std::equal(tensor.shape.begin() + 1, tensor.shape.end(), tensor_.shape.begin() + 1)) {
    return Error{ErrorCode::invalid_argument, "layer " + std::string(tensor.name) + " is " + shape_text(tensor.shape) +
                                                  " and was " + shape_text(tensor_.shape) + " before"};
  }
  errno = 0;
  if (std::fwrite(tensor.data, 1, tensor.bytes, file_.get()) != tensor.bytes) {
    return system_error(beside_, "cannot write rows beside it", errno);
  }
  tensor_.shape.front() += tensor.shape.front();
  return {};
}

Result<std::FILE*> RowSpool::finish() {
  const std::string header = npy_header(npy_type(tensor_.type), tensor_.shape, header_bytes_);
  errno = 0;
  if (std::fseek(file_.get(), 0, SEEK_SET) != 0 ||
      std::fwrite(header.data(), 1, header.size(), file_.get()) != header.size() || std::fflush(file_.get()) != 0) {
    return system_error(beside_, "cannot write rows beside it", errno);
  }
  return file_.get();
}

}  // namespace mobilenet::cli
