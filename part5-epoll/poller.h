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
#include "connection.h"

namespace stage {

/// How the workers of one process share its new connections.
enum class AcceptHow { reuseport, exclusive, shared };

/// Readiness of one descriptor. An error or a hang-up counts as ready in both directions, because
/// the call that we then try reports it.
struct Event {
  common::Token token;
  Readiness ready;
};

/// Waits for the readiness of many descriptors with epoll(7). The kernel keeps the set, and reports
/// only the ready ones.
class Poller {
 public:
  /// `accept` says how to watch a listener that other workers watch as well; with
  /// AcceptHow::shared, through `shared_epoll`. Errors: of epoll_create1(2).
  static common::Result<Poller> create(AcceptHow accept, int shared_epoll);

  /// Adds a descriptor, which must stay open until forget(). Errors: of epoll_ctl(2).
  common::Status watch(const common::Fd& fd, common::Token token, Readiness interest);

  /// Changes the interest in a descriptor. Errors: of epoll_ctl(2).
  common::Status change(const common::Fd& fd, common::Token token, Readiness interest);

  /// Removes a descriptor, if it is watched.
  void forget(const common::Fd& fd);

  /// Adds or removes the listener, which several workers may watch.
  common::Status watch_listener(const common::Fd& listener, common::Token token);
  void forget_listener(const common::Fd& listener);

  /// Waits until something is ready or `deadline` is reached. The events are good until the next
  /// call. Errors: of epoll_wait(2).
  common::Result<std::span<const Event>> wait(std::optional<common::Clock::time_point> deadline);

 private:
  /// The most events of one wait. The next wait reports the others.
  static constexpr std::size_t batch_events_max = 256;

  common::Status control(int operation, int number, common::Token token, std::uint32_t events);

  common::Fd epoll_;
  AcceptHow accept_ = AcceptHow::reuseport;
  int shared_epoll_ = -1;
  std::vector<Event> events_;
};

}  // namespace stage
