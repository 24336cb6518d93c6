#include "uring/extra/mailbox.h"

#include <cassert>

#include "uring/loop.h"

namespace uring {

Mailbox::Mailbox(Loop& loop) : Operation(loop) {
  mark_begun();
  trace_begun(nullptr);
}

Mailbox::~Mailbox() {
  assert(waiting_.empty());  // it outlives the coroutine that waits for it
  complete_one();
}

void Mailbox::arrived(int result, std::uint32_t flags) {
  expect_one_more();
  queue_.push({.result = result, .flags = flags});
  if (LoopWaiter* const first = waiting_.front()) first->wake(loop());
}

void Mailbox::ReceiveWait::start(std::coroutine_handle<> awaiting) {
  assert(mailbox_.waiting_.empty());
  wait_in(mailbox_.waiting_, awaiting);
  belong_to_scope();
}

Result<std::uint32_t> Mailbox::ReceiveWait::take() {
  if (reason() != Error{}) return std::unexpected(make_error_code(reason()));
  return static_cast<std::uint32_t>(mailbox_.queue_.pop().result);
}

}  // namespace uring
