#pragma once

#include <sys/eventfd.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <expected>
#include <functional>
#include <latch>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "common/fd.h"
#include "common/loop/eventfd.h"
#include "common/result.h"
#include "common/server/options.h"
#include "common/server/process.h"
#include "common/server/signal_wakeup.h"
#include "ring_server/log_writer.h"

namespace uring {

/// Servers in one process, a thread and a ring each. A ring belongs to the thread that makes it, so
/// each server is made, run and ended in its own.
///
/// Server::run(LogWriter*) serves until it is told to stop, and returns a Status; one of them gets
/// the log to write. How they are told is their own affair: wake_all() only has them look.
template <typename Server>
class WorkerGroup {
 public:
  /// Makes the i-th server, in its thread. `wake` is an eventfd(2): written to when what is
  /// shared has changed. Error: a line that says why not.
  using Create = std::function<std::expected<std::unique_ptr<Server>, std::string>(
      std::size_t i, const common::Fd& wake)>;

  explicit WorkerGroup(const common::Options& options, const common::ServerProfile& profile = {})
      : options_(options), profile_(profile) {}
  WorkerGroup(const WorkerGroup&) = delete;
  WorkerGroup& operator=(const WorkerGroup&) = delete;
  ~WorkerGroup();

  /// Makes them all, the first in the calling thread, which must call run(). Once. Returns why it
  /// cannot be done, or nothing.
  std::string start(std::size_t servers, Create create);

  /// Once. Returns the exit status: 1 when one of the servers has failed, which it says on stderr,
  /// and which stops the others through the common::SignalWakeup.
  int run();

  /// From any thread, and from a signal handler.
  void wake_all();

 private:
  enum class State { creating, running, given_up };

  std::unique_ptr<Server> create_server(std::size_t i);
  void work(std::size_t i);
  void give_up(std::error_code error);

  const common::Options& options_;
  const common::ServerProfile profile_;
  Create create_;
  std::vector<common::Fd> wakes_;
  std::vector<std::string> complaints_;  ///< Why a server could not be made; empty: it was.
  std::optional<std::latch> created_;    ///< All have tried to make their server.
  std::unique_ptr<Server> first_;
  std::atomic<State> state_ = State::creating;
  std::atomic<bool> failed_ = false;
  std::vector<std::jthread> threads_;  ///< Of the others. Joined before the rest goes.
};

template <typename Server>
WorkerGroup<Server>::~WorkerGroup() {
  auto creating = State::creating;
  if (state_.compare_exchange_strong(creating, State::given_up)) state_.notify_all();
}

template <typename Server>
std::string WorkerGroup<Server>::start(std::size_t servers, Create create) {
  create_ = std::move(create);
  complaints_.resize(servers);
  for (std::size_t i = 0; i < servers; ++i) {
    wakes_.emplace_back(::eventfd(0, EFD_CLOEXEC));
    if (!wakes_.back()) return "eventfd: " + common::last_error().error().message();
  }

  created_.emplace(static_cast<std::ptrdiff_t>(servers - 1));
  for (std::size_t i = 1; i < servers; ++i) {
    try {
      threads_.emplace_back([this, i] { work(i); });
    } catch (const std::system_error& error) {  // EAGAIN: more threads than the system allows
      complaints_[i] = "cannot start a thread: " + error.code().message();
      created_->count_down();
    }
  }
  first_ = create_server(0);
  created_->wait();
  for (const std::string& complaint : complaints_) {
    if (!complaint.empty()) return complaint;
  }
  return {};
}

template <typename Server>
int WorkerGroup<Server>::run() {
  auto log_writer = LogWriter::create();
  if (!log_writer) return common::report_failure(options_, log_writer.error(), profile_);
  state_ = State::running;
  state_.notify_all();
  const auto finished = first_->run(log_writer->get());
  log_writer->reset();  // its loop does not run any more: what is logged now is written directly
  if (!finished) give_up(finished.error());
  threads_.clear();  // joins them
  return failed_ ? 1 : 0;
}

template <typename Server>
void WorkerGroup<Server>::wake_all() {
  for (const common::Fd& wake : wakes_) common::wake(wake.get());
}

template <typename Server>
std::unique_ptr<Server> WorkerGroup<Server>::create_server(std::size_t i) {
  auto server = create_(i, wakes_[i]);
  if (server) return std::move(*server);
  complaints_[i] = std::move(server.error());
  return nullptr;
}

template <typename Server>
void WorkerGroup<Server>::work(std::size_t i) {
  const auto server = create_server(i);
  created_->count_down();

  state_.wait(State::creating);
  if (!server || state_ == State::given_up) return;
  if (const auto finished = server->run(nullptr); !finished) give_up(finished.error());
}

/// The others stop, too: one worker fewer would go unnoticed. The first that fails says why.
template <typename Server>
void WorkerGroup<Server>::give_up(std::error_code error) {
  if (failed_.exchange(true)) return;
  (void)common::report_failure(options_, error, profile_);
  // With --drain-timeout 0 the process ends with the next line.
  LogWriter::wait_until_written(std::chrono::milliseconds(500));
  common::SignalWakeup::stop_after_failure();
}

}  // namespace uring
