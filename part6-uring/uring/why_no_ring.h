#pragma once

#include <string>
#include <system_error>

namespace uring {

/// A line that says why this process can't use io_uring, and what to do about that, for an error of
/// Ring::create() or Loop::create().
std::string why_no_ring(std::error_code error);

}  // namespace uring
