#pragma once

#include <atomic>
#include <cstddef>
#include <expected>
#include <functional>
#include <latch>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include "common/fd.h"
#include "common/server/process.h"
#include "ring_server/log_writer.h"
#include "ring_server/loop_server.h"

namespace ring_server {

/// Servers in one process, a thread and a ring each. A ring belongs to the thread that makes it, so
/// each server is made, run and ended in its own; one of them writes the log.
class WorkerGroup {
 public:
  /// Makes the i-th server, in its thread. `wake` is an eventfd(2): written to when what is
  /// shared has changed. Error: a line that says why not.
  using Create = std::function<std::expected<std::unique_ptr<LoopServer>, std::string>(
      std::size_t i, const common::Fd& wake)>;

  explicit WorkerGroup(Shared& shared, const common::ServerProfile& profile = {})
      : shared_(shared), profile_(profile) {}
  WorkerGroup(const WorkerGroup&) = delete;
  WorkerGroup& operator=(const WorkerGroup&) = delete;
  ~WorkerGroup();

  /// Makes them all, the first in the calling thread, which must call run(). Once. Returns why it
  /// cannot be done, or nothing.
  std::string start(std::size_t servers, const Create& create);

  /// Serves until stop() is called. Once. Returns the exit status: 1 when one of the servers has
  /// failed, which it says on stderr, and which stops the others through the common::SignalWakeup.
  int run();

  /// Drains, which ends run(). From any thread, and from a signal handler.
  void stop();

  /// What they share has changed. From any thread, and from a signal handler.
  void wake_all();

 private:
  enum class State { creating, running, given_up };

  std::unique_ptr<LoopServer> create_server(const Create& create, std::size_t i);
  void work(const Create& create, std::size_t i);
  void give_up(std::error_code error);

  Shared& shared_;
  const common::ServerProfile profile_;
  std::vector<common::Fd> wakes_;
  std::vector<std::string> complaints_;  ///< Why a server could not be made; empty: it was.
  std::optional<std::latch> created_;    ///< All have tried to make their server.
  std::unique_ptr<LoopServer> first_;
  std::unique_ptr<LogWriter> log_writer_;  ///< With a thread; those with a ring are of run().
  std::atomic<State> state_ = State::creating;
  std::atomic<bool> failed_ = false;
  std::vector<std::jthread> threads_;  ///< Of the others. Joined before the rest goes.
};

}  // namespace ring_server
