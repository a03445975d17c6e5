// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// JSON from files that nobody vouches for, parsed with limits into plain values. The parsing is nlohmann/json's; its
// own values are not used, because they allocate while they are destroyed and so cannot survive a lack of memory.

#include <mobilenet/result.h>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace mobilenet {

struct JsonMember;

// One value. Asked for what it is not, it is a zero, false or empty: check first.
class JsonValue {
 public:
  using Array = std::vector<JsonValue>;
  using Object = std::vector<JsonMember>;

  JsonValue();  // null
  explicit JsonValue(bool value);
  explicit JsonValue(std::int64_t value);
  explicit JsonValue(std::uint64_t value);  // what is not negative
  explicit JsonValue(double value);
  explicit JsonValue(std::string value);
  explicit JsonValue(Array value);
  explicit JsonValue(Object value);  // no key twice

  bool is_null() const { return is<std::monostate>(); }
  bool is_boolean() const { return is<bool>(); }
  bool is_number_unsigned() const { return is<std::uint64_t>(); }
  bool is_number_integer() const { return is<std::int64_t>() || is<std::uint64_t>(); }
  bool is_number() const { return is_number_integer() || is<double>(); }
  bool is_string() const { return is<std::string>(); }
  bool is_array() const { return is<Array>(); }
  bool is_object() const { return is<Object>(); }

  // bool, double, std::string, or an integer type: the caller has checked that the number fits.
  template <class T>
  T get() const;

  // Of an array or object; 0 for all else.
  std::size_t size() const { return is_object() ? members().size() : elements().size(); }
  bool empty() const { return size() == 0; }

  // An array's elements.
  std::span<const JsonValue> elements() const;
  const JsonValue* begin() const { return elements().data(); }
  const JsonValue* end() const { return begin() + elements().size(); }
  const JsonValue& operator[](std::size_t index) const { return elements()[index]; }

  // An object's members, in the order of their keys: for (const auto& [key, value] : object.members()).
  std::span<const JsonMember> members() const;
  // Null where there is none.
  const JsonValue* find(std::string_view key) const;

 private:
  template <class T>
  bool is() const {
    return std::holds_alternative<T>(value_);
  }

  std::variant<std::monostate, bool, std::int64_t, std::uint64_t, double, std::string, Array, Object> value_;
};

struct JsonMember {
  std::string key;
  JsonValue value;
};

// Here, where a member is complete: clang wants that of what a constructor may have to destroy.
inline JsonValue::JsonValue() = default;
inline JsonValue::JsonValue(bool value) : value_(value) {}
inline JsonValue::JsonValue(std::int64_t value) : value_(value) {}
inline JsonValue::JsonValue(std::uint64_t value) : value_(value) {}
inline JsonValue::JsonValue(double value) : value_(value) {}
inline JsonValue::JsonValue(std::string value) : value_(std::move(value)) {}
inline JsonValue::JsonValue(Array value) : value_(std::move(value)) {}

template <class T>
T JsonValue::get() const {
  if constexpr (std::same_as<T, bool> || std::same_as<T, std::string>) {
    const T* value = std::get_if<T>(&value_);
    return value ? *value : T();
  } else {
    static_assert(std::same_as<T, double> || std::integral<T>);
    if (const auto* value = std::get_if<std::uint64_t>(&value_)) return static_cast<T>(*value);
    if (const auto* value = std::get_if<std::int64_t>(&value_)) return static_cast<T>(*value);
    if (const auto* value = std::get_if<double>(&value_)) return static_cast<T>(*value);
    return 0;
  }
}

// What is accepted and kept of a text.
struct JsonLimits {
  std::size_t bytes = std::size_t{16} << 20;
  int depth = 16;                             // of nested arrays and objects
  std::size_t values = std::size_t{1} << 20;  // all together; each costs about 50 bytes
  // The only members that objects keep; empty: all. Others are passed over with all inside, whatever its size and
  // depth.
  std::span<const std::string_view> members = {};
};

// Refuses text that is too long, too deep, not JSON, or that gives one object two members of one name.
Result<JsonValue> parse_json(std::string_view text, const JsonLimits& limits = {});

// A short form of a value for messages; of a string with its quotes.
std::string describe(const JsonValue& value);
std::string describe(std::string_view string);

}  // namespace mobilenet
