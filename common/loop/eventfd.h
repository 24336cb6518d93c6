#pragma once

namespace common {

/// Adds one to an eventfd(2): a loop that watches it wakes up. Async-signal-safe.
void wake(int eventfd);

/// Sets it to zero, so that the loop sleeps again; it may be zero already.
void clear_wake_ups(int eventfd);

}  // namespace common
