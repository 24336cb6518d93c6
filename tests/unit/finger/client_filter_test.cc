#include "finger/client/filter.h"

#include <gtest/gtest.h>

#include <string>

#include "bytes.h"

namespace {

using finger::Filter;
using finger::Show;

constexpr Show all_but_raw[] = {Show::ascii, Show::utf8, Show::high_bytes};

TEST(ClientFilter, ShowsAtOnceWhatIsDecided) {
  // A server may say half a line and think: a user should see it.
  Filter filter(Show::utf8);
  std::string shown;
  filter.take(tests::bytes("half a line, \xe2\x82"), shown);
  EXPECT_EQ(shown, "half a line, ");
  filter.take(tests::bytes("\xac"), shown);
  EXPECT_EQ(shown, "half a line, €");
}

TEST(ClientFilter, GrowsByNoMoreThanItSays) {
  for (const Show show : all_but_raw) {
    Filter filter(show);
    std::string shown;
    for (int i = 0; i < 1000; ++i) {
      shown.clear();
      filter.take(tests::bytes("\xe2\x82\x1b\xf0\x9f\x82"), shown);
      EXPECT_LE(shown.size(), Filter::growth_max * (6 + 4));
    }
  }
}

}  // namespace
