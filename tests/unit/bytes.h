#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

#include "common/frame_reader.h"

namespace tests {

inline common::ByteView bytes(std::string_view text) { return std::as_bytes(std::span(text)); }

inline std::string text(common::ByteView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// Returns four bytes, little-endian.
inline std::string length(std::uint32_t value) {
  std::string text;
  for (int shift = 0; shift < 32; shift += 8) text += static_cast<char>(value >> shift);
  return text;
}

/// Makes a message as it must look on the wire, without the code under test.
inline std::string frame(std::string_view payload) {
  return length(static_cast<std::uint32_t>(payload.size())) + std::string(payload);
}

inline std::string frames(std::initializer_list<std::string_view> payloads) {
  std::string stream;
  for (const auto payload : payloads) stream += frame(payload);
  return stream;
}

}  // namespace tests
