#include "uring/loop_core.h"

#include <algorithm>
#include <atomic>
#include <cassert>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "uring/buffers.h"
#include "uring/request/operation.h"
#include "uring/time/timespec.h"

namespace uring {
namespace {

/// The ring itself is broken, so no caller could go on.
[[noreturn]] void give_up(std::error_code error) {
  std::fprintf(stderr, "uring: io_uring_enter: %s\n", error.message().c_str());
  std::abort();
}

/// Whether the kernel wants us to collect completions, or has no memory for the moment.
bool is_passing(std::error_code error) {
  return error == std::errc::device_or_resource_busy ||
         error == std::errc::resource_unavailable_try_again;
}

}  // namespace

LoopCore::~LoopCore() {
  assert(begun_ == ended_);  // every operation had its last completion
  if (!buffers_.empty() || deadlines_.earliest()) {
    refuse("a loop must end after its Buffers and Deadlines");
  }
}

Status LoopCore::enable() {
  const auto enabled = ring_.enable();
  if (enabled) thread_ = this_thread();
  return enabled;
}

void LoopCore::wait_and_collect() {
  check_thread();
  const auto status = ring_.submit_and_wait(std::nullopt);
  if (!status && !is_passing(status.error())) give_up(status.error());
  collect();
}

std::uint64_t LoopCore::this_thread() {
  static std::atomic<std::uint64_t> last = 0;
  thread_local const std::uint64_t number = ++last;
  return number;
}

void LoopCore::check_thread() const {
  if (this_thread() != thread_) refuse("a loop must run and end in one thread");
}

/// Ends the process, because of a mistake in the program around the loop.
void LoopCore::refuse(const char* mistake) {
  std::fprintf(stderr, "uring: %s\n", mistake);
  std::abort();
}

void LoopCore::turn() {
  ++turns_;
  lend_to_waiters();
  submit_and_wait();
  collect();
  now_ = Clock::now();
  run_ready();
  if (const auto earliest = deadlines_.earliest(); earliest && *earliest <= now_) {
    collect_what_has_come();
    deadlines_.expire(now_);
    run_ready();
  }
}

/// Called when a deadline has passed. Takes every completion that is there, since each may renew
/// the deadline, however late we see it. Since Linux 6.13 the kernel hands them out in portions, so
/// we ask until nothing comes, but take at most two for each operation in flight, or no deadline
/// would ever end on a busy ring.
void LoopCore::collect_what_has_come() {
  std::size_t left = 2 * std::size_t{begun_ - ended_};
  while (left > 0) {
    submit();
    const std::size_t collected = collect();
    if (collected == 0) break;
    run_ready();
    left -= std::min(left, collected);
  }
}

/// Runs before the loop submits. Coroutines that wait for a buffer go first, because a receive
/// takes a buffer when it's submitted. The receive of a peer that was just served polls first, so
/// in every later turn that peer would have taken a buffer again, and a waiting peer would get
/// none.
void LoopCore::lend_to_waiters() {
  bool can_wake = false;
  for (Buffers* const each : buffers_) can_wake |= each->can_wake_waiters();
  if (!can_wake) return;
  for (Buffers* const each : buffers_) each->wake_waiters();
  run_ready();
  must_not_sleep_ = true;  // there may be buffers left for others
}

void LoopCore::submit_and_wait() {
  if (std::exchange(must_not_sleep_, false) || !ready_.empty() || spin()) {
    submit();
    return;
  }
  const auto earliest = deadlines_.earliest();
  if (!earliest && begun_ == ended_) refuse("no task is left that could wake the others");
  if (!earliest || wake_at(*earliest)) return note_submitted(ring_.submit_and_wait(std::nullopt));
  const auto now = Clock::now();
  note_submitted(ring_.submit_and_wait(std::max(*earliest, now) - now));
}

/// Whether the next wait ends at `time` or earlier without its own timeout. The ring has a timeout
/// in flight that outlasts many waits, since deadlines are usually moved before they pass. A
/// timeout for each wait would cost the kernel a timer each time.
bool LoopCore::wake_at(Clock::time_point time) {
  if (alarm_at_) return *alarm_at_ <= time;
  reserve(1);
  alarm_at_ = time;
  const auto now = Clock::now();
  alarm_in_ = timespec_of(std::max(time, now) - now);
  io_uring_sqe& entry = ring_.next_entry();
  io_uring_prep_timeout(&entry, &alarm_in_, 0, 0);
  entry.user_data = alarm_user_data;
  if (Trace* to = trace()) alarm_id_.number = to->begun(alarm_id_.what, entry);
  return true;
}

void LoopCore::submit() { note_submitted(ring_.submit()); }

void LoopCore::note_submitted(const Status& submitted) {
  if (!submitted && !is_passing(submitted.error())) give_up(submitted.error());
  // Entries that the kernel hasn't taken go in the next turn, which must not sleep before we see
  // the results.
  if (ring_.has_unsubmitted() && !ring_.sqpoll()) must_not_sleep_ = true;
}

/// Polls the ring for a while instead of sleeping, but not beyond a deadline. False if nothing
/// came.
bool LoopCore::spin() {
  if (setup_.spin.count() == 0) return false;
  const auto earliest = deadlines_.earliest().value_or(Clock::time_point::max());
  const auto now = Clock::now();
  const bool has_end = setup_.spin < Clock::time_point::max() - now;
  const auto end = std::min(has_end ? now + setup_.spin : Clock::time_point::max(), earliest);
  while (ring_.submit()) {
    if (ring_.has_completion()) return true;
    if (Clock::now() >= end) break;
  }
  return false;
}

/// Collects completions. The coroutine of an operation that ends becomes ready for run_ready().
/// Returns how many completions there were.
std::size_t LoopCore::collect() {
  std::size_t collected = 0;
  Completion completion;
  while (ring_.take(completion)) {
    ++collected;
    if (completion.user_data == alarm_user_data) {
      alarm_at_.reset();
      if (Trace* to = trace()) to->ended(alarm_id_, completion.result);
      continue;
    }
    auto* operation = reinterpret_cast<Operation*>(completion.user_data & ~Operation::part_mask);
    const auto part = static_cast<Operation::Part>(completion.user_data & Operation::part_mask);
    operation->completed(part, completion.result, completion.flags);
  }
  return collected;
}

void LoopCore::make_room(unsigned entries) {
  assert(entries <= ring_.entries());  // to go in together: see Setup::entries_min
  while (ring_.look_for_room() < entries) {
    const auto status = ring_.submit();
    if (!status && !is_passing(status.error())) give_up(status.error());
    if (!status) collect();  // coroutines that become ready resume later
    if (ring_.sqpoll()) (void)io_uring_sqring_wait(&ring_.raw());  // until there is room
  }
}

/// Coroutines that become ready meanwhile resume in this turn, too, for a number of rounds. Then
/// come the ring and the deadlines, or coroutines that wake each other would starve them forever.
void LoopCore::run_ready() {
  constexpr int rounds_max = 8;
  for (int round = 0; round < rounds_max && !ready_.empty(); ++round) {
    IntrusiveList<Suspended> now;
    ready_.move_all_to(now);
    while (const Suspended* const next = now.take_front()) {
      run_in(next->scope(), next->coroutine());
    }
  }
}

}  // namespace uring
