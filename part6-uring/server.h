#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <string>

#include "acceptor.h"
#include "background.h"
#include "common/fd.h"
#include "common/http/protocol_option.h"
#include "common/loop/connection_limit.h"
#include "common/result.h"
#include "common/server/log.h"
#include "common/server/options.h"
#include "connection.h"
#include "uring/buffers.h"
#include "uring/loop.h"
#include "uring/ring_options.h"
#include "uring/scope.h"
#include "uring/task.h"

namespace stage {

/// What can be chosen on this stage's command line.
struct Options : common::Options {
  std::size_t max_connections = common::default_max_connections;  ///< All workers share them.
  std::size_t workers = 1;
  common::Protocol protocol = common::Protocol::echo;
  uring::Setup ring;
  std::string trace_file;  ///< Empty: none. Workers after the first add their number.
};

/// What the servers of one process share.
struct Shared {
  explicit Shared(const Options& options) : connection_limit(options.max_connections) {}

  common::ConnectionLimit connection_limit;
  std::atomic<bool> stopping = false;
};

/// Serves every client on one thread, each in a coroutine that reads like part 1's. A server must
/// run and end on the thread that makes it, the only one that may use its ring.
class Server {
 public:
  /// A server that accepts from `listener`, which is non-blocking. `wake` is an eventfd(2), written
  /// to when `shared` has changed. An empty `trace_file` means none.
  /// Errors: of uring::Loop::create(), uring::Buffers::create().
  static common::Result<std::unique_ptr<Server>> create(const Options& options, Shared& shared,
                                                        const std::string& trace_file,
                                                        common::Fd listener,
                                                        const common::Fd& wake);

  /// Serves until it is woken and `stopping` is set, and then drains. Errors: of accept(2), only
  /// those that trying again cannot cure; of reading `wake`.
  common::Status run();

 private:
  Server(const Options& options, Shared& shared, std::unique_ptr<uring::Loop> loop,
         std::unique_ptr<uring::Buffers> buffers, common::Fd listener, const common::Fd& wake);

  uring::Task<common::Status> serve_until_stopped();
  uring::Task<common::Status> accept_clients();
  void add(Admitted client);
  template <typename Session>
  uring::Task<> serve_client(Admitted client, Session session);
  void begin_drain();

  const Options& options_;
  Shared& shared_;
  common::ConnectionLog log_;
  std::unique_ptr<uring::Loop> loop_;
  std::unique_ptr<uring::Buffers> buffers_;
  common::Fd listener_;  ///< While it accepts.
  Background background_;
  Acceptor acceptor_;
  ConnectionContext context_;
  uring::Scope clients_;  ///< The last: they use the others.
};

}  // namespace stage
