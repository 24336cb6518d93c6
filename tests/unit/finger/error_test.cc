// What a peer is told, tests/finger asks; here, what it is not told.
#include <gtest/gtest.h>

#include "finger/protocol/error.h"

namespace {

using finger::Error;
using finger::error_line;

TEST(Error, TellsThePeerNothingOfWhatHappenedInside) {
  EXPECT_EQ(error_line(Error::no_such_group), "");
  EXPECT_EQ(error_line(Error::no_placeholder), "");
  EXPECT_EQ(error_line({}), "");
  EXPECT_EQ(error_line(common::Error::timed_out), "");
  // The numbers of other categories stand for other things: 1 is EPERM, too.
  for (int number = 1; number < 8; ++number) {
    EXPECT_EQ(error_line(std::error_code(number, std::system_category())), "");
    EXPECT_EQ(error_line(std::error_code(number, std::generic_category())), "");
  }
  EXPECT_EQ(error_line(std::error_code(100, make_error_code(Error::no_such_user).category())), "");
}

TEST(Error, HasWordsForTheLog) {
  EXPECT_EQ(make_error_code(Error::no_such_user).message(), "no such user");
  EXPECT_EQ(make_error_code(Error::unexpected_eof).message(), "unexpected EOF");
  EXPECT_EQ(make_error_code(Error::no_such_group).message(), "no such group");
}

}  // namespace
