#include "finger/server/supervision/worker_process.h"

#include <sys/prctl.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <system_error>
#include <utility>

#include "common/server/process.h"
#include "finger/server/process/service_manager.h"

namespace finger {

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
