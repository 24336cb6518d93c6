#pragma once

#include "poller.h"

namespace tests {

/// Makes the poller of the stage under test, which watches connections.
stage::Poller make_poller();

}  // namespace tests
