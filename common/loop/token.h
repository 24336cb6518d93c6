#pragma once

#include <cassert>
#include <cstddef>
#include <cstdint>

namespace common {

/// Identifies the listener, eventfd or connection of a readiness event. Unlike a descriptor's
/// number or an address in memory, a token is never used twice, so a late event refers to nothing,
/// and not to a newer connection.
class Token {
 public:
  enum class Kind : std::uint8_t { listener, wake, connection };

  static constexpr unsigned slot_bits = 24;
  static constexpr unsigned generation_bits = 36;

  constexpr Token() = default;
  constexpr explicit Token(Kind kind, std::uint64_t slot = 0, std::uint64_t generation = 0)
      : value_(static_cast<std::uint64_t>(kind) << (slot_bits + generation_bits) |
               generation << slot_bits | slot) {
    assert(slot < std::uint64_t{1} << slot_bits);
    assert(generation < std::uint64_t{1} << generation_bits);
  }
  /// Makes a token from the 64 bits that went through the kernel.
  static constexpr Token from_value(std::uint64_t value) {
    Token token;
    token.value_ = value;
    return token;
  }

  /// The token for the next use of the same slot. After 2^36 uses the generations begin again, and
  /// no event is that late.
  constexpr Token for_next_use() const {
    constexpr std::uint64_t generations = std::uint64_t{1} << generation_bits;
    return Token(kind(), slot(), ((value_ >> slot_bits) + 1) % generations);
  }

  constexpr std::uint64_t value() const { return value_; }
  constexpr Kind kind() const { return static_cast<Kind>(value_ >> (slot_bits + generation_bits)); }
  constexpr std::size_t slot() const {
    return static_cast<std::size_t>(value_ & ((std::uint64_t{1} << slot_bits) - 1));
  }

  friend constexpr bool operator==(Token, Token) = default;

 private:
  std::uint64_t value_ = 0;
};

}  // namespace common
