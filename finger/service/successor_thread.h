#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <thread>

#include "common/fd.h"
#include "finger/service/takeover.h"

namespace finger {

/// Waits for a server's successor in a thread, if a takeover is offered; else it does nothing.
class SuccessorThread {
 public:
  /// `takeover` must outlive it.
  explicit SuccessorThread(Takeover& takeover);
  SuccessorThread(const SuccessorThread&) = delete;
  SuccessorThread& operator=(const SuccessorThread&) = delete;
  ~SuccessorThread();

  /// When a successor serves, `retire` is called with its process id: the server is to accept no
  /// more, and to serve those who are connected until they leave. Those who have not left after
  /// `drain_timeout` are drained: the process gets a SIGTERM. Where there can be no thread, a line
  /// says so and the server goes on: its predecessor has been told to go.
  void start(std::chrono::milliseconds drain_timeout, std::function<void(pid_t)> retire);

  /// The server stops: nothing is offered any more. From any thread, and from a signal handler.
  void stop();

 private:
  void work(std::chrono::milliseconds drain_timeout, const std::function<void(pid_t)>& retire);
  bool wait_for_successor();

  Takeover& takeover_;
  common::Fd stop_;  ///< An eventfd(2): written to once, and never read.
  std::thread thread_;
};

}  // namespace finger
