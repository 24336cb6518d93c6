#pragma once

#include <string>
#include <system_error>

namespace uring {

/// What keeps this process from using io_uring, and what to do about it, in a line: for an error of
/// Ring::create() or Loop::create().
std::string why_no_ring(std::error_code error);

}  // namespace uring
