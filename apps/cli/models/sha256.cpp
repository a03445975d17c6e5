// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "cli/models/sha256.h"

#include <array>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <vector>

#include "cli/models/libraries.h"
#include "cli/output/pending_file.h"

namespace mobilenet::cli {

Result<std::string> sha256_of(const std::filesystem::path& path) {
  const auto loaded = load_crypto();
  if (!loaded) return loaded.error();
  const Crypto& crypto = **loaded;
  const File file(std::fopen(path.c_str(), "rb"));
  if (!file) return system_error(path, "cannot open it", errno);

  const std::unique_ptr<EVP_MD_CTX, decltype(crypto.EVP_MD_CTX_free)> digest(crypto.EVP_MD_CTX_new(),
                                                                             crypto.EVP_MD_CTX_free);
  bool works = digest && crypto.EVP_DigestInit_ex(digest.get(), crypto.EVP_sha256(), nullptr) == 1;
  std::vector<unsigned char> chunk(std::size_t{1} << 16);
  for (std::size_t count = chunk.size(); works && count == chunk.size();) {
    errno = 0;
    count = std::fread(chunk.data(), 1, chunk.size(), file.get());
    if (std::ferror(file.get()) != 0) return system_error(path, "cannot read it", errno);
    works = crypto.EVP_DigestUpdate(digest.get(), chunk.data(), count) == 1;
  }
  std::array<unsigned char, EVP_MAX_MD_SIZE> sum{};
  unsigned length = 0;
  works = works && crypto.EVP_DigestFinal_ex(digest.get(), sum.data(), &length) == 1;
  if (!works) return Error{ErrorCode::unsupported, path.string() + ": libcrypto computes no sha256"};

  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (unsigned i = 0; i < length; ++i) {
    text += kDigits[sum[i] >> 4];
    text += kDigits[sum[i] & 15];
  }
  return text;
}

}  // namespace mobilenet::cli
