#pragma once

#include "resource_world.h"
#include "uring/task.h"

namespace fuzz {

/// What was written to a file is there.
uring::Task<> use_file(Resources& world);

/// What goes into a pipe comes out of it, also through a second one.
uring::Task<> use_pipe(Resources& world);

/// Descriptors become slots, and slots descriptors.
uring::Task<> use_slots(Resources& world);

/// One sleeps on a futex, one wakes it.
uring::Task<> use_futex(Resources& world);

/// Cancels by an operation: one request, or all that are about a descriptor.
uring::Task<> cancel_by_request(Resources& world);

}  // namespace fuzz
