#pragma once

#include <gmock/gmock.h>

#include <ostream>

#include "finger/server/protocol/query.h"

namespace finger {

inline std::ostream& operator<<(std::ostream& out, const Query& query) {
  return out << (query.verbose ? "/W " : "") << testing::PrintToString(query.user);
}

}  // namespace finger

namespace tests {

/// A Result is this error.
MATCHER_P(FailedWith, expected, "") {
  if (arg.has_value()) {
    *result_listener << "succeeded";
    return false;
  }
  *result_listener << arg.error().message();
  return arg.error() == expected;
}

/// A Result is this value.
MATCHER_P(Is, expected, "") {
  if (!arg.has_value()) {
    *result_listener << arg.error().message();
    return false;
  }
  return testing::ExplainMatchResult(testing::Eq(expected), *arg, result_listener);
}

}  // namespace tests
