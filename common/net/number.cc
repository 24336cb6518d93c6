#include "common/net/number.h"

#include <charconv>
#include <system_error>

namespace common {

std::optional<std::uint64_t> parse_number(std::string_view text, std::uint64_t smallest,
                                          std::uint64_t largest) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  if (number < smallest || number > largest) return std::nullopt;
  return number;
}

}  // namespace common
