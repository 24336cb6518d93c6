#include "uring/cancel/canceller.h"

namespace uring {

void Canceller::cancel(Error reason) {
  reason_ = reason;
  // Asking one member may end another, because making room for the request collects completions. A
  // member that ends leaves its list, so the front is always one that still exists.
  IntrusiveList<Cancellable> to_ask;
  members_.move_all_to(to_ask);
  while (Cancellable* member = to_ask.front()) {
    members_.push_back(*member);
    member->cancel(reason);
  }
}

}  // namespace uring
