#pragma once

#include "resource_world.h"
#include "uring/scope.h"
#include "uring/task.h"

namespace fuzz {

/// Accepts clients in one of the ways that there are, and has them served in one of the ways that
/// there are, until it fails.
uring::Task<> accept_clients(Resources& world, uring::Scope& clients);

/// A client of theirs: what it says comes back, and nothing else.
uring::Task<> talk(Resources& world);

}  // namespace fuzz
