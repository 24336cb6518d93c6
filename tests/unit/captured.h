#pragma once

#include <gtest/gtest.h>

#include <string>

#include "common/server/log.h"

namespace tests {

/// What `act` writes to stderr, on descriptor 2.
template <typename Act>
std::string stderr_of(Act act) {
  testing::internal::CaptureStderr();
  common::forget_log_lines();  // and what stderr was before
  act();
  return testing::internal::GetCapturedStderr();
}

}  // namespace tests
