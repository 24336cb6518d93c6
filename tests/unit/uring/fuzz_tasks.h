#pragma once

#include "fuzz_world.h"
#include "uring/task.h"

namespace fuzz {

/// Does something at random. With `depth`, also what contains such tasks: scopes, races.
uring::Task<> any_task(World& world, int depth);

}  // namespace fuzz
