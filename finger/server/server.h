#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <system_error>
#include <vector>

#include "common/fd.h"
#include "common/net/address.h"
#include "common/net/listen.h"
#include "common/net/socket.h"
#include "common/server/constants.h"
#include "finger/server/context.h"
#include "finger/server/home.h"
#include "finger/server/shared.h"
#include "ring_server/acceptor.h"
#include "ring_server/background.h"
#include "ring_server/log_writer.h"
#include "uring/condition.h"
#include "uring/loop.h"
#include "uring/scope.h"
#include "uring/wait/canceller.h"

namespace finger {

/// Makes a server's ring ready, in the thread that will use it and before anything else does:
/// registers the credentials of each account's owner, restricts and enables the ring. Returns the
/// ring's number for the credentials of the i-th of accounts.all(); 0: none, our own rights.
using PrepareRing =
    std::function<Result<std::vector<std::uint16_t>>(uring::Loop& loop, const Accounts& accounts)>;

/// Serves clients on one thread and one ring, with a coroutine for each: serve.cc.
class Server {
 public:
  /// It must run and end on the thread that makes it, the only one that may use its ring. `wake` is
  /// an eventfd(2), written to when `shared` has changed. `prepare` may be empty. It is the i-th of
  /// those that share.
  /// Errors: of uring::Loop::create(), of `prepare`.
  static Result<std::unique_ptr<Server>> create(Shared& shared, std::size_t i,
                                                const common::Fd& wake, const PrepareRing& prepare);

  /// Serves until it is woken and `stopping` is set, and every query that is complete by then has
  /// its answer; or `retiring` is set, and every connection that it has accepted is served. Error:
  /// of accept(2), if it is neither the connection's nor a shortage.
  Status run(uring::LogWriter* log_writer);

 private:
  Server(Shared& shared, std::size_t i, std::unique_ptr<uring::Loop> loop, const common::Fd& wake,
         std::vector<std::uint16_t> credentials);

  uring::Task<Status> work();
  uring::Task<Status> beat();
  void admit(common::Accepted accepted);
  uring::Task<> add_after_header(common::Accepted accepted);
  void add(common::Accepted accepted);

  // For the conversations, by way of context_.
  std::uint16_t credentials_of(const Roster& roster, const Account& account) const;
  void connection_closed(const common::Address& peer);

  /// Of what runs in conversations_. A server that retires waits for the last.
  void one_has_ended();
  uring::Task<> close(common::Fd file);

  Shared& shared_;
  uring::WorkerCounters& counters_;
  const bool is_first_;
  std::unique_ptr<uring::Loop> loop_;
  const std::vector<std::uint16_t> credentials_;
  std::array<std::byte, common::scratch_bytes> discarded_;

  uring::Background background_;
  uring::Acceptor acceptor_;
  uring::Canceller receiving_;
  uring::Canceller lingering_;
  Homes homes_;
  const Context context_;
  uring::Scope* awaiting_header_ = nullptr;  ///< While work() runs, and so is the next.
  uring::Scope* conversations_ = nullptr;
};

}  // namespace finger
