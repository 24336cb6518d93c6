#pragma once

namespace common {

/// Adds one to an eventfd(2), which wakes the loop that watches it. Async-signal-safe.
void wake(int eventfd);

/// Sets the eventfd to zero, so that the loop sleeps again. The eventfd may be zero already.
void clear_wake_ups(int eventfd);

}  // namespace common
