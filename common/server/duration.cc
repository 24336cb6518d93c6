#include "common/server/duration.h"

#include <fmt/format.h>

#include <cstdint>

#include "common/net/number.h"

namespace common {

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) {
  using std::chrono::milliseconds;
  if (text == "0") return milliseconds(0);

  const auto unit_at = text.find_first_not_of("0123456789");
  if (unit_at == std::string_view::npos) return std::nullopt;
  const auto unit = text.substr(unit_at);
  milliseconds one{};
  if (unit == "ms") {
    one = milliseconds(1);
  } else if (unit == "s") {
    one = std::chrono::seconds(1);
  } else if (unit == "m") {
    one = std::chrono::minutes(1);
  } else {
    return std::nullopt;
  }
  constexpr milliseconds longest = std::chrono::days(366);
  const auto count =
      parse_number(text.substr(0, unit_at), 0, static_cast<std::uint64_t>(longest / one));
  if (!count) return std::nullopt;
  return one * static_cast<std::int64_t>(*count);
}

std::string to_string(std::chrono::milliseconds duration) {
  const auto count = duration.count();
  if (count == 0) return "0";
  if (count % 1'000 == 0) return fmt::format("{}s", count / 1'000);
  return fmt::format("{}ms", count);
}

}  // namespace common
