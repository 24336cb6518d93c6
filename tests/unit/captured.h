#pragma once

#include <gtest/gtest.h>

#include <string>

#include "common/server/log.h"

namespace tests {

/// Returns the text that `act` writes to stderr, descriptor 2.
template <typename Act>
std::string stderr_of(Act act) {
  testing::internal::CaptureStderr();
  common::forget_log_lines();
  act();
  return testing::internal::GetCapturedStderr();
}

}  // namespace tests
