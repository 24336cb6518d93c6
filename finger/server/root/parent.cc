#include "finger/server/root/parent.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <climits>
#include <csignal>
#include <cstdlib>
#include <span>
#include <utility>

#include <fmt/format.h>

#include "common/server/log.h"
#include "common/server/process.h"

namespace finger {
namespace {

using common::Clock;
using common::Severity;

constexpr std::string_view ready_text = "ready";
constexpr std::string_view beat_text = ".";

/// What has given up may take so long to end.
constexpr auto end_pause = std::chrono::seconds(1);

sigset_t handled_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int number : {SIGHUP, SIGINT, SIGTERM, SIGCHLD, SIGUSR1}) sigaddset(&set, number);
  return set;
}

void send(pid_t pid, int signal) {
  (void)::kill(pid, signal);  // a child that was not waited for: it exists
}

/// What Report::ready() has written, up to the end of its line: the first beat may follow it. It
/// comes from a process that talks to strangers.
UserCount read_user_count(std::string_view said) {
  said = said.substr(0, said.find('\n'));
  said.remove_prefix(std::min(said.size(), ready_text.size() + 1));
  const auto number = said.substr(0, said.find(' '));
  said.remove_prefix(std::min(said.size(), number.size() + 1));
  UserCount found;
  (void)std::from_chars(number.data(), number.data() + number.size(), found.users);
  found.without_account = common::escape(std::as_bytes(std::span(said)));
  return found;
}

/// `exit status 1`, `signal 9`
std::string describe(int status) {
  if (WIFSIGNALED(status)) return fmt::format("signal {}", WTERMSIG(status));
  return fmt::format("exit status {}", WEXITSTATUS(status));
}

}  // namespace

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
  const ssize_t written = ::write(pipe_.get(), piece.data(), piece.size());
  return written >= 0;
}

Parent::Parent(common::Fd listener, Limits limits, Work work, std::function<void()> announce,
               ServiceManager manager, std::unique_ptr<ring_server::Takeover> takeover,
               ring_server::Generations& generations)
    : listener_(std::move(listener)),
      limits_(limits),
      work_(std::move(work)),
      announce_(std::move(announce)),
      manager_(std::move(manager)),
      takeover_(std::move(takeover)),
      generations_(generations) {}

common::Result<int> Parent::run() {
  // If SIG_IGN was inherited, no signal would report that a worker has ended.
  (void)std::signal(SIGCHLD, SIG_DFL);
  const sigset_t set = handled_signals();
  // From now on they wait until signals_ is read. Fails only for a wrong first argument.
  (void)::sigprocmask(SIG_BLOCK, &set, nullptr);
  signals_ = common::Fd(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!signals_) return common::last_error();
  start();
  while (!exit_status_) {
    wait();
    check_deadlines(Clock::now());
  }
  return *exit_status_;
}

void Parent::wait() {
  auto soonest = start_at_;
  if (starting_) soonest = starting_->kill_at;
  for (const Draining& each : draining_) {
    if (each.kill_at && (!soonest || *each.kill_at < *soonest)) soonest = each.kill_at;
  }
  int timeout_ms = -1;
  if (soonest) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(*soonest - Clock::now());
    timeout_ms = static_cast<int>(std::clamp<long long>(left.count(), 0, INT_MAX));
  }
  const int report = starting_ ? starting_->report.get() : -1;  // poll(2) ignores negative ones
  const auto offered = takeover_->watched();
  std::array<pollfd, 5> watched{{{.fd = signals_.get(), .events = POLLIN, .revents = 0},
                                 {.fd = report, .events = POLLIN, .revents = 0},
                                 {.fd = beats_.get(), .events = POLLIN, .revents = 0},
                                 offered[0],
                                 offered[1]}};
  // Not before we serve: until then those who want to take over ask the server before us.
  const std::size_t count = announced_ ? 5 : 3;
  if (::poll(watched.data(), count, timeout_ms) <= 0) return;  // EINTR: look again
  const bool is_asked = (watched[3].revents | watched[4].revents) != 0;
  if (is_asked && takeover_->advance()) return retire();
  if (watched[2].revents != 0) read_beats();
  if (watched[1].revents != 0) read_report();
  if (watched[0].revents != 0) read_signals();
}

void Parent::start() {
  start_at_.reset();
  reload_again_ = false;
  started_at_ = Clock::now();
  auto forked = fork_worker();
  if (!forked) return fail_start(forked.error());
  starting_ = std::move(*forked);
}

std::expected<Parent::Starting, std::string> Parent::fork_worker() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) < 0) {
    return std::unexpected("no pipe to a worker: " + common::last_error().error().message());
  }
  common::Fd ours(ends[0]);
  common::Fd theirs(ends[1]);
  const pid_t parent = ::getpid();
  const auto generation = generations_.begin();
  const pid_t pid = ::fork();
  if (pid < 0 && generation) generations_.end(*generation);
  if (pid < 0) return std::unexpected(common::explain_no_thread(common::last_error().error()));
  if (pid == 0) {
    ours = {};
    be_worker(std::move(theirs), parent, generation);
  }
  if (generation) counting_.emplace(pid, *generation);
  return Starting{.pid = pid, .report = std::move(ours), .kill_at = started_at_ + limits_.start};
}

void Parent::be_worker(common::Fd report, pid_t parent, std::optional<std::size_t> generation) {
  // Giving root up clears it, and sets it again. The parent may have gone before it was set.
  (void)::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  if (::getppid() != parent) std::_Exit(1);
  // A group of its own: what ^C sends to the terminal's group would be the worker's second signal.
  (void)::setpgid(0, 0);
  (void)std::signal(SIGHUP, SIG_IGN);  // the parent handles it
  signals_ = {};
  beats_ = {};
  manager_ = {};
  takeover_->withdraw();
  sigset_t set = handled_signals();
  sigdelset(&set, SIGUSR1);  // it stays blocked: Metrics::hold_signal()
  (void)::sigprocmask(SIG_UNBLOCK, &set, nullptr);
  Report to_parent(std::move(report));
  std::exit(work_(std::move(listener_), to_parent, generation));
}

void Parent::read_signals() {
  signalfd_siginfo signal{};
  while (::read(signals_.get(), &signal, sizeof signal) == sizeof signal) {
    switch (signal.ssi_signo) {
      case SIGHUP:
        if (stopping_) break;
        manager_.reloading();
        if (starting_) {
          reload_again_ = true;
        } else {
          start();
        }
        break;
      case SIGCHLD:
        reap();
        break;
      case SIGUSR1:
        if (serving_) send(*serving_, SIGUSR1);
        break;
      default:
        stop();
    }
  }
}

void Parent::read_report() {
  std::array<char, PIPE_BUF> text;
  const ssize_t size = ::read(starting_->report.get(), text.data(), text.size());
  if (size < 0) return;
  common::Fd report = std::move(starting_->report);
  if (size == 0) return;  // the worker has ended, and SIGCHLD will tell how
  const std::string_view said(text.data(), static_cast<std::size_t>(size));
  if (said.starts_with(ready_text)) return promote(std::move(report), read_user_count(said));
  draining_.push_back({.pid = starting_->pid, .kill_at = Clock::now() + end_pause});
  fail_start(common::escape(std::as_bytes(std::span(said))));
}

/// The worker that serves is not stuck, or has ended.
void Parent::read_beats() {
  std::array<char, PIPE_BUF> beats;
  const ssize_t size = ::read(beats_.get(), beats.data(), beats.size());
  if (size > 0) manager_.alive();
  if (size == 0) beats_ = {};
}

void Parent::promote(common::Fd beats, const UserCount& found) {
  const auto before = generations_.users().value();
  generations_.users().set(found.users);
  const auto line = fmt::format("worker {} serves {}", starting_->pid, found.text_after(before));
  if (serving_) {
    drain(*serving_, retire_signal);
    generations_.reloads().add();
    common::log("reloaded: " + line, found.severity_after(before));
  } else if (announced_ && found.users != before) {
    common::log(line, found.severity_after(before));
  } else if (!announced_ && !found.without_account.empty()) {
    common::log(fmt::format("worker {} serves {}", starting_->pid, found.text()));
  }
  serving_ = starting_->pid;
  serving_since_ = Clock::now();
  starting_.reset();
  beats_ = std::move(beats);
  if (!std::exchange(announced_, true)) announce();
  if (stopping_) return;
  if (reload_again_) return start();
  manager_.ready(fmt::format("worker {} serves {}", *serving_, found.text()));
}

void Parent::announce() {
  const auto refused = takeover_->confirm();
  if (refused.empty()) return announce_();
  common::log(refused, Severity::error);
  status_ = 1;
  stop();
}

void Parent::fail_start(std::string_view reason) {
  starting_.reset();
  if (stopping_) return;
  if (!announced_) {
    common::log(reason, Severity::error);
    exit_status_ = 1;
  } else if (serving_) {
    generations_.failed_reloads().add();
    common::log(fmt::format("cannot reload, the worker before goes on: {}", reason),
                Severity::warning);
    if (reload_again_) return start();
    manager_.ready(fmt::format("cannot reload, worker {} goes on: {}", *serving_, reason));
  } else {
    common::log(fmt::format("no worker serves, another is tried: {}", reason), Severity::error);
    replace();
  }
}

/// What fails now may be well in a while, or never. The pause doubles with each failure in a row;
/// and workers that die again and again may be dying of what somebody tries on them: forked from
/// one parent, they have their memory laid out alike. Where something starts us anew, it is not.
void Parent::replace() {
  if (++failures_ == failures_max) {
    common::log(fmt::format("{} workers in a row have failed: giving up", failures_),
                Severity::error);
    status_ = 1;
    return stop();
  }
  start_at_ = started_at_ + limits_.pause * (1 << (failures_ - 1));
}

void Parent::reap() {
  while (true) {
    int status = 0;
    const pid_t pid = ::waitpid(-1, &status, WNOHANG);
    if (pid <= 0) break;
    ended(pid, status);
  }
  if (stopping_ && !starting_ && !serving_ && draining_.empty()) exit_status_ = status_;
}

void Parent::ended(pid_t pid, int status) {
  if (const auto counted = counting_.extract(pid)) generations_.end(counted.mapped());
  if (starting_ && starting_->pid == pid && starting_->report) read_report();
  if (starting_ && starting_->pid == pid) {
    fail_start(fmt::format("the worker ended before it served: {}", describe(status)));
  } else if (serving_ == pid) {
    serving_.reset();
    common::log(fmt::format("a worker has ended by itself: {}", describe(status)), Severity::error);
    if (Clock::now() - serving_since_ >= limits_.sound) failures_ = 0;
    if (!starting_) replace();
  } else {
    std::erase_if(draining_, [pid](const Draining& each) { return each.pid == pid; });
  }
}

/// The first time, clients that have asked get their answers; the second time, none does.
void Parent::stop() {
  stopping_ = true;  // it may have been so: a successor serves
  const bool at_once = std::exchange(asked_to_stop_, true);
  if (!at_once) manager_.stopping();
  takeover_->withdraw();
  for (const Draining& each : draining_) send(each.pid, at_once ? SIGKILL : drain_signal);
  end_workers(drain_signal);
}

/// A successor serves: clients that are connected still get what they ask for.
void Parent::retire() {
  stopping_ = true;
  manager_.succeeded_by(takeover_->successor());
  common::log(fmt::format("process {} has taken over", takeover_->successor()));
  end_workers(retire_signal);
}

void Parent::end_workers(int signal) {
  start_at_.reset();
  listener_ = {};
  if (serving_) drain(*std::exchange(serving_, std::nullopt), signal);
  if (starting_) kill_starting();  // it has no clients yet, or does not know of them
  if (draining_.empty()) exit_status_ = status_;
}

void Parent::kill_starting() {
  send(starting_->pid, SIGKILL);
  draining_.push_back({.pid = starting_->pid, .kill_at = std::nullopt});
  starting_.reset();
}

void Parent::drain(pid_t pid, int signal) {
  send(pid, signal);
  draining_.push_back({.pid = pid, .kill_at = Clock::now() + limits_.drain});
}

void Parent::check_deadlines(Clock::time_point now) {
  for (Draining& each : draining_) {
    if (!each.kill_at || *each.kill_at > now) continue;
    send(each.pid, SIGKILL);
    each.kill_at.reset();
  }
  if (starting_ && starting_->kill_at <= now) {
    kill_starting();
    fail_start("the worker is not ready in time: the account database does not answer");
  }
  if (start_at_ && *start_at_ <= now) start();
}

}  // namespace finger
