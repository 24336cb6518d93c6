#pragma once

#include <atomic>
#include <cstddef>
#include <expected>
#include <latch>
#include <memory>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include "common/fd.h"
#include "server.h"

namespace stage {

/// Several servers in one process, a thread and a ring each. They share the address,
/// --max-connections and nothing else; the kernel spreads new connections over them. A ring belongs
/// to the thread that makes it, so each server is made, run and ended in its own.
class Workers {
 public:
  /// A server for each of the listeners, which are those of one address; the first is for the
  /// calling thread, which must call run(). Error: a line that says what is missing, and what to do
  /// about it.
  static std::expected<std::unique_ptr<Workers>, std::string> create(
      const Options& options, std::vector<common::Fd> listeners);
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;
  ~Workers();

  std::string address() const { return address_; }

  /// Serves until stop() is called. Once. Returns the exit status: 1 when one of the servers has
  /// failed, which is said on stderr and stops the others through the common::SignalWakeup.
  int run();

  /// Begins an orderly stop: run() returns. From any thread, and from a signal handler.
  void stop();

 private:
  enum class State { creating, running, given_up };

  Workers(const Options& options, std::string address, std::vector<common::Fd> listeners);
  std::expected<void, std::string> start();
  std::unique_ptr<Server> create_server(std::size_t i);
  std::expected<std::unique_ptr<Server>, std::string> try_to_create_server(std::size_t i);
  void work(std::size_t i);
  void give_up(std::error_code error);

  const Options& options_;
  const std::string address_;
  std::vector<common::Fd> listeners_;  ///< One for each server, which takes it.
  Shared shared_;
  std::vector<common::Fd> wakes_;
  std::vector<std::expected<void, std::string>> outcomes_;  ///< Why a server could not be made.
  std::latch created_;  ///< All others have tried to make theirs.
  std::unique_ptr<Server> first_;
  std::atomic<State> state_ = State::creating;
  std::atomic<bool> failed_ = false;
  std::vector<std::jthread> threads_;  ///< Of the others. Joined before the rest goes.
};

}  // namespace stage
