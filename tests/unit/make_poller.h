#pragma once

#include "poller.h"

namespace tests {

/// The poller of the stage under test, which watches connections.
stage::Poller make_poller();

}  // namespace tests
