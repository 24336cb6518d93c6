#include "background.h"

#include <cstdint>
#include <span>
#include <utility>

namespace stage {

void Background::spawn(uring::Scope& scope, uring::Task<common::Status> task) {
  scope.spawn(run_to_end(std::move(task)));
}

uring::Task<common::Status> Background::watch_eventfd() {
  std::uint64_t count = 0;
  while (true) {
    const auto read = co_await loop_.read(wake_, std::as_writable_bytes(std::span(&count, 1)));
    if (!read) co_return std::unexpected(read.error());
    changed_.notify_all();
  }
}

uring::Task<> Background::run_to_end(uring::Task<common::Status> task) {
  const auto ended = co_await std::move(task);
  if (ended || ended.error() == uring::Error::cancelled) co_return;
  fault_ = ended.error();
  changed_.notify_all();
}

}  // namespace stage
