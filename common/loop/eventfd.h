#pragma once

namespace common {

/// Adds one to an eventfd(2): a loop that watches it wakes up. Async-signal-safe.
void wake(int eventfd);

}  // namespace common
