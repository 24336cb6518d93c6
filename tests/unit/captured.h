#pragma once

#include <gtest/gtest.h>

#include <string>

namespace tests {

/// What `act` writes to stderr, on descriptor 2.
template <typename Act>
std::string stderr_of(Act act) {
  testing::internal::CaptureStderr();
  act();
  return testing::internal::GetCapturedStderr();
}

}  // namespace tests
