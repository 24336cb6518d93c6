#include "finger/accounts/gecos.h"

#include "finger/protocol/utf8.h"

namespace finger {
namespace {

char upper_case(char letter) {
  return letter >= 'a' && letter <= 'z' ? static_cast<char>(letter - 'a' + 'A') : letter;
}

/// At most `bytes_max` bytes, and no character cut in two.
std::string_view beginning(std::string_view text, std::size_t bytes_max) {
  if (text.size() <= bytes_max) return text;
  const auto goes_on = [text](std::size_t i) { return (text[i] & 0xC0) == 0x80; };
  std::size_t end = bytes_max;
  while (end > 0 && goes_on(end)) --end;
  return text.substr(0, end);
}

}  // namespace

std::string full_name(std::string_view gecos, std::string_view login) {
  std::string name;
  for (const char letter : gecos.substr(0, gecos.find(','))) {
    if (name.size() > full_name_bytes_max) break;
    if (letter != '&') {
      name += letter;
    } else if (!login.empty()) {
      name += upper_case(login.front());
      name += login.substr(1);
    }
  }
  return printable(beginning(name, full_name_bytes_max));
}

}  // namespace finger
