#include "finger/client/target.h"

#include <gtest/gtest.h>

namespace {

using finger::Target;

Target parsed(std::string_view text) {
  const auto target = Target::parse(text);
  EXPECT_TRUE(target.has_value()) << text;
  return target.value_or(Target{});
}

TEST(ClientTarget, AsksTheHostAboutTheUser) {
  EXPECT_EQ(parsed("alice@example.org"), (Target{"example.org", "alice"}));
  EXPECT_EQ(parsed("John Doe@example.org"), (Target{"example.org", "John Doe"}));
}

TEST(ClientTarget, WithoutAUserAsksWhoIsThere) {
  EXPECT_EQ(parsed("@example.org"), (Target{"example.org", ""}));
}

TEST(ClientTarget, WithoutAHostAsksThisMachine) {
  EXPECT_EQ(parsed("alice"), (Target{"localhost", "alice"}));
  EXPECT_EQ(parsed(""), (Target{"localhost", ""}));
}

TEST(ClientTarget, AsksTheLastHostAboutAllInFrontOfIt) {
  EXPECT_EQ(parsed("alice@example.org@relay"), (Target{"relay", "alice@example.org"}));
  EXPECT_EQ(parsed("@example.org@relay"), (Target{"relay", "@example.org"}));
  EXPECT_EQ(parsed("a@b@c@d"), (Target{"d", "a@b@c"}));
}

TEST(ClientTarget, TakesIpv6AddressesWithAndWithoutBrackets) {
  EXPECT_EQ(parsed("alice@::1"), (Target{"::1", "alice"}));
  EXPECT_EQ(parsed("alice@[::1]"), (Target{"::1", "alice"}));
  EXPECT_EQ(parsed("@[fe80::1%lo]"), (Target{"fe80::1%lo", ""}));
  EXPECT_EQ(parsed("alice@[::1]@relay"), (Target{"relay", "alice@[::1]"}));
}

TEST(ClientTarget, RefusesAnAtWithoutAHost) {
  for (const auto* text : {"@", "alice@", "alice@example.org@", "alice@[]@"}) {
    EXPECT_EQ(Target::parse(text), std::nullopt) << text;
  }
}

TEST(ClientTarget, RefusesControls) {
  // A line end would smuggle a second line in.
  for (const auto* text : {"alice\r\n@host", "al\tice@host", "alice@ho\nst", "\x1b@host", "\x7f"}) {
    EXPECT_EQ(Target::parse(text), std::nullopt);
  }
}

TEST(ClientTarget, MakesTheLineToSend) {
  EXPECT_EQ(parsed("alice@host").line(false), "alice\r\n");
  EXPECT_EQ(parsed("alice@host").line(true), "/W alice\r\n");
  EXPECT_EQ(parsed("@host").line(false), "\r\n");
  EXPECT_EQ(parsed("@host").line(true), "/W\r\n");
  EXPECT_EQ(parsed("alice@host@relay").line(true), "/W alice@host\r\n");
}

}  // namespace
