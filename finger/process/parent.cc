#include "finger/process/parent.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <climits>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <utility>

#include "common/net/number.h"
#include "common/result.h"
#include "common/server/constants.h"
#include "common/server/log.h"
#include "common/server/process.h"
#include "finger/no_descriptor.h"
#include "finger/timeout.h"

namespace finger {
namespace {

using common::Severity;
constexpr auto never = common::Clock::time_point::max();
constexpr auto found_pause = std::chrono::milliseconds(500);  // until waitpid(2) finds who died

sigset_t handled_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int each : {SIGHUP, SIGINT, SIGTERM, SIGQUIT, SIGCHLD, SIGUSR1}) sigaddset(&set, each);
  return set;
}

std::string describe(int status) {
  if (WIFSIGNALED(status)) return fmt::format("signal {}", WTERMSIG(status));
  return fmt::format("exit status {}", WEXITSTATUS(status));
}

pollfd input(const common::Fd& fd) { return {.fd = fd.get(), .events = POLLIN, .revents = 0}; }

}  // namespace

void Parent::hold_signals(bool are_held) {
  (void)std::signal(SIGCHLD, SIG_DFL);  // an inherited SIG_IGN would hide the end of a child
  const sigset_t set = handled_signals();
  (void)::sigprocmask(are_held ? SIG_BLOCK : SIG_UNBLOCK, &set, nullptr);  // valid arguments
}

int Parent::run() {
  const sigset_t set = handled_signals();
  signals_ = common::Fd(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!signals_) {
    return common::complain(
        explain_no_descriptor(common::last_error().error(), "to receive signals"));
  }
  start();
  while (!is_over()) {
    wait();
    const auto now = Clock::now();
    for (Worker& each : workers_) {
      if (each.due <= now) on_deadline(each);
    }
    if (late_reload_ <= now) {
      late_reload_ = never;
      no_late_reload_before_ = now + setup_.limits.late_pause;
      reload();  // the next worker serves directories that answer now
    }
  }
  return status_;
}

bool Parent::is_over() const {
  const auto is_done = [](const Worker& each) { return each.due == never; };
  return phase_ == Phase::ending && std::ranges::all_of(workers_, is_done);
}

void Parent::wait() {
  std::vector<pollfd> watched{input(signals_)};
  auto earliest = late_reload_;
  for (const Worker& each : workers_) {
    watched.push_back(input(each.control.fd()));
    earliest = std::min(earliest, each.due);
  }
  const auto due = earliest == never ? std::nullopt : std::optional(earliest);
  if (::poll(watched.data(), watched.size(), timeout_ms(due)) <= 0) return;  // EINTR
  auto worker = workers_.begin();  // a worker started meanwhile comes last, and wasn't watched
  for (std::size_t i = 1; i < watched.size(); ++i, ++worker) {
    if (watched[i].revents != 0) read_word(*worker);
  }
  if (watched[0].revents != 0) read_signals();
}

void Parent::read_signals() {
  signalfd_siginfo signal{};
  while (::read(signals_.get(), &signal, sizeof signal) == sizeof signal) {
    switch (signal.ssi_signo) {
      case SIGHUP:
        reload();
        break;
      case SIGCHLD:
        reap();
        break;
      case SIGUSR1:
        if (const Worker* const serving = find(State::serving)) serving->control.say(Control::tell);
        break;
      case SIGQUIT:
        stop(Control::leave);
        break;
      default:
        stop(Control::drain);
    }
  }
}

void Parent::start() {
  is_reload_due_ = false;
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) < 0) {
    return fail_start(explain_no_descriptor(common::last_error().error(), "to talk to a worker"));
  }
  Control ours{common::Fd(ends[0])};
  Control its{common::Fd(ends[1])};
  const pid_t pid = ::fork();
  if (pid < 0) return fail_start(common::explain_no_thread(common::last_error().error()));
  if (pid > 0) {
    workers_.push_back(
        {.pid = pid, .control = std::move(ours), .due = Clock::now() + setup_.limits.start});
    return;
  }
  // From here on we are the worker, so everything of the parent's goes.
  ours = Control{common::Fd()};
  workers_.clear();
  signals_ = {};
  setup_.manager = {};
  common::forget_log_lines();
  std::exit(setup_.run_worker(setup_.listeners, std::move(its)));
}

void Parent::reload() {
  if (phase_ == Phase::ending) return;
  setup_.manager.reloading();
  is_reload_due_ = find(State::starting) != nullptr;  // that worker's list may be too old
  if (is_reload_due_) return;
  const auto reason = reason_not_to_start();
  if (reason.empty()) return start();
  fail_start(reason);
}

std::string Parent::reason_not_to_start() const {
  const auto killed = std::ranges::count(workers_, State::killed, &Worker::state);
  if (static_cast<std::size_t>(killed) >= killed_max) {
    return fmt::format("{} workers were killed and do not end: a home hangs", killed);
  }
  if (unanswered_lookups_.size() < lookups_max) return {};
  return fmt::format("{} processes wait for directories of homes that do not answer",
                     unanswered_lookups_.size());
}

/// We believe a starting worker, which hasn't met a client yet. Later, clients may control a
/// worker's messages, so we only take signs of life and, for the log, the number of clients.
void Parent::read_word(Worker& worker) {
  std::array<char, Control::text_bytes_max + 1> text;
  const ssize_t size = ::recv(worker.control.fd().get(), text.data(), text.size(), MSG_DONTWAIT);
  if (size <= 0) {  // SIGCHLD tells how the worker ended; if it still runs, its silence ends it
    worker.control = Control{common::Fd()};
    return;
  }
  const std::string_view more(text.data() + 1, static_cast<std::size_t>(size) - 1);
  if (worker.state == State::serving && text[0] == Control::alive) {
    worker.due = Clock::now() + setup_.limits.silence;
    worker.is_late = false;
  }
  if (worker.state == State::leaving && text[0] == Control::has) {
    worker.clients = common::parse_number(more, 0, SIZE_MAX);
  }
  if (worker.state != State::starting) return;
  if (text[0] == Control::silent) {
    note_lookup(static_cast<pid_t>(common::parse_number(more, 0, INT_MAX).value_or(0)));
  }
  if (text[0] == Control::ready) promote(worker, more);
  if (text[0] == Control::failed) {
    kill_worker(worker);
    fail_start(more);
  }
}

/// A lookup that we already waited for counts as ended.
void Parent::note_lookup(pid_t process) {
  siginfo_t unused{};
  if (::waitid(P_PID, static_cast<id_t>(process), &unused, WEXITED | WNOHANG | WNOWAIT) < 0) {
    late_reload_ = std::max(Clock::now(), no_late_reload_before_);
  } else {
    unanswered_lookups_.push_back(process);
  }
}

/// The worker serves `2 users; no account: ghost`. From now on the previous one accepts no more.
void Parent::promote(Worker& worker, std::string_view found) {
  std::size_t users = 0;
  (void)std::from_chars(found.data(), found.data() + found.size(), users);
  const std::size_t before = std::exchange(users_, users);
  if (Worker* const replaced = find(State::serving)) dismiss(*replaced, Control::leave);
  worker.state = State::serving;
  worker.due = Clock::now() + setup_.limits.silence;
  if (std::exchange(phase_, Phase::serving) == Phase::starting) {
    common::log(fmt::format("serving {}", found), users == 0 ? Severity::warning : Severity::info);
    setup_.announce();
  } else {
    common::log(fmt::format("reloaded: serving {}; before: {}", found, before),
                users <= before / 2 && before > 0 ? Severity::warning : Severity::info);
  }
  if (is_reload_due_) return reload();
  setup_.manager.ready(fmt::format("serving {}", found));
}

void Parent::fail_start(std::string_view reason) {
  if (phase_ == Phase::starting) return give_up(reason);
  const auto line = fmt::format("cannot reload, so the old worker goes on: {}", reason);
  common::log(line, Severity::warning);
  if (is_reload_due_) return reload();
  setup_.manager.ready(line);
}

/// Also kills workers that were asked to leave. A worker would see the end of the stream and drain
/// without us, but nothing would end a worker that an intruder controls, and that keeps the port.
void Parent::give_up(std::string_view reason) {
  for (Worker& each : workers_) kill_worker(each, "the daemon ends");
  common::log(reason, Severity::error);
  phase_ = Phase::ending;  // when the workers have gone, or a manager would find them left over
  status_ = 1;
}

/// The first signal lets clients get their answers; the second kills the workers.
void Parent::stop(char order) {
  const bool is_second = std::exchange(phase_, Phase::ending) == Phase::ending;
  if (is_second && Clock::now() < same_stop_until_) return;
  if (!is_second) setup_.manager.stopping();
  setup_.listeners.clear();
  for (Worker& each : workers_) {
    if (each.state == State::killed) continue;
    if (is_second || each.state == State::starting) {
      kill_worker(each, "a second signal came");
    } else {
      dismiss(each, order);
    }
  }
  same_stop_until_ = Clock::now() + common::same_stop;
}

void Parent::dismiss(Worker& worker, char order) {
  worker.control.say(order);
  worker.state = State::leaving;
  worker.due = Clock::now() + setup_.limits.drain;
}

/// `why` is for the log if the worker is leaving, and may have clients.
void Parent::kill_worker(Worker& worker, std::string_view why) {
  if (worker.state == State::leaving) {
    common::log(fmt::format("worker {} is killed: {}; clients still connected: {}", worker.pid, why,
                            worker.clients ? std::to_string(*worker.clients) : "unknown"),
                Severity::warning);
  }
  // After waitpid(2) the kernel may give the pid to any process.
  if (!worker.was_waited_for) (void)::kill(worker.pid, SIGKILL);
  worker.state = State::killed;
  worker.due = Clock::now() + found_pause;
}

void Parent::on_deadline(Worker& worker) {
  switch (worker.state) {
    case State::starting:
      kill_worker(worker);
      return fail_start("the worker is not ready in time: does the account database answer?");
    case State::serving:
      if (!std::exchange(worker.is_late, true)) {
        // The machine or this process may have been paused. Then a sign of life comes in a moment.
        worker.due = Clock::now() + setup_.limits.second_look;
        return;
      }
      kill_worker(worker);
      return give_up(fmt::format("worker {} has fallen silent", worker.pid));
    case State::leaving:
      return kill_worker(worker, "it did not finish in time");
    case State::killed:
      worker.due = never;
      common::log(fmt::format("worker {} was killed and does not end: it is stuck in the kernel, "
                              "perhaps in a home that hangs",
                              worker.pid),
                  Severity::warning);
  }
}

void Parent::reap() {
  int status = 0;
  while (true) {
    const pid_t pid = ::waitpid(-1, &status, WNOHANG);
    if (pid <= 0) return;
    const auto worker = std::ranges::find(workers_, pid, &Worker::pid);
    if (worker != workers_.end()) {
      note_end(worker, status);
    } else if (std::erase(unanswered_lookups_, pid) > 0 && WIFEXITED(status)) {
      late_reload_ = std::max(Clock::now(), no_late_reload_before_);
    }  // else not ours: an orphan, if we are process 1, or a child of an NSS module
  }
}

void Parent::note_end(std::list<Worker>::iterator worker, int status) {
  worker->was_waited_for = true;
  while (worker->state == State::starting && worker->control.fd())
    read_word(*worker);  // which may say why
  const State state = worker->state;
  const pid_t pid = worker->pid;
  workers_.erase(worker);
  if (state == State::starting) {
    fail_start(fmt::format("the worker ended before it served: {}", describe(status)));
  } else if (state == State::serving) {
    give_up(fmt::format("the worker ended unexpectedly: {}", describe(status)));
  } else if (state == State::leaving && status != 0) {
    common::log(
        fmt::format("worker {} failed while finishing its clients: {}", pid, describe(status)),
        Severity::warning);
  }
}

Parent::Worker* Parent::find(State state) {
  const auto found = std::ranges::find(workers_, state, &Worker::state);
  return found == workers_.end() ? nullptr : &*found;
}

}  // namespace finger
