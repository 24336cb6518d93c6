#include "finger/server/supervision/worker_process_and_report.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/close_range.h>
#include <poll.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <climits>
#include <csignal>
#include <cstdlib>
#include <future>
#include <span>
#include <system_error>
#include <thread>

#include "common/server/log.h"
#include "common/server/process.h"
#include "finger/server/process/descriptors.h"

namespace finger {
namespace {

constexpr std::string_view ready_text = "ready";
constexpr std::string_view beat_text = ".";

void hold(int pipe, std::promise<bool> begun) {
  sigset_t all;
  sigfillset(&all);
  // Signals are for the threads that have the descriptors which their handlers write to.
  (void)::pthread_sigmask(SIG_SETMASK, &all, nullptr);
  // From now on the calling thread shares none with others.
  const bool closed = close_all_but({pipe}, CLOSE_RANGE_UNSHARE);
  begun.set_value(closed);
  pollfd other_end{.fd = pipe, .events = 0, .revents = 0};
  if (closed) (void)::poll(&other_end, 1, -1);  // until the parent has no more use for it
}

}  // namespace

common::Result<Report::Ends> Report::make_pipes() {
  Ends ends;
  for (const auto pipe : {&Pipes::said, &Pipes::lifeline, &Pipes::accepts, &Pipes::news}) {
    std::array<int, 2> fds{};
    if (::pipe2(fds.data(), O_CLOEXEC | O_NONBLOCK) < 0) return common::last_error();
    ends.parent.*pipe = common::Fd(fds[0]);
    ends.worker.*pipe = common::Fd(fds[1]);
  }
  return ends;
}

bool Report::ready(const UserCount& found) {
  return say(fmt::format("{} {} {}\n", ready_text, found.users, found.without_account));
}

void Report::alive() { (void)say(beat_text); }  // a full pipe has enough of them

int Report::failed(std::string_view line) {
  (void)say(line);  // fails only if the parent has gone
  return 1;
}

/// Up to PIPE_BUF bytes an empty pipe takes whole, or its reader has gone. pipe(7)
bool Report::say(std::string_view text) {
  const auto piece = text.substr(0, PIPE_BUF);
  const ssize_t written = ::write(pipes_.said.get(), piece.data(), piece.size());
  return written >= 0;
}

/// Up to the end of its line: the first beat may follow it. It comes from a process that talks to
/// strangers.
std::optional<UserCount> Report::read_ready(std::string_view said) {
  if (!said.starts_with(ready_text)) return std::nullopt;
  said = said.substr(0, said.find('\n'));
  said.remove_prefix(std::min(said.size(), ready_text.size() + 1));
  const auto number = said.substr(0, said.find(' '));
  said.remove_prefix(std::min(said.size(), number.size() + 1));
  UserCount found;
  (void)std::from_chars(number.data(), number.data() + number.size(), found.users);
  found.without_account = common::escape(std::as_bytes(std::span(said)));
  return found;
}

std::string Report::hold_lifeline() {
  common::Fd pipe = std::move(pipes_.lifeline);
  std::promise<bool> begun;
  auto closed = begun.get_future();
  try {
    std::thread(hold, pipe.get(), std::move(begun)).detach();
  } catch (const std::system_error& error) {  // EAGAIN: more threads than the system allows
    return common::explain_no_thread(error.code());
  }
  if (!closed.get()) (void)pipe.release();  // a filter forbids it: the pipe ends with the process
  return {};
}

using common::Clock;

std::expected<WorkerProcess, std::string> WorkerProcess::fork(
    const std::function<int(Report& report)>& work, std::set<std::string> silent,
    Clock::time_point due) {
  auto ends = Report::make_pipes();
  if (!ends && ends.error() == std::errc::too_many_files_open) {
    return std::unexpected(common::explain_no_descriptor("to talk to a worker"));
  }
  if (!ends) return std::unexpected("no pipe to a worker: " + ends.error().message());
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid < 0) return std::unexpected(common::explain_no_thread(common::last_error().error()));
  if (pid > 0) return WorkerProcess{.pid = pid, .pipes = std::move(ends->parent), .due = due};

  ends->parent = {};
  // Not SIGKILL, after which an operation that does not end would keep the port. Giving root up
  // clears it, and sets it again. The parent may have gone before it was set.
  (void)::prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0);
  if (::getppid() != parent) std::_Exit(1);
  // A session of its own, so without the terminal: a process that has it can type into root's shell
  // (ioctl_tty(2), TIOCSTI), and what ^C sends to its group would be the worker's second signal.
  (void)::setsid();
  make_empty(STDOUT_FILENO);
  (void)std::signal(SIGHUP, SIG_IGN);  // the parent handles it
  Report report(std::move(ends->worker), std::move(silent));
  std::exit(work(report));
}

void WorkerProcess::send(int signal) const {
  (void)::kill(pid, signal);  // a child that was not waited for: it exists
}

void WorkerProcess::end(State now_at, int signal, Clock::duration patience) {
  send(signal);
  state = now_at;
  due = Clock::now() + patience;
  pipes.said = {};
  pipes.lifeline = {};
}

void WorkerProcess::kill() {
  if (state < State::killed) end(State::killed, SIGKILL, found_pause);
}

}  // namespace finger
