#include "finger/timeout.h"

#include <algorithm>
#include <limits>

namespace finger {

int timeout_ms(std::optional<common::Clock::time_point> deadline) {
  using std::chrono::milliseconds;
  if (!deadline) return -1;
  const auto left = std::chrono::ceil<milliseconds>(*deadline - common::Clock::now()).count();
  constexpr milliseconds::rep longest = std::numeric_limits<int>::max();
  return static_cast<int>(std::clamp(left, milliseconds::rep{0}, longest));
}

}  // namespace finger
