#include "finger/client/filter.h"

#include <algorithm>
#include <array>
#include <span>
#include <string_view>

#include "finger/protocol/utf8.h"

namespace finger {
namespace {

struct Range {
  char32_t first;
  char32_t last;
};

bool is_in(std::span<const Range> ranges, char32_t character) {
  return std::ranges::any_of(ranges, [character](const Range& range) {
    return range.first <= character && character <= range.last;
  });
}

// Not iswprint(3), because the C library considers a zero-width space printable, and knows
// different characters from system to system.
constexpr std::array invisible{
    Range{0xAD, 0xAD},        // soft hyphen
    Range{0x34F, 0x34F},      // combining grapheme joiner
    Range{0x61C, 0x61C},      // Arabic letter mark
    Range{0x115F, 0x1160},    // Hangul fillers
    Range{0x17B4, 0x17B5},    // Khmer inherent vowels
    Range{0x180B, 0x180F},    // Mongolian selectors
    Range{0x200B, 0x200F},    // zero width, joiners, left-to-right and right-to-left marks
    Range{0x202A, 0x202E},    // embeddings and overrides of the direction
    Range{0x2060, 0x206F},    // word joiner, isolates, and what is reserved there
    Range{0x3164, 0x3164},    // Hangul filler
    Range{0xFE00, 0xFE0F},    // variation selectors
    Range{0xFEFF, 0xFEFF},    // byte order mark
    Range{0xFFA0, 0xFFA0},    // Hangul filler, half of its width
    Range{0xFFF0, 0xFFF8},    // reserved
    Range{0x1BCA0, 0x1BCA3},  // shorthand format controls
    Range{0x1D173, 0x1D17A},  // musical format controls
    Range{0xE0000, 0xE0FFF},  // tags and more selectors
};

constexpr std::array selectors{
    Range{0x180B, 0x180D},    // Mongolian
    Range{0x180F, 0x180F},    // Mongolian
    Range{0xFE00, 0xFE0F},    // of all scripts; the last two choose between text and emoji
    Range{0xE0100, 0xE01EF},  // of ideographs
};

constexpr std::array unfit{
    Range{0x2028, 0x2029},  // line and paragraph separator
    Range{0xFDD0, 0xFDEF},  // noncharacters
    Range{0xFFF9, 0xFFFB},  // interlinear annotation
};

unsigned value_of(char byte) { return static_cast<unsigned char>(byte); }

bool continues_character(char byte) { return (value_of(byte) & 0xC0U) == 0x80U; }

void append_escape(char byte, std::string& shown) {
  constexpr std::string_view digits = "0123456789abcdef";
  const unsigned value = value_of(byte);
  for (const char part : {'\\', 'x', digits[value >> 4], digits[value & 0xFU]}) shown += part;
}

}  // namespace

void Filter::take(ByteView received, std::string& shown) {
  const std::string_view bytes(reinterpret_cast<const char*>(received.data()), received.size());
  if (show_ == Show::everything) {
    shown += bytes;
    return;
  }
  for (const char byte : bytes) take_one(byte, shown);
}

void Filter::finish(std::string& shown) {
  escape_held(shown);
  if (line_open_) shown += '\n';
  line_open_ = false;
}

void Filter::take_one(char byte, std::string& shown) {
  if (!held_.empty()) {
    if (completes_held(byte, shown)) return;
    escape_held(shown);
  }
  if (is_held(byte)) {
    held_ += byte;
    return;
  }
  if (is_shown(byte)) {
    shown += byte;
  } else {
    append_escape(byte, shown);
  }
  line_open_ = byte != '\n';
  forget_before();
}

/// Takes the byte if it belongs to the held ones. Returns whether it does.
bool Filter::completes_held(char byte, std::string& shown) {
  if (held_ == "\r") {
    if (byte != '\n') return false;
    shown += '\n';
    line_open_ = false;
    held_.clear();
    forget_before();
    return true;
  }
  if (!continues_character(byte)) return false;
  held_ += byte;
  if (held_.size() < character_bytes(held_.front())) return true;

  const auto character = first_character(held_);
  if (!character || is_unfit(character->value)) {
    escape_held(shown);
    return true;
  }
  show_character(character->value, shown);
  held_.clear();
  return true;
}

/// Shows the held character, which isn't ASCII.
void Filter::show_character(char32_t character, std::string& shown) {
  if (is_joiner(character)) {
    if (before_ != Before::ascii && joiner_.empty()) joiner_ = held_;
  } else if (is_selector(character)) {
    if (before_ != Before::letter || !joiner_.empty()) return;
    shown += held_;
    before_ = Before::selector;
  } else if (!is_invisible(character)) {
    shown += joiner_ + held_;
    joiner_.clear();
    before_ = Before::letter;
    line_open_ = true;
  }
}

/// Escapes the held bytes, which can't become a line end or a character any more.
void Filter::escape_held(std::string& shown) {
  if (held_.empty()) return;
  for (const char byte : held_) append_escape(byte, shown);
  line_open_ = true;
  held_.clear();
  forget_before();
}

/// Call it when ASCII was shown, to which nothing is joined.
void Filter::forget_before() {
  joiner_.clear();
  before_ = Before::ascii;
}

bool Filter::is_held(char byte) const {
  return byte == '\r' || (show_ == Show::utf8 && character_bytes(byte) > 1);
}

bool Filter::is_shown(char byte) const {
  const unsigned value = value_of(byte);
  if (value > 126) return show_ == Show::high_bytes;
  return value >= 32 || byte == '\t' || byte == '\n';
}

bool is_invisible(char32_t character) { return is_in(invisible, character); }

bool is_joiner(char32_t character) { return character == 0x200C || character == 0x200D; }

bool is_selector(char32_t character) { return is_in(selectors, character); }

bool is_unfit(char32_t character) {
  const bool noncharacter = (character & 0xFFFE) == 0xFFFE;  // the last two of each plane
  return is_control(character) || noncharacter || is_in(unfit, character);
}

}  // namespace finger
