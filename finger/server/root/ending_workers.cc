#include "finger/server/root/ending_workers.h"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <utility>

#include <fmt/format.h>

#include "common/server/log.h"

namespace finger {
namespace {

using common::Clock;

/// A process that was killed ends within milliseconds. After this it is held by something.
constexpr auto kill_pause = std::chrono::milliseconds(500);

}  // namespace

void EndingWorkers::Worker::kill() {
  (void)::kill(pid, SIGKILL);  // a child that was not waited for: it exists
  if (stage != Stage::asked) return;
  stage = Stage::killed;
  due = Clock::now() + kill_pause;
}

void EndingWorkers::add(pid_t pid, Clock::time_point kill_at, common::Fd accepts) {
  workers_.push_back({.pid = pid, .due = kill_at, .accepts = std::move(accepts)});
}

void EndingWorkers::kill(pid_t pid) {
  workers_.push_back({.pid = pid, .due = {}, .accepts = {}});
  workers_.back().kill();
}

void EndingWorkers::ask(int signal) const {
  for (const Worker& each : workers_) (void)::kill(each.pid, signal);
}

void EndingWorkers::kill_all() {
  for (Worker& each : workers_) each.kill();
}

void EndingWorkers::forget(pid_t pid) {
  std::erase_if(workers_, [pid](const Worker& each) { return each.pid == pid; });
}

std::optional<Clock::time_point> EndingWorkers::due() const {
  std::optional<Clock::time_point> earliest;
  for (const Worker& each : workers_) {
    if (!each.is_stuck() && (!earliest || each.due < *earliest)) earliest = each.due;
  }
  return earliest;
}

void EndingWorkers::check(Clock::time_point now) {
  for (Worker& each : workers_) {
    if (each.is_stuck() || each.due > now) continue;
    if (each.stage == Worker::Stage::asked) {
      each.kill();
    } else {
      each.stage = Worker::Stage::stuck;
      common::log(fmt::format("worker {} was killed and does not end: {}", each.pid, stuck_reason),
                  common::Severity::warning);
    }
  }
}

void EndingWorkers::watch(std::vector<pollfd>& watched) const {
  for (const Worker& each : workers_) {  // poll(2) ignores those that are negative
    watched.push_back({.fd = each.accepts.get(), .events = POLLIN, .revents = 0});
  }
}

/// Nothing is ever written there: what comes is the end.
void EndingWorkers::read(const pollfd* watched) {
  for (Worker& each : workers_) {
    if (watched++->revents != 0) each.accepts = {};
  }
}

bool EndingWorkers::may_accept() const {
  return std::ranges::any_of(workers_, [](const Worker& each) { return bool(each.accepts); });
}

std::size_t EndingWorkers::stuck() const {
  return static_cast<std::size_t>(std::ranges::count_if(workers_, &Worker::is_stuck));
}

std::string EndingWorkers::stuck_pids() const {
  std::string pids;
  for (const Worker& each : workers_) {
    if (each.is_stuck()) pids += fmt::format(" {}", each.pid);
  }
  return pids;
}

}  // namespace finger
