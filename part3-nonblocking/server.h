#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "common/fd.h"
#include "common/result.h"
#include "common/server/duration.h"
#include "common/server/log.h"
#include "common/server/options.h"
#include "connection.h"

namespace stage {

/// The options of this stage.
struct Options : common::Options {
  std::size_t max_connections = common::default_max_connections;
};

/// Serves every client on one thread, which never waits. Over and over, it asks each client in turn
/// whether there is something to do, and so keeps a core busy even when there is nothing.
class Server {
 public:
  /// Makes a server that listens where `options` say. Errors: of socket(2), bind(2), listen(2).
  static common::Result<std::unique_ptr<Server>> create(const Options& options);

  std::string address() const;

  /// Serves until stop() is called. Errors: of accept4(2), but only those that a retry can't cure.
  common::Status run();

  /// Begins an orderly stop, so that run() returns. Any thread may call it, or a signal handler.
  void stop();

 private:
  Server(const Options& options, common::Fd listener);

  common::Status accept_new(common::Clock::time_point now);
  void add(common::Accepted accepted);
  void advance_all(common::Clock::time_point now);
  void close(std::size_t i);
  void begin_drain();
  bool drained() const;

  const Options& options_;
  common::Fd listener_;
  common::RepeatedFault accept_fault_{"cannot accept"};
  Scratch scratch_;

  std::vector<std::unique_ptr<Connection>> clients_;
  common::Clock::time_point accept_again_;  ///< End of a shortage, if no connection closes first.
  std::atomic<bool> stopping_ = false;
  bool draining_ = false;
};

}  // namespace stage
