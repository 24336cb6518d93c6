#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <string>
#include <system_error>
#include <vector>

#include "common/fd.h"
#include "common/result.h"
#include "common/server/options.h"
#include "server.h"

namespace stage {

/// Several servers in one process, each on its own thread. They share the address,
/// --max-connections and nothing else; --accept says how new connections are spread over them.
class Workers {
 public:
  /// Makes as many servers as --workers says. All listen from now on, so a client that connects
  /// before run() starts their threads waits in a backlog. Errors: of socket(2), bind(2),
  /// listen(2), fcntl(2), epoll_create1(2), Server::create().
  static common::Result<std::unique_ptr<Workers>> create(const Options& options);

  std::string address() const;

  /// Serves until stop() is called. Returns the exit status: 1 if one of the servers failed, in
  /// which case run() has logged why and stopped the others through the common::SignalWakeup.
  int run();

  /// Begins an orderly stop, so that run() returns. Any thread may call it, or a signal handler.
  void stop();

 private:
  explicit Workers(const Options& options)
      : options_(options), connection_limit_(options.max_connections) {}
  void give_up(std::string_view why);

  const Options& options_;
  common::ConnectionLimit connection_limit_;
  /// Holds the listener with --accept shared, and every worker watches it.
  common::Fd shared_epoll_;
  std::vector<std::unique_ptr<Server>> servers_;
  std::atomic<bool> failed_ = false;
};

}  // namespace stage
