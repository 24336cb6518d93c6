#include "finger/server/supervision/parent.h"

#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <climits>
#include <span>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "common/server/log.h"
#include "finger/server/process/signal_action.h"

namespace finger {
namespace {

using common::Clock;
using common::Severity;

/// What has given up may take so long to end.
constexpr auto end_pause = std::chrono::seconds(1);

/// A worker that is told to stop accepting does so within milliseconds, unless it is stuck.
constexpr auto retire_pause = std::chrono::seconds(2);

/// As far as anybody outside of the kernel can tell.
constexpr std::string_view stuck_reason = "it waits for the kernel, perhaps in a home that hangs";

sigset_t handled_signals() { return set_of({SIGHUP, SIGINT, SIGTERM, SIGCHLD, SIGUSR1}); }

/// `exit status 1`, `signal 9`
std::string describe(int status) {
  if (WIFSIGNALED(status)) return fmt::format("signal {}", WTERMSIG(status));
  return fmt::format("exit status {}", WEXITSTATUS(status));
}

}  // namespace

Parent::Parent(Listeners listeners, Limits limits, Work work, std::function<void()> announce,
               ServiceManager manager, std::unique_ptr<Takeover> takeover, Generations& generations,
               BusyHomes& busy)
    : listeners_(std::move(listeners)),
      limits_(limits),
      work_(std::move(work)),
      announce_(std::move(announce)),
      manager_(std::move(manager)),
      takeover_(std::move(takeover)),
      generations_(generations),
      busy_(busy) {}

common::Result<int> Parent::run() {
  // If SIG_IGN was inherited, no signal would report that a worker has ended.
  (void)std::signal(SIGCHLD, SIG_DFL);
  const sigset_t set = handled_signals();
  // From now on they wait until signals_ is read. Fails only for a wrong first argument.
  (void)::sigprocmask(SIG_BLOCK, &set, nullptr);
  signals_ = common::Fd(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!signals_) return common::last_error();
  start();
  while (!is_over()) {
    wait();
    check_deadlines(Clock::now());
  }
  return status_;
}

bool Parent::is_over() const {
  return is_ending() && std::ranges::all_of(workers_, [](const Worker& each) {
           return each.state == State::stuck;
         });
}

void Parent::wait() {
  const auto input = [](int fd) { return pollfd{.fd = fd, .events = POLLIN, .revents = 0}; };
  std::vector<pollfd> watched{input(signals_.get())};
  // Not before we serve: until then those who want to take over ask the server before us.
  for (const pollfd& offer : takeover_->watched()) {
    watched.push_back(phase_ == Phase::starting ? input(-1)
                                                : offer);  // poll(2) ignores what is negative
  }
  const std::size_t of_scouts = watched.size();
  scouts_.watch(watched);
  const std::size_t of_workers = watched.size();
  for (const Worker& each : workers_) {
    for (const auto pipe :
         {&Report::Pipes::said, &Report::Pipes::lifeline, &Report::Pipes::accepts}) {
      watched.push_back(input((each.pipes.*pipe).get()));
    }
  }
  const int timeout_ms = common::timeout_ms(soonest());
  if (::poll(watched.data(), watched.size(), timeout_ms) <= 0) return;  // EINTR: look again
  const bool is_asked = watched[1].revents != 0 || watched[2].revents != 0;
  if (is_asked && takeover_->advance()) return retire();
  const bool has_answered = scouts_.read(watched.data() + of_scouts);
  auto worker = workers_.begin();  // what starts meanwhile comes last, and was not watched
  for (std::size_t i = of_workers; i < watched.size(); i += 3) read(*worker++, &watched[i]);
  if (has_answered) reload();
  if (watched[0].revents != 0) read_signals();
}

Clock::time_point Parent::soonest() const {
  auto soonest = std::min(start_at_, ready_status_.empty() ? never : tell_at_);
  for (const Worker& each : workers_) soonest = std::min(soonest, each.due);
  return soonest;
}

/// On two of the pipes nothing is ever written: what comes is the end.
void Parent::read(Worker& worker, const pollfd* watched) {
  if (watched[0].revents != 0) hear(worker);  // first: it may have reported, and died of it
  if (watched[2].revents != 0) worker.pipes.accepts = {};
  if (watched[1].revents == 0) return;
  worker.pipes.lifeline = {};
  // It has died, or an operation of its ring has failed. If waitpid(2) does not find it soon, it
  // has died and cannot end.
  if (worker.state == State::serving) worker.due = Clock::now() + Worker::found_pause;
}

void Parent::start() {
  start_at_ = never;
  is_reload_due_ = false;
  started_at_ = Clock::now();
  undo();
  auto worker = Worker::fork([this](Report& report) { return be_worker(report); }, scouts_.silent(),
                             started_at_ + limits_.start);
  if (!worker) return fail_start(worker.error());
  scouts_.add(std::move(worker->pipes.news));
  workers_.push_back(std::move(*worker));
}

/// In its process, from the start to the end.
int Parent::be_worker(Report& report) {
  signals_ = {};
  workers_.clear();
  scouts_ = {};
  manager_ = {};
  takeover_->withdraw();
  sigset_t set = handled_signals();
  sigdelset(&set, SIGUSR1);  // it stays blocked, for its Metrics
  (void)::sigprocmask(SIG_UNBLOCK, &set, nullptr);
  return work_(std::move(listeners_), report);
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
        if (const Worker* const serving = find(State::serving)) serving->send(SIGUSR1);
        break;
      default:
        stop();
    }
  }
}

void Parent::reload() {
  if (is_ending()) return;
  manager_.reloading();
  ready_status_.clear();
  is_reload_due_ = find(State::starting) != nullptr;  // whose roster may be too old
  if (is_reload_due_) return;
  std::vector<pid_t> stuck;
  for (const Worker& each : workers_) {
    if (each.state == State::stuck) stuck.push_back(each.pid);
  }
  if (stuck.size() < stuck_max) return start();
  fail_start(fmt::format("{} workers were killed and do not end: {}", stuck.size(),
                         fmt::join(stuck, " ")));
  is_reload_due_ = true;  // as soon as one of them ends
}

/// Its report, or a beat: it is not stuck.
void Parent::hear(Worker& worker) {
  std::array<char, PIPE_BUF> text;
  const ssize_t size = ::read(worker.pipes.said.get(), text.data(), text.size());
  if (size == 0) worker.pipes.said = {};  // the worker has ended, and SIGCHLD will tell how
  if (size <= 0) return;
  if (worker.state == State::serving) return pass_on_beat();
  const std::string_view said(text.data(), static_cast<std::size_t>(size));
  if (const auto found = Report::read_ready(said)) return promote(worker, *found);
  worker.end(State::asked, 0, end_pause);
  fail_start(common::escape(std::as_bytes(std::span(said))));
}

/// A worker that was taken over may say it without end, and the manager has others to listen to.
void Parent::pass_on_beat() {
  const auto interval = manager_.watchdog_interval();
  const auto now = Clock::now();
  if (!interval || now < next_beat_at_) return;
  next_beat_at_ = now + *interval / 2;  // those of one that is sound come an interval apart
  manager_.alive();
}

void Parent::promote(Worker& worker, const UserCount& found) {
  const std::size_t before = std::exchange(users_, found.users);
  const auto line = fmt::format("worker {} serves {}", worker.pid, found.text(before));
  const auto status = fmt::format("worker {} serves {}", worker.pid, found.text());
  if (Worker* const replaced = find(State::serving)) {
    replaced->end(State::asked, retire_signal, limits_.drain);
    generations_.reloads().add();
    common::log("reloaded: " + line, found.severity_after(before));
  } else if (phase_ == Phase::serving && found.users != before) {
    common::log(line, found.severity_after(before));
  } else if (phase_ == Phase::starting && !found.without_account.empty()) {
    common::log(status);
  }
  worker.state = State::serving;
  worker.due = never;
  serving_since_ = Clock::now();
  if (std::exchange(phase_, Phase::serving) == Phase::starting) announce();
  if (is_ending()) return;
  // Its first beat may have come with the report. Where reloads follow each other sooner than
  // beats do, no worker lives for another.
  if (manager_.watchdog_interval()) manager_.alive();
  if (is_reload_due_) return start();
  ready_status_ = status;
  tell_at_ = Clock::now() + retire_pause;
}

/// Not before the worker that was replaced has stopped accepting.
void Parent::tell_ready() {
  const bool may_accept = std::ranges::any_of(workers_, [](const Worker& each) {
    return each.state == State::asked && each.pipes.accepts;
  });
  if (ready_status_.empty() || (may_accept && Clock::now() < tell_at_)) return;
  manager_.ready(std::exchange(ready_status_, {}));
}

void Parent::announce() {
  const auto refused = takeover_->confirm();
  if (!refused.empty()) return give_up(refused);
  announce_();
}

void Parent::fail_start(std::string_view reason) {
  if (phase_ == Phase::starting) return give_up(reason);
  const Worker* const serving = find(State::serving);
  if (serving == nullptr) {
    common::log(fmt::format("no worker serves, another is tried: {}", reason), Severity::error);
    return replace();
  }
  generations_.failed_reloads().add();
  common::log(fmt::format("cannot reload, the worker before goes on: {}", reason),
              Severity::warning);
  if (is_reload_due_) return start();
  ready_status_ = fmt::format("cannot reload, worker {} goes on: {}", serving->pid, reason);
  tell_at_ = Clock::now();
}

void Parent::give_up(std::string_view reason) {
  common::log(reason, Severity::error);
  status_ = 1;
  stop();
}

/// What fails now may be well in a while, or never. The pause doubles with each failure in a row;
/// and workers that die again and again may be dying of what somebody tries on them: forked from
/// one parent, they have their memory laid out alike. Where something starts us anew, it is not.
void Parent::replace() {
  if (++failures_ == failures_max) {
    return give_up(fmt::format("{} workers in a row have failed: giving up", failures_));
  }
  start_at_ = started_at_ + limits_.pause * (1 << (failures_ - 1));
}

void Parent::reap() {
  while (true) {
    int status = 0;
    const pid_t pid = ::waitpid(-1, &status, WNOHANG);
    if (pid <= 0) break;
    const auto worker = std::ranges::find(workers_, pid, &Worker::pid);
    if (worker != workers_.end()) ended(worker, status);
  }
}

void Parent::ended(std::list<Worker>::iterator worker, int status) {
  if (worker->state == State::starting) hear(*worker);  // what it reported may be unread
  const State state = worker->state;
  workers_.erase(worker);
  undo();  // also now: it has served beside the next one
  if (state == State::starting) {
    fail_start(fmt::format("the worker ended before it served: {}", describe(status)));
  } else if (state == State::serving) {
    died(fmt::format("a worker has ended by itself: {}", describe(status)));
  } else if (is_reload_due_ && find(State::starting) == nullptr) {
    reload();
  }
}

/// What those that have ended leave, and what one that was broken into did to those after it.
void Parent::undo() {
  std::ranges::for_each(listeners_, restore);
  std::vector<pid_t> workers;
  for (const Worker& each : workers_) workers.push_back(each.pid);
  busy_.free_all_but(workers);
  generations_.end_all_but(workers);
}

void Parent::died(std::string_view line) {
  common::log(line, Severity::error);
  if (Clock::now() - serving_since_ >= limits_.sound) failures_ = 0;
  if (find(State::starting) == nullptr) replace();
}

/// The first time, clients that have asked get their answers; the second time, none does.
void Parent::stop() {
  const bool at_once = std::exchange(phase_, Phase::stopping) == Phase::stopping;
  if (!at_once) manager_.stopping();
  takeover_->withdraw();
  end_workers(drain_signal);
  if (!at_once) return;
  for (Worker& each : workers_) each.kill();
}

/// A successor serves: clients that are connected still get what they ask for.
void Parent::retire() {
  phase_ = Phase::retired;
  manager_.succeeded_by(takeover_->successor());
  common::log(fmt::format("process {} has taken over", takeover_->successor()));
  end_workers(retire_signal);
}

void Parent::end_workers(int signal) {
  start_at_ = never;
  listeners_.clear();
  for (Worker& each : workers_) {
    if (each.state == State::starting) {
      each.kill();  // it has no clients yet, or does not know of them
    } else if (each.state == State::serving) {
      each.end(State::asked, signal, limits_.drain);
    } else {
      each.send(signal);
    }
  }
}

void Parent::be_late(Worker& worker) {
  switch (worker.state) {
    case State::starting:
      worker.kill();
      return fail_start("the worker is not ready in time: does the account database answer?");
    case State::serving:
      worker.kill();
      return died(fmt::format("worker {} has died and does not end: {}", worker.pid, stuck_reason));
    case State::asked:
      return worker.kill();
    case State::killed:
    case State::stuck:
      worker.state = State::stuck;
      worker.due = never;
      common::log(
          fmt::format("worker {} was killed and does not end: {}", worker.pid, stuck_reason),
          Severity::warning);
  }
}

void Parent::check_deadlines(Clock::time_point now) {
  for (Worker& each : workers_) {
    if (each.due <= now) be_late(each);
  }
  if (start_at_ <= now) start();
  if (!is_ending()) tell_ready();
}

Parent::Worker* Parent::find(State state) {
  const auto found = std::ranges::find(workers_, state, &Worker::state);
  return found == workers_.end() ? nullptr : &*found;
}

}  // namespace finger
