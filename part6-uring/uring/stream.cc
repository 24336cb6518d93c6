#include "uring/stream.h"

namespace uring {

StreamBase::~StreamBase() {
  assert(waiting_ == nullptr && stopping_ == nullptr);  // it outlives whoever waits for it
}

void StreamBase::arm() {
  if (!shielded()) {
    assert(!in_flight());  // it belongs to a scope already
    shield();
  }
  if (!in_flight()) begin();
  if (pending()) make_ready();
}

void StreamBase::arrived(int result, std::uint32_t flags) {
  Operation::arrived(result, flags);
  const bool expected = result == -ECANCELED && stopping_ != nullptr;
  if (expected && waiting_ == nullptr) return;  // whoever stopped it need not hear of it again
  const bool is_first = queue_.empty();
  queue_.push({.result = result, .flags = flags});
  if (waiting_ != nullptr) {
    make_ready(*std::exchange(waiting_, nullptr));
  } else if (is_first && shielded()) {
    make_ready();
  }
}

void StreamBase::ended() {
  if (stopping_ != nullptr) make_ready(*std::exchange(stopping_, nullptr));
}

}  // namespace uring
