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

/// What has given up may take so long to end.
constexpr auto end_pause = std::chrono::seconds(1);

/// A worker that is told to stop accepting does so within milliseconds, unless it is stuck.
constexpr auto retire_pause = std::chrono::seconds(2);

/// Until waitpid(2) finds a worker that has died.
constexpr auto found_pause = std::chrono::milliseconds(500);

sigset_t handled_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int number : {SIGHUP, SIGINT, SIGTERM, SIGCHLD, SIGUSR1}) sigaddset(&set, number);
  return set;
}

void send(pid_t pid, int signal) {
  (void)::kill(pid, signal);  // a child that was not waited for: it exists
}

/// `exit status 1`, `signal 9`
std::string describe(int status) {
  if (WIFSIGNALED(status)) return fmt::format("signal {}", WTERMSIG(status));
  return fmt::format("exit status {}", WEXITSTATUS(status));
}

}  // namespace

Parent::Parent(common::Fd listener, Limits limits, Work work, std::function<void()> announce,
               ServiceManager manager, std::unique_ptr<Takeover> takeover, Generations& generations)
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
  const auto consider = [&soonest](Clock::time_point due) {
    if (!soonest || due < *soonest) soonest = due;
  };
  if (starting_) consider(starting_->kill_at);
  if (missed_at_) consider(*missed_at_);
  if (const auto due = ending_.due()) consider(*due);
  if (!ready_status_.empty()) consider(tell_at_);
  int timeout_ms = -1;
  if (soonest) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(*soonest - Clock::now());
    timeout_ms = static_cast<int>(std::clamp<long long>(left.count(), 0, INT_MAX));
  }
  const int report = starting_ ? starting_->report.get() : -1;  // poll(2) ignores negative ones
  const auto offered = takeover_->watched();
  const auto input = [](int fd) { return pollfd{.fd = fd, .events = POLLIN, .revents = 0}; };
  std::vector<pollfd> watched{input(signals_.get()), input(report), input(beats_.get()),
                              input(lifeline_.get())};
  scouts_.watch(watched);
  const std::size_t ending = watched.size();
  ending_.watch(watched);
  const std::size_t offers = watched.size();
  // Not before we serve: until then those who want to take over ask the server before us.
  if (announced_) watched.insert(watched.end(), offered.begin(), offered.end());
  if (::poll(watched.data(), watched.size(), timeout_ms) <= 0) return;  // EINTR: look again
  const auto is_ready = [&watched](std::size_t i) { return watched[i].revents != 0; };
  const bool is_asked = announced_ && (is_ready(offers) || is_ready(offers + 1));
  if (is_asked && takeover_->advance()) return retire();
  ending_.read(watched.data() + ending);  // first: what follows may add to them
  if (scouts_.read(watched.data() + 4)) reload();
  if (is_ready(3)) lifeline_ended();
  if (is_ready(2)) read_beats();
  if (is_ready(1)) read_report();
  if (is_ready(0)) read_signals();
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
  auto ends = Report::make_pipes();
  if (!ends && ends.error() == std::errc::too_many_files_open) {
    return std::unexpected(common::explain_no_descriptor("to talk to a worker"));
  }
  if (!ends) return std::unexpected("no pipe to a worker: " + ends.error().message());
  const pid_t parent = ::getpid();
  const auto generation = generations_.begin();
  const pid_t pid = ::fork();
  if (pid < 0 && generation) generations_.end(*generation);
  if (pid < 0) return std::unexpected(common::explain_no_thread(common::last_error().error()));
  if (pid == 0) {
    ends->parent = {};
    be_worker(Report(std::move(ends->worker), scouts_.silent()), parent, generation);
  }
  if (generation) counting_.emplace(pid, *generation);
  scouts_.add(std::move(ends->parent.news));
  return Starting{.pid = pid,
                  .report = std::move(ends->parent.said),
                  .lifeline = std::move(ends->parent.lifeline),
                  .accepts = std::move(ends->parent.accepts),
                  .kill_at = started_at_ + limits_.start};
}

void Parent::be_worker(Report report, pid_t parent, std::optional<std::size_t> generation) {
  // Not SIGKILL, after which an operation that does not end would keep the port. Giving root up
  // clears it, and sets it again. The parent may have gone before it was set.
  (void)::prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0);
  if (::getppid() != parent) std::_Exit(1);
  // A session of its own, so without the terminal: a process that has it can type into root's shell
  // (ioctl_tty(2), TIOCSTI), and what ^C sends to its group would be the worker's second signal.
  (void)::setsid();
  make_empty(STDOUT_FILENO);
  (void)std::signal(SIGHUP, SIG_IGN);  // the parent handles it
  signals_ = {};
  beats_ = {};
  lifeline_ = {};
  accepts_ = {};
  ending_ = {};
  scouts_.clear();
  manager_ = {};
  takeover_->withdraw();
  sigset_t set = handled_signals();
  sigdelset(&set, SIGUSR1);  // it stays blocked: Metrics::hold_signal()
  (void)::sigprocmask(SIG_UNBLOCK, &set, nullptr);
  std::exit(work_(std::move(listener_), report, generation));
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
        if (serving_) send(*serving_, SIGUSR1);
        break;
      default:
        stop();
    }
  }
}

void Parent::reload() {
  if (stopping_) return;
  manager_.reloading();
  ready_status_.clear();
  if (starting_) {
    reload_again_ = true;
    return;
  }
  was_refused_ = ending_.stuck() >= stuck_max;
  if (!was_refused_) return start();
  fail_start(fmt::format("{} workers were killed and do not end:{}", ending_.stuck(),
                         ending_.stuck_pids()));
}

void Parent::read_report() {
  std::array<char, PIPE_BUF> text;
  const ssize_t size = ::read(starting_->report.get(), text.data(), text.size());
  if (size < 0) return;
  common::Fd report = std::move(starting_->report);
  if (size == 0) return;  // the worker has ended, and SIGCHLD will tell how
  const std::string_view said(text.data(), static_cast<std::size_t>(size));
  if (const auto found = Report::read_ready(said)) return promote(std::move(report), *found);
  ending_.add(starting_->pid, Clock::now() + end_pause);
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
  const auto before = static_cast<std::size_t>(generations_.users().value());
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
  lifeline_ = std::move(starting_->lifeline);
  accepts_ = std::move(starting_->accepts);
  missed_at_.reset();
  starting_.reset();
  beats_ = std::move(beats);
  if (!std::exchange(announced_, true)) announce();
  if (stopping_) return;
  // Its first beat may have come with the report. Where reloads follow each other sooner than
  // beats do, no worker lives for another.
  if (manager_.watchdog_interval()) manager_.alive();
  if (reload_again_) return start();
  ready_status_ = fmt::format("worker {} serves {}", *serving_, found.text());
  tell_at_ = Clock::now() + retire_pause;
}

/// Not before the worker that was replaced has stopped accepting.
void Parent::tell_ready() {
  if (ready_status_.empty() || (ending_.may_accept() && Clock::now() < tell_at_)) return;
  manager_.ready(std::exchange(ready_status_, {}));
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
    ready_status_ = fmt::format("cannot reload, worker {} goes on: {}", *serving_, reason);
    tell_at_ = Clock::now();
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
}

void Parent::ended(pid_t pid, int status) {
  if (const auto counted = counting_.extract(pid)) generations_.end(counted.mapped());
  if (starting_ && starting_->pid == pid && starting_->report) read_report();
  if (starting_ && starting_->pid == pid) {
    fail_start(fmt::format("the worker ended before it served: {}", describe(status)));
  } else if (serving_ == pid) {
    serving_.reset();
    missed_at_.reset();
    died(fmt::format("a worker has ended by itself: {}", describe(status)));
  } else {
    ending_.forget(pid);
    if (was_refused_) reload();
  }
}

void Parent::died(std::string_view line) {
  common::log(line, Severity::error);
  if (Clock::now() - serving_since_ >= limits_.sound) failures_ = 0;
  if (!starting_) replace();
}

/// It has died, or a successor of it serves, or an operation of its ring has failed. If waitpid(2)
/// does not find it soon, it has died and cannot end.
void Parent::lifeline_ended() {
  lifeline_ = {};
  missed_at_ = Clock::now() + found_pause;
}

/// The first time, clients that have asked get their answers; the second time, none does.
void Parent::stop() {
  stopping_ = true;  // it may have been so: a successor serves
  const bool at_once = std::exchange(asked_to_stop_, true);
  if (!at_once) manager_.stopping();
  takeover_->withdraw();
  if (at_once) {
    ending_.kill_all();
  } else {
    ending_.ask(drain_signal);
  }
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
}

void Parent::kill_starting() {
  ending_.kill(starting_->pid);
  starting_.reset();
}

void Parent::drain(pid_t pid, int signal) {
  send(pid, signal);
  ending_.add(pid, Clock::now() + limits_.drain, std::move(accepts_));
}

void Parent::check_deadlines(Clock::time_point now) {
  ending_.check(now);
  if (missed_at_ && *missed_at_ <= now) replace_missed();
  if (starting_ && starting_->kill_at <= now) {
    kill_starting();
    fail_start("the worker is not ready in time: does the account database answer?");
  }
  if (start_at_ && *start_at_ <= now) start();
  if (!stopping_) tell_ready();
  if (stopping_ && !starting_ && !serving_ && ending_.are_all_stuck()) {
    exit_status_ = status_;
  }
}

/// The worker that serves was killed, and something keeps it from ending.
void Parent::replace_missed() {
  missed_at_.reset();
  if (!serving_) return;
  const pid_t pid = *std::exchange(serving_, std::nullopt);
  ending_.kill(pid);
  died(fmt::format("worker {} has died and does not end: {}", pid, EndingWorkers::stuck_reason));
}

}  // namespace finger
