#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace finger {

/// A Unicode character, and how many bytes of UTF-8 it took.
struct Character {
  char32_t value;
  std::size_t size_bytes;
};

/// The character that `text`, which is not empty, begins with. nullopt: it does not begin with one;
/// overlong forms, surrogates and what lies behind U+10FFFF are none. Source: RFC 3629, 4.
std::optional<Character> first_character(std::string_view text);

/// Whether it moves a cursor, or worse, instead of being seen: C0, DEL and C1.
bool is_control(char32_t character);

/// `text` with a question mark for each control character and each byte that is not UTF-8: nothing
/// in it can end a line or command a terminal.
std::string printable(std::string_view text);

}  // namespace finger
