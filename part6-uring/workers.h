#pragma once

#include <cstddef>
#include <expected>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "common/fd.h"
#include "common/server/options.h"
#include "ring_server/worker_group.h"
#include "server.h"

namespace stage {

/// Several servers in one process, a thread and a ring each. They share the address,
/// --max-connections and nothing else; the kernel spreads new connections over them.
class Workers {
 public:
  /// A server for each of the listeners, which are those of one address; the first is for the
  /// calling thread. Error: a line that says what is missing, and what to do about it.
  static std::expected<std::unique_ptr<Workers>, std::string> create(
      const Options& options, std::vector<common::Fd> listeners);

  std::string address() const { return address_; }

  // See WorkerGroup.
  int run() { return worker_group_.run(); }
  void stop() { worker_group_.stop(); }

 private:
  Workers(const Options& options, std::string address, std::vector<common::Fd> listeners)
      : options_(options),
        address_(std::move(address)),
        listeners_(std::move(listeners)),
        shared_(options, options.max_connections),
        worker_group_(shared_) {}
  std::expected<std::unique_ptr<ring_server::LoopServer>, std::string> create_server(
      std::size_t i, const common::Fd& wake);

  const Options& options_;
  const std::string address_;
  std::vector<common::Fd> listeners_;  ///< One for each server, which takes it.
  ring_server::Shared shared_;
  ring_server::WorkerGroup worker_group_;  ///< The last: its threads use the others.
};

}  // namespace stage
