#include "common/escape.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "bytes.h"

namespace {

using common::escape;
using tests::bytes;

TEST(Escape, LeavesPrintableAsciiAndLetsNothingThroughThatMovesTheCursor) {
  for (int value = 0; value < 256; ++value) {
    const std::string one(1, static_cast<char>(value));
    const bool printable = value >= ' ' && value <= '~';
    const auto wanted = value == '\\' ? R"(\\)" : printable ? one : fmt::format("\\x{:02x}", value);
    EXPECT_EQ(escape(bytes(one)), wanted) << "for byte " << value;
  }
  EXPECT_EQ(escape(bytes(R"(\x41)")), R"(\\x41)") << "or a peer could write an escape itself";
}

}  // namespace
