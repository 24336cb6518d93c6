#include "uring/extra/mailbox.h"

#include "uring/loop.h"

namespace uring {

Mailbox::Mailbox(Loop& loop) : Operation(loop), signal_(loop) {
  mark_begun();
  if (Trace* trace = loop.trace()) trace->begun(*this, nullptr);
}

Mailbox::~Mailbox() { count_skipped_cqes(0, 1); }

Task<Result<std::uint32_t>> Mailbox::receive() {
  while (queue_.empty()) {
    if (const auto told = co_await signal_.wait(); !told) co_return std::unexpected(told.error());
  }
  co_return static_cast<std::uint32_t>(queue_.pop().result);
}

void Mailbox::arrived(int result, std::uint32_t flags) {
  expect_one_more();
  queue_.push({.result = result, .flags = flags});
  signal_.notify_one();
}

}  // namespace uring
