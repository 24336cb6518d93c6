#include "uring/extra/stream.h"

namespace uring {

StreamBase::~StreamBase() {
  assert(waiting_ == nullptr && stopping_ == nullptr);  // it outlives those that wait for it
}

void StreamBase::arrived(int result, std::uint32_t flags) {
  Operation::arrived(result, flags);
  const bool expected = result == -ECANCELED && stopping_ != nullptr;
  if (expected && waiting_ == nullptr) return;  // the coroutine that stopped it knows
  queue_.push({.result = result, .flags = flags});
  if (waiting_ != nullptr) make_ready(*std::exchange(waiting_, nullptr));
}

void StreamBase::ended() {
  if (stopping_ != nullptr) make_ready(*std::exchange(stopping_, nullptr));
}

}  // namespace uring
