#include "finger/service/successor_thread.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <system_error>
#include <utility>

#include "common/server/duration.h"
#include "common/server/log.h"

namespace finger {

SuccessorThread::SuccessorThread(Takeover& takeover)
    : takeover_(takeover), stop_(takeover.is_offered() ? ::eventfd(0, EFD_CLOEXEC) : -1) {}

SuccessorThread::~SuccessorThread() {
  stop();
  if (thread_.joinable()) thread_.join();
}

void SuccessorThread::start(std::chrono::milliseconds drain_timeout,
                            std::function<void(pid_t)> retire) {
  if (!stop_) return takeover_.withdraw();
  try {
    thread_ = std::thread(&SuccessorThread::work, this, drain_timeout, std::move(retire));
  } catch (const std::system_error& error) {  // EAGAIN: more threads than the system allows
    common::log("no successor can take over: " + error.code().message(), common::Severity::warning);
    takeover_.withdraw();
  }
}

void SuccessorThread::stop() {
  if (stop_) (void)::eventfd_write(stop_.get(), 1);  // cannot fail: one is written, or two
}

void SuccessorThread::work(std::chrono::milliseconds drain_timeout,
                           const std::function<void(pid_t)>& retire) {
  if (!wait_for_successor()) return takeover_.withdraw();
  retire(takeover_.successor());
  const auto deadline = common::Clock::now() + drain_timeout;
  pollfd stopped{.fd = stop_.get(), .events = POLLIN, .revents = 0};
  int ready = 0;
  do {
    ready = ::poll(&stopped, 1, common::timeout_ms(deadline));
  } while (ready < 0);  // EINTR: a signal has come, perhaps that to stop
  if (ready == 0) (void)::kill(::getpid(), SIGTERM);
}

/// False: the server was asked to stop.
bool SuccessorThread::wait_for_successor() {
  while (true) {
    const auto watched = takeover_.watched();
    std::array<pollfd, 3> all{
        watched[0], watched[1], {.fd = stop_.get(), .events = POLLIN, .revents = 0}};
    if (::poll(all.data(), all.size(), -1) <= 0) continue;  // EINTR
    if (all[2].revents != 0) return false;
    if (takeover_.advance()) return true;
  }
}

}  // namespace finger
