#pragma once

#include <sys/socket.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>

#include "common/fd.h"
#include "common/loop/deadline_list.h"
#include "common/loop/slab.h"
#include "common/loop/token.h"
#include "common/net/address.h"
#include "common/result.h"
#include "common/server/duration.h"
#include "common/server/options.h"
#include "finger/steps/machine/client.h"
#include "finger/steps/machine/ring.h"

namespace machine {

struct Options {
  Options();

  common::Options process;  ///< --addr, --port
  std::size_t max_clients = 128;
  std::string users;
  bool quiet = false;                                             ///< No line for each client.
  std::chrono::milliseconds deadline = std::chrono::seconds(10);  ///< 0: none.

  /// No client takes longer than the deadline, so neither does a stop.
  std::chrono::milliseconds drain_timeout() const {
    return deadline.count() > 0 ? deadline : std::chrono::years(1);
  }
};

/// Serves every client on one thread: takes completions, looks up in the table what follows,
/// prepares that, and goes to sleep.
class Server {
 public:
  /// Errors: of Ring::create(), open(2), finger::Accounts::of_directory(), eventfd(2).
  /// Each comes as a line that says what was tried.
  static std::expected<std::unique_ptr<Server>, std::string> create(const Options& options,
                                                                    common::Fd listener);

  std::string address() const;

  /// Serves until stop() is called. Errors: of accept(2), if they are neither the connection's nor
  /// a shortage; of the ring.
  common::Status run();

  /// Begins an orderly stop: run() returns. From any thread, and from a signal handler.
  void stop();

 private:
  Server(const Options& options, common::Fd listener, std::unique_ptr<Ring> ring, common::Fd wake,
         Shared shared);

  void accept_if_there_is_room(common::Clock::time_point now);
  common::Status accept_connection(int result, common::Clock::time_point now);
  void complete(common::Token token, int result, common::Clock::time_point now);
  void set_deadline(common::Token token, Client& client, common::Clock::time_point now);
  void give_up_overdue(common::Clock::time_point now);
  void begin_drain();
  bool drained() const { return shared_.draining && !accepting_ && clients_.size() == 0; }
  std::optional<common::Clock::time_point> next_deadline() const;

  const Options& options_;
  common::Fd listener_;
  std::unique_ptr<Ring> ring_;
  common::Fd wake_;  ///< An eventfd(2), written to by stop().
  Shared shared_;

  bool accepting_ = false;  ///< An accept is in flight, and with it these three.
  common::Address peer_;
  socklen_t peer_bytes_ = 0;
  std::uint64_t wake_ups_ = 0;
  common::Clock::time_point accept_again_;  ///< After a shortage; earlier if a client leaves.

  common::DeadlineList deadlines_;  ///< All with the timeout --deadline.
  common::DeadlineList lingers_;    ///< All with the timeout linger_timeout.
  common::Slab<Client> clients_;    ///< After the lists, which its entries leave when they end.
};

}  // namespace machine
