#include "uring/extra/stream.h"

namespace uring {

StreamBase::~StreamBase() {
  assert(waiting_ == nullptr && stopping_ == nullptr);  // it outlives whoever waits for it
}

void StreamBase::arrived(int result, std::uint32_t flags) {
  Operation::arrived(result, flags);
  const bool expected = result == -ECANCELED && stopping_ != nullptr;
  if (expected && waiting_ == nullptr) return;  // whoever stopped it need not hear of it again
  queue_.push({.result = result, .flags = flags});
  if (waiting_ != nullptr) make_ready(*std::exchange(waiting_, nullptr));
}

void StreamBase::ended() {
  if (stopping_ != nullptr) make_ready(*std::exchange(stopping_, nullptr));
}

}  // namespace uring
