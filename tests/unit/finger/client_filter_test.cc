#include "finger/client/filter.h"

#include <gtest/gtest.h>

#include "bytes.h"
#include "slices.h"

namespace {

using finger::Filter;
using finger::Show;
using namespace std::string_literals;

std::string filtered(const tests::Slices& slices, Show show) {
  Filter filter(show);
  std::string shown;
  for (const auto slice : slices) filter.take(tests::bytes(slice), shown);
  filter.finish(shown);
  return shown;
}

std::string filtered(std::string_view answer, Show show) {
  return filtered(tests::whole(answer), show);
}

/// One character, as the filter is to show it in a line of its own.
std::string shown_as(std::string_view character, Show show = Show::utf8) {
  const auto line = filtered(std::string(character) + "\r\n", show);
  return line.substr(0, line.size() - 1);
}

constexpr Show all_but_raw[] = {Show::ascii, Show::utf8, Show::high_bytes};

TEST(ClientFilter, ShowsPrintableAsciiAndTabs) {
  std::string printable = "\t";
  for (char byte = 32; byte <= 126; ++byte) printable += byte;
  for (const Show show : all_but_raw) EXPECT_EQ(filtered(printable + '\n', show), printable + '\n');
}

TEST(ClientFilter, EndsLinesWithLineFeedsAlone) {
  for (const Show show : all_but_raw) {
    EXPECT_EQ(filtered("a\r\nb\nc\r\n\r\n\n", show), "a\nb\nc\n\n\n");
  }
}

TEST(ClientFilter, EndsTheLastLine) {
  for (const Show show : all_but_raw) {
    EXPECT_EQ(filtered("a\r\nb", show), "a\nb\n");
    EXPECT_EQ(filtered("a\x1b", show), "a\\x1b\n");
    EXPECT_EQ(filtered("", show), "") << "nothing has no line to end";
  }
}

TEST(ClientFilter, AloneACarriageReturnNeverReachesTheTerminal) {
  // It would let the rest of a line overwrite its beginning.
  for (const Show show : all_but_raw) {
    EXPECT_EQ(filtered("good\rbad!\r\n", show), "good\\x0dbad!\n");
    EXPECT_EQ(filtered("a\r\r\nb", show), "a\\x0d\nb\n");
    EXPECT_EQ(filtered("a\r", show), "a\\x0d\n") << "at the end of the answer";
    EXPECT_EQ(filtered("\r", show), "\\x0d\n");
  }
}

TEST(ClientFilter, WritesControlsAsTwoDigits) {
  for (const Show show : all_but_raw) {
    EXPECT_EQ(shown_as("\x1b[2J", show), "\\x1b[2J");
    EXPECT_EQ(shown_as("\0\a\b\v\f\x1f"s, show), "\\x00\\x07\\x08\\x0b\\x0c\\x1f");
  }
  EXPECT_EQ(shown_as("\x7f", Show::ascii), "\\x7f");
  EXPECT_EQ(shown_as("\x7f", Show::utf8), "\\x7f");
}

TEST(ClientFilter, InAsciiEveryHighByteIsWrittenAsDigits) {
  EXPECT_EQ(shown_as("caf\xc3\xa9", Show::ascii), "caf\\xc3\\xa9");
  EXPECT_EQ(shown_as("\x9b\xff", Show::ascii), "\\x9b\\xff");
}

TEST(ClientFilter, WithHighBytesEverythingAbove126Passes) {
  std::string high;
  for (int value = 127; value < 256; ++value) high += static_cast<char>(value);
  EXPECT_EQ(shown_as(high, Show::high_bytes), high);
}

TEST(ClientFilter, RawChangesNothing) {
  std::string every_byte = "\r\n\r\r\n\n";
  for (int value = 0; value < 256; ++value) every_byte += static_cast<char>(value);
  EXPECT_EQ(filtered(tests::byte_by_byte(every_byte), Show::everything), every_byte);
  EXPECT_EQ(filtered("no line end\r", Show::everything), "no line end\r");
}

TEST(ClientFilter, ShowsUtf8) {
  // Of two, three and four bytes, the first and the last of each length that are fit to be shown.
  for (const auto* text : {"é", "Ж", "שלום", "한국어", "日本", "🂡", "e\u0301", "\u00A0", "\u07FF",
                           "\u0800", "\uFFFD", "\U00010000", "\U0010FFFD"}) {
    EXPECT_EQ(shown_as(text), text);
  }
}

TEST(ClientFilter, WritesWhatIsNotUtf8AsDigits) {
  EXPECT_EQ(shown_as("Gr\xfc\xdf"), "Gr\\xfc\\xdf") << "Latin-1";
  EXPECT_EQ(shown_as("\x80\xbf"), "\\x80\\xbf") << "continues nothing";
  EXPECT_EQ(shown_as("\xc0\x9b"), "\\xc0\\x9b") << "overlong ESC";
  EXPECT_EQ(shown_as("\xe0\x80\x9b"), "\\xe0\\x80\\x9b") << "overlong ESC";
  EXPECT_EQ(shown_as("\xf0\x80\x80\x9b"), "\\xf0\\x80\\x80\\x9b") << "overlong ESC";
  EXPECT_EQ(shown_as("\xed\xa0\x80"), "\\xed\\xa0\\x80") << "a surrogate";
  EXPECT_EQ(shown_as("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80") << "behind U+10FFFF";
  EXPECT_EQ(shown_as("\xf8\xfe\xff"), "\\xf8\\xfe\\xff");
}

TEST(ClientFilter, WhatBreaksACharacterOffIsReadByItself) {
  EXPECT_EQ(shown_as("\xc3!"), "\\xc3!");
  EXPECT_EQ(shown_as("\xe2\x82\xc3\xa9"), "\\xe2\\x82é");
  EXPECT_EQ(shown_as("\xf0\x9f\x82\x1b"), "\\xf0\\x9f\\x82\\x1b");
  EXPECT_EQ(filtered("\xe2\x82\r\nnext", Show::utf8), "\\xe2\\x82\nnext\n");
  EXPECT_EQ(filtered("\r\xc3\xa9", Show::utf8), "\\x0dé\n");
  EXPECT_EQ(filtered("cut \xe2\x82", Show::utf8), "cut \\xe2\\x82\n");
}

TEST(ClientFilter, ControlsInUtf8AreControls) {
  // An 8-bit terminal takes U+009B for the beginning of a command.
  EXPECT_EQ(shown_as("\u0080\u009b\u009f"), "\\xc2\\x80\\xc2\\x9b\\xc2\\x9f");
  EXPECT_EQ(shown_as("\u2028\u2029"), "\\xe2\\x80\\xa8\\xe2\\x80\\xa9") << "they separate lines";
  EXPECT_EQ(shown_as("\uFFFE"), "\\xef\\xbf\\xbe") << "no character";
}

TEST(ClientFilter, LeavesOutWhatTurnsTheTextRound) {
  for (const auto* direction : {"\u061C", "\u200E", "\u200F", "\u202A", "\u202B", "\u202C",
                                "\u202D", "\u202E", "\u2066", "\u2067", "\u2068", "\u2069"}) {
    EXPECT_EQ(shown_as("a"s + direction + "b"), "ab");
  }
}

TEST(ClientFilter, LeavesOutWhatCannotBeSeen) {
  for (const auto* unseen :
       {"\u00AD", "\u034F", "\u115F", "\u180E", "\u200B", "\u200C", "\u200D", "\u2060", "\u3164",
        "\uFE0F", "\uFEFF", "\uFFA0", "\U0001D173", "\U000E0001", "\U000E0041", "\U000E0100"}) {
    EXPECT_EQ(shown_as("a"s + unseen + "b"), "ab");
  }
  EXPECT_EQ(filtered("\u200B", Show::utf8), "") << "not even a line";
}

const std::string mixed =
    "caf\xc3\xa9 \xf0\x9f\x82\xa1\r\nlone\rcr \x1b[0m \xe2\x80\xae "
    "\xe2\x82\r\n\xed\xa0\x80\xc2\x9b\xff";

TEST(ClientFilter, DoesNotCareHowTheAnswerWasSliced) {
  for (const Show show : {Show::ascii, Show::utf8, Show::high_bytes, Show::everything}) {
    const auto expected = filtered(mixed, show);
    EXPECT_EQ(filtered(tests::byte_by_byte(mixed), show), expected);
    for (std::size_t at = 0; at <= mixed.size(); ++at) {
      EXPECT_EQ(filtered(tests::cut_at(mixed, at), show), expected) << "cut at " << at;
    }
  }
}

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
