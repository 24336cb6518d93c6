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

/// How many bytes a character has that begins with this one; 0: none does.
std::size_t character_bytes(char first);

/// The character that `text`, which is not empty, begins with. nullopt: it begins with none.
/// Overlong forms, surrogates and values above U+10FFFF are no characters. Source: RFC 3629, 4.
std::optional<Character> first_character(std::string_view text);

/// At most so many bytes of the beginning, and no character cut in two.
std::string_view beginning(std::string_view text, std::size_t bytes_max);

/// Whether it is a control character (C0, DEL and C1), which a terminal obeys instead of showing.
bool is_control(char32_t character);

/// `text` with a question mark for each control character and each byte that is not UTF-8, so that
/// it can neither end a line nor command a terminal.
std::string printable(std::string_view text);

}  // namespace finger
