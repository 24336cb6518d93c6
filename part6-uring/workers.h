#pragma once

#include <atomic>
#include <expected>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/loop/connection_limit.h"
#include "server.h"

namespace stage {

/// Several servers in one process, each with its own thread and ring. They share the address,
/// --max-connections and nothing else; the kernel spreads new connections over them.
class Workers {
 public:
  /// Makes as many servers as --workers says. All listen from now on, so a client that connects
  /// before run() starts their threads waits in a backlog. Error: a line that says what is missing,
  /// and what to do about it.
  static std::expected<std::unique_ptr<Workers>, std::string> create(const Options& options);

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
  std::vector<std::unique_ptr<Server>> servers_;
  std::atomic<bool> failed_ = false;
};

}  // namespace stage
