#pragma once

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cstdint>
#include <thread>

#include "common/fd.h"
#include "common/loop/connection_limit.h"

namespace tests {

/// Returns true if `end` closes the connection to `peer` before it gives the permit back. The limit
/// then wakes a waiter through an eventfd, but ours is full, so the write blocks, and we have time
/// to look.
template <typename End>
bool is_closed_before_its_permit_is_free(common::ConnectionLimit& limit, const common::Fd& peer,
                                         End end) {
  const common::Fd wake(::eventfd(0, EFD_CLOEXEC));
  const std::uint64_t full = UINT64_MAX - 1;
  (void)!::write(wake.get(), &full, sizeof full);
  limit.add_waiter(wake.get());
  bool is_closed = false;
  {
    const std::jthread looking([&] {
      pollfd watched{.fd = peer.get(), .events = POLLIN, .revents = 0};
      is_closed = ::poll(&watched, 1, 2000) == 1;  // the end of the stream, or a reset
      std::uint64_t count = 0;
      (void)!::read(wake.get(), &count, sizeof count);
    });
    end();
  }
  return is_closed;
}

}  // namespace tests
