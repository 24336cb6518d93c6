#include "finger/server/home.h"

#include <cstddef>

namespace finger {
namespace {

/// Whether others may have this result of a load, too. That it ended early is one client's own: the
/// next tries again.
bool is_about_file(const Result<SharedFile>& file) {
  return file || file.error().category() != make_error_code(uring::Error::timed_out).category();
}

}  // namespace

uring::Task<Result<Home::Lock>> Home::lock(uring::Deadline& deadline) {
  if (is_locked_) {
    const auto handed_over = co_await unlocked_.wait().until(deadline);
    if (!handed_over) co_return failure(Error::home_timeout);
  }
  is_locked_ = true;
  co_return Lock(this);
}

/// Hands the lock over to the next, who may share what was loaded; that is forgotten where none
/// waits. In their order: a client's plan is opened when its .project, which it has let go of, is
/// closed, and not before.
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
  if (is_about_file(file)) last = Loaded{number, file};
  co_return file;
}

}  // namespace finger
