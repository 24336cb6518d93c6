#pragma once

#include <cstdint>

#include "common/fd.h"
#include "common/loop/connection_limit.h"
#include "common/result.h"

/// What one of several loops gets.
struct Worker {
  common::ConnectionLimit& permits;  // --max-connections, for all loops together
  common::Fd epoll;
  common::Fd wake;  // an eventfd: a signal to stop, or a permit came back
  common::Fd listener;
  int door;  // what its epoll watches for new connections: the listener, or an epoll that holds it
  std::uint32_t door_events;
};

/// Opens the listeners, handles the signals, and calls `run_loop` in --workers threads. Returns the
/// exit status when all have returned. `run_loop` fails with errors that a retry can't cure.
int run_workers(common::Status (*run_loop)(Worker&));
