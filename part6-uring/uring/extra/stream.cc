#include "uring/extra/stream.h"

namespace uring {

StreamBase::~StreamBase() {
  assert(waiting_.empty() && stopping_.empty());  // it outlives those that wait for it
}

void StreamBase::keep(int result, std::uint32_t flags) {
  set_result(result, flags);
  const bool expected = result == -ECANCELED && !stopping_.empty();
  if (expected && waiting_.empty()) return;  // the coroutine that stopped it knows
  queue_.push({.result = result, .flags = flags});
  if (LoopWaiter* const first = waiting_.front()) first->wake(loop());
}

void StreamBase::ended() {
  if (LoopWaiter* const first = stopping_.front()) first->wake(loop());
}

}  // namespace uring
