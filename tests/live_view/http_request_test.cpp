// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Heads of requests, as browsers and strangers send them.

#include "cli/live/http_request.h"

#include <gtest/gtest.h>

#include <string>

namespace mobilenet::cli {
namespace {

TEST(HttpRequest, TheHeadIsRead) {
  HttpRequest request;
  const std::string bytes =
      "POST /pause?now=1 HTTP/1.1\r\nhOST: \t127.0.0.1:8080 \r\nAccept: */*\r\nOrigin: http://127.0.0.1:8080\r\n"
      "Content-Length: 2\r\n\r\nhi";
  ASSERT_EQ(read_head(bytes, request), HttpHead::complete);
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.path, "/pause");
  EXPECT_EQ(request.host, "127.0.0.1:8080");
  EXPECT_EQ(request.origin, "http://127.0.0.1:8080");
}

TEST(HttpRequest, EveryPrefixIsIncomplete) {
  const std::string bytes = "GET / HTTP/1.0\r\nHost: localhost\r\n\r\n";
  HttpRequest request;
  for (std::size_t length = 0; length < bytes.size(); ++length)
    EXPECT_EQ(read_head(bytes.substr(0, length), request), HttpHead::incomplete) << length;
  EXPECT_EQ(read_head(bytes, request), HttpHead::complete);
}

TEST(HttpRequest, WhatIsNoRequest) {
  struct Case {
    const char* name;
    std::string bytes;
  };
  const std::string long_field = "GET / HTTP/1.1\r\nX: " + std::string(kMostOfAHead, 'x');
  const Case cases[] = {
      {"nothing but the end", "\r\n\r\n"},
      {"another protocol", "\x16\x03\x01\x02 hello\r\n\r\n"},
      {"no version", "GET /\r\n\r\n"},
      {"a version to come", "GET / HTTP/2.0\r\n\r\n"},
      {"two spaces", "GET  / HTTP/1.1\r\n\r\n"},
      {"more words", "GET / HTTP/1.1 x\r\n\r\n"},
      {"a proxy's target", "GET http://a.example/ HTTP/1.1\r\n\r\n"},
      {"no target", "OPTIONS * HTTP/1.1\r\n\r\n"},
      {"a field without a colon", "GET / HTTP/1.1\r\nHost\r\n\r\n"},
      {"a field without a name", "GET / HTTP/1.1\r\n: x\r\n\r\n"},
      {"a name with a blank", "GET / HTTP/1.1\r\nHost : x\r\n\r\n"},
      {"a line that goes on", "GET / HTTP/1.1\r\nHost: a\r\n b: c\r\n\r\n"},
      {"two hosts", "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: a.example\r\n\r\n"},
      {"two origins", "GET / HTTP/1.1\r\nOrigin: http://a\r\nOrigin: http://b\r\n\r\n"},
      {"too long, and goes on", long_field},
      {"too long, and complete", long_field + "\r\n\r\n"},
      {"many fields", "GET / HTTP/1.1\r\n" +
                          [] {
                            std::string fields;
                            for (int i = 0; i < 4000; ++i) fields += "A: b\r\n";
                            return fields;
                          }() +
                          "\r\n"},
  };
  for (const Case& c : cases) {
    HttpRequest request;
    EXPECT_EQ(read_head(c.bytes, request), HttpHead::malformed) << c.name;
  }
}

TEST(HttpRequest, OnlyNamesOfThisMachine) {
  for (const char* host : {"127.0.0.1", "127.0.0.1:8080", "localhost", "LocalHost:1", "[::1]", "[::1]:8080"})
    EXPECT_TRUE(asks_this_machine({.host = host})) << host;
  for (const char* host : {"", ":", ":8080", "a.example", "a.example:8080", "127.0.0.1.a.example",
                           "localhost.a.example", "127.0.0.1:a.example", "127.0.0.1@a.example", "a.example:127.0.0.1",
                           "127.0.0.2", "::1", "[::1]x", "[::2]", "localhost:80:80"}) {
    EXPECT_FALSE(asks_this_machine({.host = host})) << host;
  }
}

TEST(HttpRequest, OnlyOurOwnPage) {
  const auto ours = [](const char* origin) {
    return comes_from_our_page({.host = "localhost:8080", .origin = origin});
  };
  EXPECT_TRUE(ours("http://localhost:8080"));
  EXPECT_TRUE(ours("")) << "no browser";
  for (const char* origin : {"null", "http://localhost", "http://localhost:8081", "http://a.example",
                             "https://localhost:8080", "http://localhost:8080.a.example", "localhost:8080"}) {
    EXPECT_FALSE(ours(origin)) << origin;
  }
}

}  // namespace
}  // namespace mobilenet::cli
