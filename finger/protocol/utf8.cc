#include "finger/protocol/utf8.h"

#include <cassert>

namespace finger {

std::size_t character_bytes(char first) {
  const auto value = static_cast<unsigned char>(first);
  if (value < 0x80) return 1;
  if (value >= 0xC2 && value <= 0xDF) return 2;  // C0 and C1 would be overlong
  if (value >= 0xE0 && value <= 0xEF) return 3;
  if (value >= 0xF0 && value <= 0xF4) return 4;
  return 0;
}

std::optional<Character> first_character(std::string_view text) {
  assert(!text.empty());
  const std::size_t size_bytes = character_bytes(text.front());
  if (size_bytes == 0 || text.size() < size_bytes) return std::nullopt;
  const auto byte_at = [text](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  if (size_bytes == 1) return Character{byte_at(0), 1};

  char32_t value = byte_at(0) & (0x7FU >> size_bytes);
  for (std::size_t i = 1; i < size_bytes; ++i) {
    if ((byte_at(i) & 0xC0U) != 0x80U) return std::nullopt;
    value = value << 6 | (byte_at(i) & 0x3FU);
  }
  const bool overlong = (size_bytes == 3 && value < 0x800) || (size_bytes == 4 && value < 0x10000);
  const bool surrogate = value >= 0xD800 && value <= 0xDFFF;
  if (overlong || surrogate || value > 0x10FFFF) return std::nullopt;
  return Character{value, size_bytes};
}

std::string_view beginning(std::string_view text, std::size_t bytes_max) {
  if (text.size() <= bytes_max) return text;
  const auto goes_on = [text](std::size_t i) { return (text[i] & 0xC0) == 0x80; };
  std::size_t end = bytes_max;
  while (end > 0 && goes_on(end)) --end;
  return text.substr(0, end);
}

bool is_control(char32_t character) {
  return character < 0x20 || (character >= 0x7F && character <= 0x9F);
}

std::string printable(std::string_view text) {
  std::string seen;
  while (!text.empty()) {
    const auto character = first_character(text);
    const std::size_t size_bytes = character ? character->size_bytes : 1;
    if (character && !is_control(character->value)) {
      seen += text.substr(0, size_bytes);
    } else {
      seen += '?';
    }
    text.remove_prefix(size_bytes);
  }
  return seen;
}

}  // namespace finger
