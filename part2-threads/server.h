#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <system_error>
#include <unordered_set>
#include <utility>

#include "common/fd.h"
#include "common/net/address.h"
#include "common/result.h"
#include "common/server/log.h"
#include "common/server/options.h"

namespace stage {

/// The options of this stage.
struct Options : common::Options {
  std::size_t max_connections = common::default_max_connections;
  std::size_t workers = 0;  ///< 0: a thread for each client.
};

/// Serves every client on a thread of its own or, with --workers, on one of a fixed pool of
/// threads. A thread that waits for its client keeps no other client waiting.
class Server {
 public:
  /// Makes a server that listens where `options` say. Errors: of socket(2), bind(2), listen(2).
  static common::Result<std::unique_ptr<Server>> create(const Options& options);

  std::string address() const;

  /// Serves until stop() is called. Returns the exit status, which is 1 if no more clients can be
  /// accepted. In that case the server logs why, and stops through the common::SignalThread.
  int run();

  /// Begins an orderly stop, so that run() returns. Any thread may call it.
  void stop();

 private:
  Server(const Options& options, common::Fd listener);

  /// One of the permits that --max-connections allows. The destructor gives it back.
  class Permit {
   public:
    explicit Permit(Server& server) : server_(&server) {}
    Permit(Permit&& other) noexcept : server_(std::exchange(other.server_, nullptr)) {}
    Permit& operator=(Permit&&) = delete;
    ~Permit() {
      if (server_ != nullptr) server_->release_permit();
    }

   private:
    Server* server_;
  };

  struct Client {
    Permit permit;  ///< Destroyed after `fd`: a free permit means a free descriptor.
    common::Fd fd;
    common::Address peer;
  };

  void run_threads();
  void run_pool();
  void accept_clients(void (Server::*serve_one)(Client));
  void give_up(std::string_view why);
  std::optional<Permit> acquire_permit();
  void release_permit();
  void start_thread(Client client);
  void serve_client(Client client);
  void begin_serving(int socket);
  void end_serving(int socket);

  const Options& options_;
  common::Fd listener_;
  common::ConnectionLog log_;
  common::RepeatedFault accept_fault_{"cannot accept"};
  common::RepeatedFault thread_fault_{"cannot start a thread"};

  std::atomic<bool> failed_ = false;
  std::atomic<bool> stopping_ = false;
  std::mutex mutex_;
  std::unordered_set<int> serving_sockets_;  ///< Of the connections that stop() must interrupt.
  std::size_t permits_taken_ = 0;            ///< Held by connections, and by accepts in progress.
  std::condition_variable changed_;          ///< Notified when a permit is free, or by stop().
};

}  // namespace stage
