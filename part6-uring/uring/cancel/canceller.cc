#include "uring/cancel/canceller.h"

namespace uring {

void Canceller::cancel(Error reason) {
  reason_ = reason;
  // Asking one may end another: room for the request is made by collecting completions. Each that
  // ends leaves the list it is in, so that the front is always one that is still there.
  IntrusiveList<Cancellable> to_ask;
  members_.move_all_to(to_ask);
  while (Cancellable* member = to_ask.front()) {
    members_.push_back(*member);
    member->cancel(reason);
  }
}

}  // namespace uring
