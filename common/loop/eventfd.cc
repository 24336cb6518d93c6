#include "common/loop/eventfd.h"

#include <unistd.h>

#include <cstdint>

namespace common {

void wake(int eventfd) {
  const std::uint64_t one = 1;
  // Only with 2^64 - 2 wake-ups pending does this fail (EAGAIN), when one more doesn't matter, or
  // wait, without EFD_NONBLOCK. eventfd(2)
  (void)!::write(eventfd, &one, sizeof one);
}

void clear_wake_ups(int eventfd) {
  std::uint64_t wake_ups = 0;
  (void)!::read(eventfd, &wake_ups, sizeof wake_ups);  // EAGAIN if it is zero
}

}  // namespace common
