#pragma once

#include <memory>
#include <optional>
#include <system_error>
#include <utility>

#include "common/fd.h"
#include "common/loop/deadline_list.h"
#include "common/loop/slab.h"
#include "common/result.h"
#include "common/server/duration.h"
#include "common/server/proxied_connection.h"

namespace common {

/// Connections from proxies, until their PROXY header has come or their time is over. An epoll of
/// its own watches them, and a loop watches that like any other descriptor:
///
///     headers.add(std::move(accepted), now + read_timeout);
///     …
///     while (auto next = headers.next(now)) { … }   // when epoll() is readable, or soonest() past
class PendingHeaders {
 public:
  /// Errors: of epoll_create1(2).
  static Result<std::unique_ptr<PendingHeaders>> create();

  /// Readable when a header can be received.
  const Fd& epoll() const { return epoll_; }

  /// `deadline` is not before that of any other. Errors: of epoll_ctl(2).
  Status add(Accepted accepted, Clock::time_point deadline);

  bool empty() const { return pending_.size() == 0; }

  /// When the first is overdue; Clock::time_point::max(): never.
  Clock::time_point soonest() const {
    return deadlines_.soonest().value_or(Clock::time_point::max());
  }

  /// One that needs to wait no longer: it comes from the client that its header names. No
  /// descriptor: it was closed without a header, which is logged. nullopt: the others wait.
  std::optional<Accepted> next(Clock::time_point now);

  /// What the kernel has received is all that comes. next() ends the wait of each.
  void end_streams();

 private:
  struct Pending {
    explicit Pending(Accepted accepted) : connection(std::move(accepted)) {}
    ProxiedConnection connection;
    DeadlineEntry deadline;
  };

  explicit PendingHeaders(Fd epoll) : epoll_(std::move(epoll)) {}
  Accepted close(Token token, std::error_code reason);

  Fd epoll_;
  DeadlineList deadlines_;
  Slab<Pending> pending_;  ///< After the list: its entries leave it when they end.
};

}  // namespace common
