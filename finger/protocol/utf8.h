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

/// The length in bytes of a character that begins with this byte; 0 if none does.
std::size_t character_bytes(char first);

/// The first character of `text`, which must not be empty; nullopt if it begins with none. Overlong
/// forms, surrogates and values above U+10FFFF aren't characters. Source: RFC 3629, 4.
std::optional<Character> first_character(std::string_view text);

/// The longest beginning of `text` that fits in bytes_max bytes and cuts no character in two.
std::string_view beginning(std::string_view text, std::size_t bytes_max);

/// Whether this is a control character (C0, DEL and C1), which a terminal obeys instead of showing.
bool is_control(char32_t character);

/// Returns `text` with a question mark for each control character and each byte that isn't UTF-8,
/// so that it can neither end a line nor command a terminal.
std::string printable(std::string_view text);

}  // namespace finger
