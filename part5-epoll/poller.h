#pragma once

#include <sys/epoll.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "common/fd.h"
#include "common/loop/token.h"
#include "common/result.h"
#include "common/server/duration.h"
#include "common/server/options.h"
#include "connection.h"

namespace stage {

/// Something can be done without waiting. Where the kernel reports an error or a hang-up, that is
/// whatever was asked for: the call that is tried then says what has happened.
struct Event {
  common::Token token;
  Readiness ready;
};

/// Waits for the readiness of many descriptors with epoll(7): the kernel keeps the set, and tells
/// of the ready ones alone.
class Poller {
 public:
  /// `accept` says how it watches a listener that others watch as well; with AcceptHow::shared, by
  /// way of `shared_epoll`.
  static common::Result<Poller> create(common::AcceptHow accept = common::AcceptHow::reuseport,
                                       int shared_epoll = -1);

  /// Adds a descriptor, which must stay open until forget().
  common::Status watch(const common::Fd& fd, common::Token token, Readiness interest);

  /// Changes what is waited for.
  common::Status change(const common::Fd& fd, common::Token token, Readiness interest);

  /// Removes a descriptor. It is all right if it is not watched.
  void forget(const common::Fd& fd);

  common::Status watch_listener(const common::Fd& listener, common::Token token);
  void forget_listener(const common::Fd& listener);

  /// Waits until something is ready or `deadline` has come. The events are good until the next
  /// call. Errors: of epoll_wait(2).
  common::Result<std::span<const Event>> wait(std::optional<common::Clock::time_point> deadline);

 private:
  /// The most events of one wait. Who is left out is reported by the next.
  static constexpr std::size_t batch_events_max = 256;

  common::Status control(int operation, int number, common::Token token, std::uint32_t events);

  common::Fd epoll_;
  common::AcceptHow accept_ = common::AcceptHow::reuseport;
  int shared_epoll_ = -1;
  std::vector<epoll_event> reported_ = std::vector<epoll_event>(batch_events_max);
  std::vector<Event> events_ = std::vector<Event>(batch_events_max);
};

}  // namespace stage
