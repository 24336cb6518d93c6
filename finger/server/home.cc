#include "finger/server/home.h"

namespace finger {

std::unexpected<std::error_code> timed_out_since(common::Clock::time_point begun_at) {
  const bool hangs = common::Clock::now() - begun_at >= std::chrono::milliseconds(250);
  return std::unexpected(hangs ? make_error_code(Error::home_timeout)
                               : make_error_code(uring::Error::timed_out));
}

uring::Task<Result<Home::Lock>> Home::lock(uring::Deadline& deadline) {
  if (is_locked_) {
    const auto begun_at = common::Clock::now();
    const auto handed_over = co_await unlocked_.wait().until(deadline);
    if (!handed_over) co_return timed_out_since(begun_at);
  }
  is_locked_ = true;
  co_return Lock(this);
}

/// Hands the lock to the next conversation, which may share the last results; without one, forgets
/// the results. First come, first served, so the close of a client's .project, queued first, ends
/// before the .plan is opened.
void Home::unlock() {
  if (unlocked_.has_waiters()) return unlocked_.notify_one();
  is_locked_ = false;
  for (auto& each : last_) each.reset();
}

uring::Task<Result<SharedFile>> Home::load_or_share(
    FileKind kind, uring::Deadline& deadline,
    std::function<uring::Task<Result<SharedFile>>()> load) {
  const std::uint64_t begun_before = loads_begun_;
  const auto lock = co_await this->lock(deadline);
  if (!lock) co_return std::unexpected(lock.error());
  auto& last = last_[static_cast<std::size_t>(kind)];
  if (last && last->number > begun_before) co_return last->file;
  const std::uint64_t number = ++loads_begun_;
  auto file = co_await load();
  // An early end is about this client, not about the file, so the next client tries again.
  const bool ended_early =
      !file && (file.error() == uring::Error::timed_out || file.error() == uring::Error::cancelled);
  if (!ended_early) last = Loaded{number, file};
  co_return file;
}

}  // namespace finger
