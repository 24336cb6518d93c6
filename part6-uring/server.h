#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <string>

#include "common/fd.h"
#include "common/http/protocol.h"
#include "common/loop/connection_limit.h"
#include "common/loop/slab.h"
#include "common/result.h"
#include "common/server/log.h"
#include "connection.h"
#include "ring_server/acceptor.h"
#include "ring_server/background.h"
#include "ring_server/log_writer.h"
#include "ring_server/metrics.h"
#include "ring_server/options.h"
#include "uring/buffers.h"
#include "uring/loop.h"
#include "uring/setup.h"
#include "uring/task.h"

namespace stage {

/// What can be chosen on this stage's command line.
struct Options : ring_server::Options {
  common::Protocol protocol = common::Protocol::echo;
  uring::Setup ring;
  std::string trace_file;  ///< Empty: none. Workers after the first add their number.
};

/// What the servers of one process share.
struct Shared {
  Shared(const Options& chosen, uring::Metrics& counted)
      : options(chosen), metrics(counted), connection_limit(chosen.max_connections) {}

  const Options& options;
  uring::Metrics& metrics;
  common::ConnectionLimit connection_limit;
  std::atomic<bool> stopping = false;
  std::atomic<bool> retiring = false;
};

/// Serves every client on one thread, each in a coroutine that reads like part 1's.
class Server {
 public:
  /// What SIGUSR1 and --metrics tell of servers like this.
  static uring::MetricsProfile metrics_profile();

  /// A server that accepts from `listener`, a non-blocking one. It must run and end on the thread
  /// that makes it, the only one that may use its ring. `wake` is an eventfd(2): written to when
  /// what is shared has changed. An empty `trace_file` means none.
  /// It is the i-th of those that share.
  /// Errors: of uring::Loop::create(), uring::Buffers::create().
  static common::Result<std::unique_ptr<Server>> create(Shared& shared, std::size_t i,
                                                        const std::string& trace_file,
                                                        common::Fd listener,
                                                        const common::Fd& wake);

  /// Serves until it is woken and `stopping` is set; or `retiring` is set, and those who are
  /// connected have left. Errors: of accept(2), only those that trying again cannot cure.
  common::Status run(uring::LogWriter* log_writer);

 private:
  Server(Shared& shared, std::size_t i, std::unique_ptr<uring::Loop> loop,
         std::unique_ptr<uring::Buffers> buffers, common::Fd listener, const common::Fd& wake);

  template <typename Session, typename... Arguments>
  uring::Task<> serve_client(Connection& connection, Arguments... arguments);

  uring::Task<common::Status> work();
  uring::Task<> accept_clients();
  uring::Task<common::Status> enforce_read_timeout();

  void admit(common::Accepted accepted);
  uring::Task<> add_after_header(common::Accepted accepted);
  void add(common::Accepted accepted);
  void close(Connection& connection);
  void begin_drain();
  void publish();

  Shared& shared_;
  uring::WorkerCounters& counters_;
  const bool is_first_;
  const Options& options_;
  common::ConnectionLog log_;
  std::unique_ptr<uring::Loop> loop_;
  std::unique_ptr<uring::Buffers> buffers_;
  common::Fd listener_;

  uring::Background background_;
  uring::Acceptor acceptor_;
  ConnectionContext context_;
  uring::Scope* awaiting_header_ = nullptr;
  common::Slab<Connection> clients_;  ///< After the context, which they use until they end.
};

}  // namespace stage
