// The errors that a peer must not learn of. tests/finger checks those that it's told.
#include <gtest/gtest.h>

#include <cerrno>
#include <system_error>

#include "finger/protocol/error.h"

namespace {

using finger::Error;
using finger::error_line;

TEST(Error, TellsThePeerNothingAboutOurInside) {
  EXPECT_EQ(error_line(Error::no_such_group), "");
  EXPECT_EQ(error_line(Error::became_shorter), "");
  EXPECT_EQ(error_line(Error::no_owner), "");
  EXPECT_EQ(error_line({}), "");
  EXPECT_EQ(error_line(common::Error::timed_out), "");
  // In other categories the same numbers mean other things, such as 1 for EPERM.
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

// Any other failure isn't the same as a missing plan, so the peer gets nothing then.
TEST(Error, TellsAPlanThatIsNotThereFromOneThatCouldNotBeRead) {
  for (const int number :
       {ENOENT, ENOTDIR, EACCES, EPERM, ELOOP, EXDEV, ENXIO, ENODEV, ENAMETOOLONG}) {
    EXPECT_TRUE(finger::says_no_plan(std::error_code(number, std::system_category())));
    EXPECT_FALSE(finger::says_no_plan(std::error_code(number, std::generic_category())));
  }
  for (const Error error : {Error::empty_plan, Error::not_regular, Error::symbolic_link,
                            Error::home_refused, Error::no_owner}) {
    EXPECT_TRUE(finger::says_no_plan(error));
  }
  for (const int number : {EIO, EMFILE, ENOMEM, ESTALE, EAGAIN}) {
    EXPECT_FALSE(finger::says_no_plan(std::error_code(number, std::system_category())));
  }
  for (const Error error : {Error::became_shorter, Error::home_timeout, Error::no_such_user}) {
    EXPECT_FALSE(finger::says_no_plan(error));
  }
}

}  // namespace
