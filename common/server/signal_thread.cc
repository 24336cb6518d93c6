#include "common/server/signal_thread.h"

#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <ctime>
#include <system_error>
#include <utility>

#include "common/server/constants.h"
#include "common/server/duration.h"

namespace common {
namespace {

SignalThread* waiting = nullptr;  // set before the server has threads, cleared when it has none

sigset_t stop_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  return set;
}

/// Waits for a stop signal, until `deadline` at the latest. False if none came. sigtimedwait(2)
bool wait_until(Clock::time_point deadline) {
  const sigset_t set = stop_signals();
  while (true) {
    const auto left = std::max(deadline - Clock::now(), Clock::duration::zero());
    const auto seconds = std::chrono::floor<std::chrono::seconds>(left);
    const auto nanoseconds = static_cast<long>((left - seconds).count());
    const timespec timeout{.tv_sec = seconds.count(), .tv_nsec = nanoseconds};
    if (::sigtimedwait(&set, nullptr, &timeout) > 0) return true;
    if (errno != EINTR) return false;  // EAGAIN: timed out. EINTR: SIGCONT, say
  }
}

}  // namespace

Result<std::unique_ptr<SignalThread>> SignalThread::create(std::chrono::milliseconds drain_timeout,
                                                           std::function<void()> stop) {
  const sigset_t set = stop_signals();
  (void)::pthread_sigmask(SIG_BLOCK, &set, nullptr);  // fails only for a wrong first argument
  std::unique_ptr<SignalThread> signals(new SignalThread());
  try {
    signals->thread_ =
        std::thread(&SignalThread::wait_for_signals, signals.get(), drain_timeout, std::move(stop));
  } catch (const std::system_error& error) {
    return std::unexpected(error.code());
  }
  waiting = signals.get();
  return signals;
}

SignalThread::~SignalThread() {
  if (!thread_.joinable()) return;
  done_ = true;
  (void)::pthread_kill(thread_.native_handle(), SIGTERM);  // cannot fail, since the thread exists
  thread_.join();
  waiting = nullptr;
}

void SignalThread::stop_after_failure() {
  waiting->exit_status_ = 1;
  (void)::pthread_kill(waiting->thread_.native_handle(), SIGTERM);  // cannot fail, as above
}

void SignalThread::wait_for_signals(std::chrono::milliseconds drain_timeout,
                                    const std::function<void()>& stop) {
  const sigset_t set = stop_signals();
  int number = 0;
  (void)::sigwait(&set, &number);  // fails only for a set with invalid signals
  if (done_) return;

  const auto asked_at = Clock::now();
  stop();
  while (wait_until(asked_at + drain_timeout) && !done_ && Clock::now() - asked_at < same_stop) {
  }
  if (done_) return;

  // Not exit(3), because threads that still serve must not find their objects destroyed.
  ::_exit(exit_status_);
}

}  // namespace common
