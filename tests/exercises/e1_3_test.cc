// Tests of common::LineReader, which E1.3 writes. tests/exercises/test_e1_3.py runs them.
#if !__has_include("common/line_reader.h")
#error "E1.3 wants a file common/line_reader.h with a class common::LineReader"
#endif
#include "common/line_reader.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace {

using common::Error;
using common::LineReader;

constexpr std::size_t line_bytes_max = 20;

common::ByteView bytes(std::string_view text) { return std::as_bytes(std::span(text)); }

/// The lines, each in brackets, and then the error or the end.
std::string read(const std::vector<std::string_view>& slices) {
  LineReader reader(line_bytes_max);
  std::string outcome;
  for (const auto slice : slices) {
    const std::string lent(slice);  // a copy, so that a sanitizer sees a read beyond its end
    reader.feed(bytes(lent));
    while (!reader.exhausted()) {
      const auto line = reader.next();
      if (!line) return outcome + line.error().message();
      if (!*line) continue;
      outcome += '[';
      for (const auto byte : **line) outcome += std::to_integer<char>(byte);
      outcome += ']';
    }
  }
  const auto finished = reader.finish();
  return outcome + (finished ? "end" : finished.error().message());
}

std::string message(Error error) { return make_error_code(error).message(); }

TEST(LineReader, CutsAtLineFeedsAndDropsTheCarriageReturn) {
  EXPECT_EQ(read({"alice\r\nbob\n\n\r\n"}), "[alice][bob][][]end");
  EXPECT_EQ(read({"a\rb\n\rc\r\r\n"}), "[a\rb][\rc\r]end");
  EXPECT_EQ(read({}), "end");
}

TEST(LineReader, EverySlicingGivesTheSameLines) {
  constexpr std::string_view stream = "one\r\n\ntwo\nthree and a half\r\n";
  const std::string whole = read({stream});
  EXPECT_EQ(whole, "[one][][two][three and a half]end");
  for (std::size_t a = 0; a <= stream.size(); ++a) {
    for (std::size_t b = a; b <= stream.size(); ++b) {
      EXPECT_EQ(read({stream.substr(0, a), stream.substr(a, b - a), stream.substr(b)}), whole)
          << "cut at " << a << " and " << b;
    }
  }
  std::vector<std::string_view> single;
  for (std::size_t i = 0; i < stream.size(); ++i) single.push_back(stream.substr(i, 1));
  EXPECT_EQ(read(single), whole);
}

TEST(LineReader, RefusesALineAsSoonAsItIsTooLong) {
  const std::string longest(line_bytes_max, 'x');
  EXPECT_EQ(read({longest + "\n"}), "[" + longest + "]end");
  EXPECT_EQ(read({"ok\n", longest, "x"}), "[ok]" + message(Error::too_long));
  EXPECT_EQ(read({"ok\n" + longest + "xx\n"}), "[ok]" + message(Error::too_long));
}

TEST(LineReader, TellsAnEndInsideALineFromAGoodbye) {
  EXPECT_EQ(read({"alice\nbo"}), "[alice]" + message(Error::cut_short));
  EXPECT_EQ(read({"alice\r"}), message(Error::cut_short));
}

TEST(LineReader, HoldsNothingBetweenLines) {
  LineReader reader(line_bytes_max);
  const std::string text = "ice\n";
  reader.feed(bytes("al"));
  ASSERT_FALSE(*reader.next());
  EXPECT_TRUE(reader.inside_line());
  reader.feed(bytes(text));
  ASSERT_TRUE(*reader.next());
  EXPECT_FALSE(reader.inside_line());
  ASSERT_FALSE(*reader.next());
  EXPECT_TRUE(reader.exhausted());
  EXPECT_FALSE(reader.inside_line());
}

}  // namespace
