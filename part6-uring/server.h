#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <string>

#include "acceptor.h"
#include "background.h"
#include "client.h"
#include "common/fd.h"
#include "common/http/protocol_option.h"
#include "common/loop/connection_limit.h"
#include "common/result.h"
#include "common/server/log.h"
#include "common/server/options.h"
#include "uring/buffers.h"
#include "uring/loop.h"
#include "uring/scope.h"
#include "uring/setup.h"
#include "uring/task.h"

namespace stage {

/// The options of this stage.
struct Options : common::Options {
  std::size_t max_connections = common::default_max_connections;  ///< All workers share them.
  std::size_t workers = 1;
  common::Protocol protocol = common::Protocol::echo;
  uring::Setup ring;
  std::chrono::milliseconds spin{};  ///< How long to look at the ring before sleeping.
  std::string trace_file;            ///< Empty: none. Workers after the first add their number.
};

/// Serves every client on one thread, each in a coroutine that reads like part 1's.
class Server {
 public:
  /// Makes one worker. It accepts from `listener`, which must be non-blocking, and shares
  /// `connection_limit` with the others. Errors: of eventfd(2), uring::Loop::create(),
  /// uring::Buffers::create().
  static common::Result<std::unique_ptr<Server>> create(const Options& options, common::Fd listener,
                                                        common::ConnectionLimit& connection_limit);

  /// Call it before run().
  void set_trace(std::unique_ptr<uring::Trace> trace) { loop_->set_trace(std::move(trace)); }

  std::string address() const;

  /// Serves until stop() is called, and then drains. Call it once, because the ring belongs to the
  /// calling thread. Errors: of accept(2), but only those that a retry can't cure; of
  /// uring::Loop::enable().
  common::Status run();

  /// Begins an orderly stop, so that run() returns. Any thread may call it, or a signal handler.
  void stop();

 private:
  Server(const Options& options, common::Fd listener, common::ConnectionLimit& connection_limit,
         std::unique_ptr<uring::Loop> loop, std::unique_ptr<uring::Buffers> buffers,
         common::Fd wake);

  uring::Task<common::Status> serve_until_stopped();
  uring::Task<common::Status> accept_clients();
  uring::Task<> serve_client(Admitted admitted);
  void begin_drain();

  const Options& options_;
  common::ConnectionLog log_;
  std::unique_ptr<uring::Loop> loop_;
  std::unique_ptr<uring::Buffers> buffers_;
  const common::Fd listener_;
  common::Fd wake_;  ///< An eventfd(2), written to by stop(), and when a permit is free.
  Background background_;
  Acceptor acceptor_;
  Context context_;
  std::atomic<bool> stopping_ = false;
  uring::Scope clients_;  ///< Last, because they use the others.
};

}  // namespace stage
