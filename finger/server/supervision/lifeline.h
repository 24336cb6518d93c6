#pragma once

#include <string>

#include "common/fd.h"

namespace finger {

/// Keeps a pipe's end open for as long as this process lives, and no longer: who has the other end
/// learns of its death even where it does not end. The kernel holds a killed process, with all of
/// its descriptors, until each operation of its rings has ended, which in a home that does not
/// answer may be never; before that, wait(2) tells nothing. A thread that uses no ring ends at
/// once: it has a table of descriptors of its own, with the pipe in it alone.
///
/// Returns nothing, or a line that says why there is no such thread.
std::string hold_lifeline(common::Fd pipe);

}  // namespace finger
