#include "finger/protocol/utf8.h"

#include <gmock/gmock.h>

#include <string>

namespace {

using finger::first_character;
using finger::is_control;
using finger::printable;

/// Encodes a character as in RFC 3629, without the code under test.
std::string utf8(char32_t value) {
  const auto byte = [](char32_t bits) {
    return static_cast<char>(static_cast<unsigned char>(bits));
  };
  const auto tail = [&](int shift) { return byte(0x80 | (value >> shift & 0x3F)); };
  if (value < 0x80) return {byte(value)};
  if (value < 0x800) return {byte(0xC0 | value >> 6), tail(0)};
  if (value < 0x10000) return {byte(0xE0 | value >> 12), tail(6), tail(0)};
  return {byte(0xF0 | value >> 18), tail(12), tail(6), tail(0)};
}

TEST(FirstCharacter, ReadsEveryCharacterThereIs) {
  for (char32_t value = 0; value <= 0x10FFFF; ++value) {
    const auto text = utf8(value);
    const auto character = first_character(text + "more");
    const bool surrogate = value >= 0xD800 && value <= 0xDFFF;
    ASSERT_EQ(character.has_value(), !surrogate) << "U+" << std::hex << std::uint32_t{value};
    if (!character) continue;
    ASSERT_EQ(std::uint32_t{character->value}, std::uint32_t{value});
    ASSERT_EQ(character->size_bytes, text.size());
  }
}

// The bytes after the end would complete the character, but aren't part of the text.
TEST(FirstCharacter, RefusesOneThatIsCutShort) {
  for (const char32_t value : {0x80U, 0x7FFU, 0x800U, 0xFFFFU, 0x10000U, 0x10FFFFU}) {
    const auto text = utf8(value);
    for (std::size_t size = 1; size < text.size(); ++size) {
      EXPECT_FALSE(first_character(std::string_view(text).substr(0, size)).has_value());
      EXPECT_FALSE(first_character(text.substr(0, size) + "more").has_value());
    }
  }
}

// A filter that looks for a slash misses one in a longer form.
TEST(FirstCharacter, RefusesAFormThatIsLongerThanNeeded) {
  for (const char* text : {"\xC0\xAF", "\xC1\xBF", "\xE0\x80\xAF", "\xE0\x9F\xBF",
                           "\xF0\x80\x80\xAF", "\xF0\x8F\xBF\xBF"}) {
    EXPECT_FALSE(first_character(text).has_value()) << testing::PrintToString(text);
  }
}

TEST(FirstCharacter, RefusesACodePointAfterTheLastCharacter) {
  for (const char* text : {"\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xF7\xBF\xBF\xBF",
                           "\xF8\x88\x80\x80\x80", "\xFC\x84\x80\x80\x80\x80", "\xFE", "\xFF"}) {
    EXPECT_FALSE(first_character(text).has_value()) << testing::PrintToString(text);
  }
}

TEST(IsControl, KnowsC0AndDelAndC1) {
  for (char32_t value = 0; value < 0x200; ++value) {
    const bool control = value < 32 || (value >= 127 && value < 160);
    EXPECT_EQ(is_control(value), control) << std::uint32_t{value};
  }
}

TEST(Printable, LeavesTextAsItIs) {
  for (const auto* text : {"", "Alice Adams", "José 日本 🙂", "back\\slash ~"}) {
    EXPECT_EQ(printable(text), text);
  }
}

TEST(Printable, PutsAQuestionMarkForEverythingElse) {
  EXPECT_EQ(printable("a\r\nb\tc"), "a??b?c");
  EXPECT_EQ(printable("\x1B[31mred"), "?[31mred");
  EXPECT_EQ(printable("\xC2\x9B"
                      "31m"),
            "?31m")
      << "one for a control character of two bytes";
  EXPECT_EQ(printable("Jos\xE9 Mu\xF1oz"), "Jos? Mu?oz");
  EXPECT_EQ(printable("\xE2\x82"), "??");
  EXPECT_EQ(printable(std::string("\0", 1)), "?");
}

}  // namespace
