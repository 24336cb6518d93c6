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

/// Several servers in one process, a thread each. They share the address, --max-connections and
/// nothing else; how new connections are spread over them is --accept.
class Workers {
 public:
  /// As many servers as --workers says. They listen from now on: a client that connects before
  /// run() has started their threads waits in a backlog. Errors: of socket(2), bind(2), listen(2),
  /// fcntl(2), epoll_create1(2), Server::create().
  static common::Result<std::unique_ptr<Workers>> create(const Options& options);

  std::string address() const;

  /// Serves until stop() is called. Returns the exit status: 1 when one of the servers has failed,
  /// which is said on stderr and stops the others through the common::SignalWakeup.
  int run();

  /// Begins an orderly stop: run() returns. From any thread, and from a signal handler.
  void stop();

 private:
  explicit Workers(const Options& options)
      : options_(options), connection_limit_(options.max_connections) {}
  void give_up(std::string_view why);

  const Options& options_;
  common::ConnectionLimit connection_limit_;
  /// With --accept shared it holds the listener, and every worker watches it.
  common::Fd shared_epoll_;
  std::vector<std::unique_ptr<Server>> servers_;
  std::atomic<bool> failed_ = false;
};

}  // namespace stage
