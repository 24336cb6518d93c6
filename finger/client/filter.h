#pragma once

#include <string>

#include "common/frame_reader.h"

namespace finger {

using common::ByteView;

/// The part of an answer that is shown unchanged.
enum class Show {
  ascii,       ///< 32 to 126, tab and line ends.
  utf8,        ///< Also visible characters in UTF-8.
  high_bytes,  ///< ASCII and every byte above 126, whatever a terminal makes of it.
  everything,  ///< Every byte as it came. Not even line ends are changed.
};

/// Makes an unknown server's answer safe for a terminal, however the answer was sliced on its way.
/// CRLF becomes LF, and a last line without an end gets one. Every other byte that is not shown is
/// written as an escape such as `\x1b`, so that nothing can move the cursor, command the terminal
/// or forge a line; except invisible characters, which are left out: text directions, tags,
/// fillers. The screen then shows the text in the order of the bytes. A backslash stays one,
/// because the escapes are for human readers and can't be turned back.
///
/// Two kinds of invisible characters are shown where they have something to work on. A joiner stays
/// between two characters that aren't ASCII, because without it a Persian word is a different word,
/// and the emoji of a family becomes three people. A variation selector stays after such a
/// character. One is enough: others directly after it are left out again, so nothing can be hidden
/// in a row of them.
///
/// Does no I/O, and holds seven bytes at most. Source: RFC 1288, 3.3.
class Filter {
 public:
  explicit Filter(Show show) : show_(show) {}

  /// The most bytes that any one byte can become, held or not.
  static constexpr std::size_t growth_max = 4;

  /// Appends what the next bytes of the answer look like.
  void take(ByteView received, std::string& shown);

  /// Call it at the end of the answer. Appends the held bytes, and the end of the last line.
  void finish(std::string& shown);

 private:
  void take_one(char byte, std::string& shown);
  bool completes_held(char byte, std::string& shown);
  void show_character(char32_t character, std::string& shown);
  void escape_held(std::string& shown);
  void forget_before();
  bool is_held(char byte) const;
  bool is_shown(char byte) const;

  /// The last shown character, as far as joiners and selectors care.
  enum class Before { ascii, letter, selector };

  Show show_;
  std::string held_;    ///< A CR, or the beginning of a character; what follows decides.
  std::string joiner_;  ///< Shown if a character that isn't ASCII follows.
  Before before_ = Before::ascii;
  bool line_open_ = false;
};

/// Whether the character takes no room on a screen, yet changes or hides what is seen there: those
/// that Unicode calls Default_Ignorable_Code_Point, the bidirectional ones among them. Source:
/// Unicode 15, DerivedCoreProperties.txt.
bool is_invisible(char32_t character);

/// Whether the character joins two others, or keeps them apart, in scripts whose letters join:
/// Unicode's Join_Control.
bool is_joiner(char32_t character);

/// Whether the character chooses the form of the one before it: Unicode's Variation_Selector.
bool is_selector(char32_t character);

/// Whether the character must not be shown: a control character, a line separator, an annotation,
/// or a code point that will never be a character.
bool is_unfit(char32_t character);

}  // namespace finger
