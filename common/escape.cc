#include "common/escape.h"

#include <string_view>

namespace common {

std::string escape(ByteView bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (const std::byte byte : bytes) {
    const char character = static_cast<char>(byte);
    if (character == '\\') {
      text += "\\\\";
    } else if (character >= ' ' && character <= '~') {
      text += character;
    } else {
      const auto value = std::to_integer<unsigned>(byte);
      text += {'\\', 'x', digits[value / 16], digits[value % 16]};
    }
  }
  return text;
}

}  // namespace common
