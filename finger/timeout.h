#pragma once

#include <optional>

#include "common/server/duration.h"

namespace finger {

/// The timeout for poll(2) to wait until `deadline`, in milliseconds; -1, forever, without a
/// deadline. Rounded up, because otherwise a loop would spin through the last one.
int timeout_ms(std::optional<common::Clock::time_point> deadline);

}  // namespace finger
