#include "uring/descriptor.h"

#include <liburing.h>

#include "uring/ring.h"

namespace uring {

DirectFd::~DirectFd() {
  if (slot_ < 0) return;
  const int nothing = -1;
  (void)io_uring_register_files_update(&ring_->raw(), static_cast<unsigned>(slot_), &nothing,
                                       1);  // fails for a slot that is empty already
}

}  // namespace uring
