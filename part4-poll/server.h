#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "common/fd.h"
#include "common/loop/deadline_list.h"
#include "common/loop/slab.h"
#include "common/loop/token.h"
#include "common/result.h"
#include "common/server/duration.h"
#include "common/server/log.h"
#include "common/server/options.h"
#include "connection.h"
#include "poller.h"

namespace stage {

/// The options of this stage.
struct Options : common::Options {
  std::size_t max_connections = common::default_max_connections;
};

/// Serves every client on one thread, which sleeps until the kernel says that one of them is ready.
class Server {
 public:
  /// Makes a server that listens where `options` say. Errors: of socket(2), bind(2), listen(2),
  /// eventfd(2).
  static common::Result<std::unique_ptr<Server>> create(const Options& options);

  std::string address() const;

  /// Serves until stop() is called. Errors: of accept4(2), but only those that a retry can't cure;
  /// of poll(2).
  common::Status run();

  /// Begins an orderly stop, so that run() returns. Any thread may call it, or a signal handler.
  void stop();

 private:
  /// Why we accept no connections at the moment: --max-connections are open, or accept found no
  /// descriptor.
  enum class Parked : std::uint8_t { no, full, shortage };

  struct Client {
    Connection connection;
    Readiness interest;
    common::DeadlineEntry deadline;
  };

  Server(const Options& options, common::Fd listener, common::Fd wake);

  common::Status accept_new(common::Clock::time_point now);
  void park(Parked reason, common::Clock::time_point now);
  void resume();
  void add(common::Accepted accepted);
  void wake_up();
  void advance(const Event& event);
  void apply(common::Token token, Client& client, Connection::Action action);
  void change_interest(common::Token token, Client& client);
  void close(common::Token token, Client& client);
  void close_overdue(common::Clock::time_point now);
  void begin_drain();
  void close_acknowledged();
  bool drained() const;
  std::optional<common::Clock::time_point> next_deadline() const;

  const Options& options_;
  common::Fd listener_;
  common::RepeatedFault accept_fault_{"cannot accept"};
  Poller poller_;
  common::Fd wake_;  ///< An eventfd(2), written to by stop().
  Scratch scratch_;

  common::DeadlineList read_timeouts_;  ///< All with the timeout --read-timeout.
  common::DeadlineList lingers_;        ///< All with the timeout linger_timeout.
  common::Slab<Client> clients_;        ///< Destroyed first, so its entries can leave the lists.
  Parked parked_ = Parked::no;
  common::Clock::time_point accept_again_;  ///< End of a shortage, if no connection closes first.
  std::atomic<bool> stopping_ = false;
  bool draining_ = false;
};

}  // namespace stage
