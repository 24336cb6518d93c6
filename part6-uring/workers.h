#pragma once

#include <atomic>
#include <cstddef>
#include <expected>
#include <latch>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include "common/fd.h"
#include "common/options.h"
#include "common/result.h"
#include "server.h"
#include "uring/features.h"

namespace stage {

/// What only this stage can be told.
struct RingOptions {
  uring::Setup setup;
  std::string trace_file;  ///< Empty: none. Workers after the first add their number.
};

/// Sockets for so many workers, on one address. Errors: of socket(2), bind(2), listen(2).
common::Result<std::vector<common::Fd>> open_listeners(const common::Options& options);

/// Several servers in one process, a thread and a ring each. They share the address,
/// --max-connections and nothing else; the kernel spreads newcomers over them.
class Workers {
 public:
  /// A server for each listener, the first for the calling thread. Error: a line that says what is
  /// missing, and what to do about it.
  static std::expected<std::unique_ptr<Workers>, std::string> create(
      const common::Options& options, const RingOptions& ring, std::vector<common::Fd> listeners);
  ~Workers();

  std::string address() const { return address_; }

  /// Serves until stop() is called. Once. Returns the exit status: 1 when one of the servers has
  /// failed, which it says on stderr, and which stops the others through the common::StopHandler.
  int run();

  /// Ends run() in good order. From any thread, and from a signal handler.
  void stop();

 private:
  enum class State { creating, running, given_up };

  Workers(const common::Options& options, const RingOptions& ring)
      : shared_(options), ring_(ring) {}
  std::string start_all(std::vector<common::Fd> listeners);
  std::unique_ptr<Server> create_server(std::size_t i, common::Fd listener);
  void work(std::size_t i, common::Fd listener);
  void give_up(std::error_code error);

  Shared shared_;
  const RingOptions& ring_;
  std::string address_;
  std::vector<common::Fd> wakes_;
  std::vector<std::string> complaints_;  ///< Why a server could not be made; empty: it was.
  std::optional<std::latch> created_;    ///< All have tried to make their server.
  std::unique_ptr<Server> first_;
  std::atomic<State> state_ = State::creating;
  std::atomic<bool> failed_ = false;
  std::vector<std::jthread> threads_;  ///< Of the others. Joined before the rest goes.
};

}  // namespace stage
