#include "finger/accounts/gecos.h"

#include <gmock/gmock.h>

#include <string>

namespace {

using finger::full_name;

TEST(FullName, EndsAtTheFirstComma) {
  EXPECT_EQ(full_name("Alice Adams,Room 1,555 0123,", "alice"), "Alice Adams");
  EXPECT_EQ(full_name("Alice Adams", "alice"), "Alice Adams");
  EXPECT_EQ(full_name(",,,", "alice"), "");
  EXPECT_EQ(full_name("", "alice"), "");
}

TEST(FullName, HasTheCapitalisedLoginForAnAmpersand) {
  EXPECT_EQ(full_name("& Adams", "alice"), "Alice Adams");
  EXPECT_EQ(full_name("&&,&", "bob"), "BobBob");
  EXPECT_EQ(full_name("& Zed", "zoe"), "Zoe Zed");
  EXPECT_EQ(full_name("&", "_apt"), "_apt");
  EXPECT_EQ(full_name("&", "Root"), "Root");
  EXPECT_EQ(full_name("&", "émile"), "émile") << "a letter of two bytes stays whole";
  EXPECT_EQ(full_name("a&b", ""), "ab");
}

TEST(FullName, IsShort) {
  const std::string longest(finger::full_name_bytes_max, 'x');
  EXPECT_EQ(full_name(longest, "alice"), longest);
  EXPECT_EQ(full_name(longest + "x", "alice"), longest);
  EXPECT_EQ(full_name(std::string(5000, '&'), "x"), std::string(longest.size(), 'X'));
  const auto all_but_one = longest.substr(1);
  EXPECT_EQ(full_name(all_but_one + "é", "alice"), all_but_one) << "no half of a character";
  EXPECT_EQ(full_name(std::string(5000, '\x80'), "alice"), "") << "no character begins anywhere";
}

TEST(FullName, IsPrintable) { EXPECT_EQ(full_name("A\r\nB\x1B", "alice"), "A??B?"); }

}  // namespace
