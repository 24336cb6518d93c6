#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <system_error>
#include <utility>

#include "common/fd.h"
#include "common/http/protocol.h"
#include "common/loop/connection_limit.h"
#include "common/loop/slab.h"
#include "common/result.h"
#include "common/server/log.h"
#include "common/server/options.h"
#include "connection.h"
#include "ring_server/acceptor.h"
#include "ring_server/loop_server.h"
#include "uring/buffers.h"
#include "uring/loop.h"
#include "uring/ring_options.h"
#include "uring/scope.h"
#include "uring/task.h"

namespace stage {

/// What can be chosen on this stage's command line.
struct Options : common::Options {
  std::size_t max_connections = common::default_max_connections;  ///< Of the whole process.
  std::size_t workers = 1;
  common::Protocol protocol = common::Protocol::echo;
  uring::Setup ring;
  std::string trace_file;  ///< Empty: none. Workers after the first add their number.
};

/// Serves every client on one thread, each in a coroutine that reads like part 1's.
class Server final : public ring_server::LoopServer, private ConversationOwner {
 public:
  /// A server that accepts from `listener`; for that, `shared` and `wake` see LoopServer. An empty
  /// `trace_file` means none. Errors: of uring::Loop::create(), uring::Buffers::create().
  static common::Result<std::unique_ptr<Server>> create(const Options& options,
                                                        ring_server::Shared& shared,
                                                        const std::string& trace_file,
                                                        common::Fd listener,
                                                        const common::Fd& wake);

 private:
  struct Client {
    Client(ConnectionContext& context, ring_server::Admitted admitted)
        : permit(std::move(admitted.permit)), connection(context, std::move(admitted.accepted)) {}

    common::Permit permit;  ///< Given back after the descriptor has been closed.
    Connection connection;
  };

  Server(const Options& options, ring_server::Shared& shared, std::unique_ptr<uring::Loop> loop,
         std::unique_ptr<uring::Buffers> buffers, ring_server::SharedListeners listeners,
         const common::Fd& wake);

  template <typename Session, typename... Arguments>
  uring::Task<> serve_client(Connection& connection, Arguments... arguments);

  uring::Task<> converse(Connection& connection) override;

  void begin(uring::Scope& conversations, uring::Scope& tasks) override;
  void add(ring_server::Admitted admitted) override;
  std::size_t clients() const override { return clients_.size(); }
  void begin_drain() override;
  void abandon() override;

  uring::Task<common::Status> enforce_read_timeout();
  void close(Connection& connection);

  const Options& options_;
  common::ConnectionLog log_;
  std::unique_ptr<uring::Buffers> buffers_;
  ConnectionContext context_;
  common::Slab<Client> clients_;  ///< After the context, which they use until they end.
};

}  // namespace stage
