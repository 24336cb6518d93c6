#include <gmock/gmock.h>

#include "finger/server/accounts/accounts.h"
#include "finger/server/accounts/answer.h"
#include "finger/server/protocol/error.h"

namespace {

using finger::Accounts;
using finger::Error;
using finger::error_line;

Accounts two_users() {
  return Accounts::of_entries({{"bob", "", "/home/bob", 1001, 1001},
                               {"alice", "Alice Adams,Room 1", "/home/alice", 1000, 1000}});
}

TEST(Answer, ListsUsersSortedWithTheirNames) {
  EXPECT_EQ(finger::list_answer(two_users(), true), "alice\tAlice Adams\r\nbob\t\r\n");
}

TEST(Answer, ListsLoginsAlone) {
  EXPECT_EQ(finger::list_answer(two_users(), false), "alice\r\nbob\r\n");
}

TEST(Answer, ListsNoUserWhereNoneHasOptedIn) {
  EXPECT_EQ(finger::list_answer(Accounts(), true), "");
}

TEST(Answer, SaysTheFullName) {
  const auto users = two_users();
  EXPECT_EQ(finger::name_line(*users.find("alice")), "Name: Alice Adams\r\n");
  EXPECT_EQ(finger::name_line(*users.find("bob")), "Name: \r\n");
}

TEST(Answer, NoFullNameEndsALineOrCommandsATerminal) {
  const auto users = Accounts::of_entries(
      {{"eve", "Eve\r\nroot\tThe Boss\x1B[2J\x7F\xC2\x9B\xFF\xE9", "/home/eve", 1000, 1000}});
  EXPECT_EQ(finger::list_answer(users, true), "eve\tEve??root?The Boss?[2J????\r\n");
  EXPECT_EQ(finger::name_line(users.all()[0]), "Name: Eve??root?The Boss?[2J????\r\n");
}

TEST(Answer, SaysNoPlan) { EXPECT_EQ(finger::no_plan, "No Plan.\r\n"); }

TEST(Answer, TellsThePeerWhatIsWrongWithItsQuery) {
  EXPECT_EQ(error_line(Error::no_such_user), "Error: No such user\r\n");
  EXPECT_EQ(error_line(Error::relay_denied), "Error: Relay access denied\r\n");
  EXPECT_EQ(error_line(Error::invalid_query), "Error: Invalid query\r\n");
  EXPECT_EQ(error_line(Error::query_too_long), "Error: Maximum query length exceeded\r\n");
  EXPECT_EQ(error_line(Error::unexpected_eof), "Error: Unexpected EOF\r\n");
  EXPECT_EQ(error_line(Error::list_denied), "Error: User list denied\r\n");
}

TEST(Answer, TellsThePeerNothingOfWhatHappenedInside) {
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
