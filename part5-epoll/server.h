#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "common/fd.h"
#include "common/loop/connection_limit.h"
#include "common/loop/deadline_list.h"
#include "common/loop/slab.h"
#include "common/loop/token.h"
#include "common/result.h"
#include "common/server/duration.h"
#include "common/server/log.h"
#include "common/server/options.h"
#include "common/session.h"
#include "connection.h"
#include "poller.h"

namespace stage {

/// Serves every client on one thread, which sleeps until the kernel says that one of them is ready.
class Server {
 public:
  /// A server that listens where `options` say. Errors: of socket(2), bind(2), listen(2),
  /// eventfd(2), Poller::create().
  static common::Result<std::unique_ptr<Server>> create(const common::Options& options,
                                                        common::MakeSession make_session);

  /// The same with what several servers of one process share: part 5 has such workers. Whoever is
  /// alone shares it with nobody.
  static common::Result<std::unique_ptr<Server>> create(
      const common::Options& options, common::MakeSession make_session, common::Fd listener,
      std::shared_ptr<common::ConnectionLimit> connection_limit, Poller poller);
  ~Server();

  std::string address() const;

  /// Serves until stop() is called. Errors: of accept(2), if they are not a client's or a shortage;
  /// of the poller.
  common::Status run();

  /// Ends run() in good order. From any thread, and from a signal handler.
  void stop();

 private:
  /// Why no newcomers are accepted at the moment.
  enum class Parked : std::uint8_t { no, no_place, shortage };

  struct Client {
    Connection connection;
    Readiness interest;
    common::DeadlineEntry deadline;
  };

  Server(const common::Options& options, common::MakeSession make_session, common::Fd listener,
         std::shared_ptr<common::ConnectionLimit> connection_limit, Poller poller, common::Fd wake);

  common::Status accept_new(common::Clock::time_point now);
  void park(Parked reason, common::Clock::time_point now);
  void resume(common::Clock::time_point now);
  void add(common::Accepted accepted, common::Clock::time_point now);
  void wake_up(common::Clock::time_point now);
  void advance(const Event& event, common::Clock::time_point now);
  void apply(common::Token token, Client& client, Connection::Action next,
             common::Clock::time_point now);
  void change_interest(common::Token token, Client& client, common::Clock::time_point now);
  void close(common::Token token, Client& client, common::Clock::time_point now);
  void close_overdue(common::Clock::time_point now);
  void begin_drain(common::Clock::time_point now);
  void close_acknowledged(common::Clock::time_point now);
  bool drained() const;
  std::optional<common::Clock::time_point> next_deadline() const;

  const common::Options& options_;
  common::MakeSession make_session_;
  common::Fd listener_;
  std::shared_ptr<common::ConnectionLimit> connection_limit_;
  Poller poller_;
  common::Fd
      wake_;  ///< An eventfd(2): somebody asks us to look at stopping_ and connection_limit_.
  Lent lent_;

  common::DeadlineList time_bounds_;  ///< All as far away as --read-timeout.
  common::DeadlineList lingers_;      ///< All as far away as linger_timeout.
  common::Slab<Client> clients_;      ///< After the lists, which its entries leave when they end.
  Parked parked_ = Parked::no;
  common::Clock::time_point accept_again_;  ///< After a shortage: not before, unless one leaves.
  std::atomic<bool> stopping_ = false;
  bool draining_ = false;
};

}  // namespace stage
