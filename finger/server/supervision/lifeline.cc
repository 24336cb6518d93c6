#include "finger/server/supervision/lifeline.h"

#include <linux/close_range.h>
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <climits>
#include <csignal>
#include <future>
#include <system_error>
#include <thread>
#include <utility>

#include "common/result.h"
#include "common/server/process.h"

namespace finger {
namespace {

/// In the calling thread, which shares none with others from now on.
common::Status close_all_but(int kept) {
  const auto last = static_cast<unsigned>(kept);
  if (::syscall(SYS_close_range, last + 1, UINT_MAX, CLOSE_RANGE_UNSHARE) < 0) {
    return common::last_error();
  }
  if (last == 0) return {};
  if (::syscall(SYS_close_range, 0, last - 1, 0) < 0) return common::last_error();
  return {};
}

void hold(int pipe, std::promise<common::Status> begun) {
  const auto closed = close_all_but(pipe);
  begun.set_value(closed);
  pollfd other_end{.fd = pipe, .events = 0, .revents = 0};
  if (closed) (void)::poll(&other_end, 1, -1);  // until the parent has no more use for it
}

}  // namespace

std::string hold_lifeline(common::Fd pipe) {
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  (void)::pthread_sigmask(SIG_SETMASK, &all, &before);  // signals are for the other threads
  std::promise<common::Status> begun;
  auto result = begun.get_future();
  std::string complaint;
  try {
    std::thread(hold, pipe.get(), std::move(begun)).detach();
    // Where a filter forbids it: then the pipe ends with the process.
    if (!result.get()) (void)pipe.release();
  } catch (const std::system_error& error) {  // EAGAIN: more threads than the system allows
    complaint = common::explain_no_thread(error.code());
  }
  (void)::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return complaint;
}

}  // namespace finger
