#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>

#include "common/fd.h"
#include "common/net/accept.h"
#include "common/result.h"
#include "common/server/log.h"
#include "common/server/options.h"

namespace stage {

/// Serves one client at a time. While it waits for that one, all others wait.
class Server {
 public:
  /// Makes a server that listens where `options` say. Errors: of socket(2), bind(2), listen(2).
  static common::Result<std::unique_ptr<Server>> create(const common::Options& options);

  std::string address() const;

  /// Serves until stop() is called. Errors: of accept4(2), but only those that a retry can't cure.
  common::Status run();

  /// Begins an orderly stop, so that run() returns. Any thread may call it.
  void stop();

 private:
  Server(const common::Options& options, common::Fd listener);

  void serve_client(common::Accepted client);
  void begin_serving(int socket);
  void end_serving();

  const common::Options& options_;
  common::Fd listener_;
  common::ConnectionLog log_;
  common::RepeatedFault accept_fault_{"cannot accept"};

  std::atomic<bool> stopping_ = false;
  std::mutex mutex_;
  int serving_socket_ = -1;  ///< Of the connection that stop() must interrupt.
};

}  // namespace stage
