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

/// So many sockets the workers can listen on: one each with --accept reuseport, else one for all.
std::size_t listeners_max(const common::Options& options);

/// That many sockets, all on one address. Errors: of socket(2), bind(2), listen(2).
common::Result<std::vector<common::Fd>> open_listeners(const common::Options& options);

/// Several servers in one process, a thread each. They share the address, --max-connections and
/// nothing else; how new connections are spread over them is --accept.
class Workers {
 public:
  /// As many servers as --workers says, or one, on those listeners. A client that connects before
  /// run() has started their threads waits in a backlog. Errors: of fcntl(2), epoll_create1(2),
  /// Server::create().
  static common::Result<std::unique_ptr<Workers>> create(const common::Options& options,
                                                         std::vector<common::Fd> listeners);

  std::string address() const;

  /// Serves until stop() is called. Returns the exit status: 1 when one of the servers has failed,
  /// which is said on stderr and stops the others through the common::SignalWakeup.
  int run();

  /// Begins an orderly stop: run() returns. From any thread, and from a signal handler.
  void stop();

  /// Accepts no more connections, and ends run() when those that there are have left. From any
  /// thread.
  void retire();

 private:
  explicit Workers(const common::Options& options) : options_(options) {}
  common::Status add_servers(const common::Options& options, std::vector<common::Fd> listeners);
  void give_up(std::error_code error);

  const common::Options& options_;
  /// With --accept shared: it holds the listener, and every worker watches it.
  common::Fd shared_epoll_;
  std::vector<std::unique_ptr<Server>> servers_;
  std::atomic<bool> failed_ = false;
};

}  // namespace stage
