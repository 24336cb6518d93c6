#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "common/fd.h"
#include "common/loop/connection_limit.h"
#include "common/loop/deadline_list.h"
#include "common/loop/pending_headers.h"
#include "common/loop/slab.h"
#include "common/loop/token.h"
#include "common/result.h"
#include "common/server/duration.h"
#include "common/server/log.h"
#include "common/server/options.h"
#include "connection.h"
#include "poller.h"

namespace stage {

/// Serves every client on one thread, which sleeps until the kernel says that one of them is ready.
class Server {
 public:
  /// One worker: it accepts from `listener`, and shares `connection_limit` with the others. Errors:
  /// of eventfd(2), epoll_ctl(2).
  static common::Result<std::unique_ptr<Server>> create(
      const common::Options& options, common::Fd listener,
      std::shared_ptr<common::ConnectionLimit> connection_limit, Poller poller);
  ~Server();

  std::string address() const;

  /// Serves until stop() is called, or retire(), and those who are connected have left. Errors: of
  /// accept4(2), only those that trying again cannot cure; of epoll_wait(2).
  common::Status run();

  /// Begins an orderly stop: run() returns. From any thread, and from a signal handler.
  void stop();

  /// Accepts no more connections: a successor does. From any thread.
  void retire();

 private:
  /// Why no connection is accepted at the moment: --max-connections are open, or accept found no
  /// descriptor.
  enum class Parked : std::uint8_t { no, full, shortage };

  struct Client {
    Connection connection;
    Readiness interest;
    common::DeadlineEntry deadline;
  };

  Server(const common::Options& options, common::Fd listener,
         std::shared_ptr<common::ConnectionLimit> connection_limit, Poller poller, common::Fd wake,
         std::unique_ptr<common::PendingHeaders> headers);

  common::Status accept_new(common::Clock::time_point now);
  void park(Parked reason, common::Clock::time_point now);
  void resume();
  void admit(common::Accepted accepted, common::Clock::time_point now);
  void add_those_with_header(common::Clock::time_point now);
  void add(common::Accepted accepted, common::Clock::time_point now);
  void wake_up(common::Clock::time_point now);
  void advance(const Event& event, common::Clock::time_point now);
  void apply(common::Token token, Client& client, Connection::Action action);
  void change_interest(common::Token token, Client& client);
  void close(common::Token token, Client& client);
  void close_overdue(common::Clock::time_point now);
  void leave_listener();
  void begin_drain(common::Clock::time_point now);
  void close_acknowledged(common::Clock::time_point now);
  bool drained() const;
  std::optional<common::Clock::time_point> next_deadline() const;

  const common::Options& options_;
  common::Fd listener_;
  std::shared_ptr<common::ConnectionLimit> connection_limit_;
  Poller poller_;
  common::Fd wake_;  ///< An eventfd(2): look at stopping_, and again at connection_limit_.
  std::unique_ptr<common::PendingHeaders> headers_;  ///< Null without --proxy-protocol.
  Scratch scratch_;

  common::DeadlineList read_timeouts_;  ///< All with the timeout --read-timeout.
  common::DeadlineList lingers_;        ///< All with the timeout linger_timeout.
  common::Slab<Client> clients_;        ///< After the lists: its entries leave them when they end.
  Parked parked_ = Parked::no;
  common::Clock::time_point accept_again_;  ///< After a shortage: not before, unless one closes.
  std::atomic<bool> stopping_ = false;
  std::atomic<bool> retiring_ = false;
  bool draining_ = false;
};

}  // namespace stage
