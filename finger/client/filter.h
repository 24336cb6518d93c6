#pragma once

#include <string>

#include "common/frame_reader.h"

namespace finger {

using common::ByteView;

/// What of an answer is shown as it is.
enum class Show {
  ascii,       ///< 32 to 126, tab and line ends.
  utf8,        ///< And characters in UTF-8 that can be seen.
  high_bytes,  ///< And every byte above 126, whatever a terminal makes of it.
  everything,  ///< Not even line ends are touched.
};

/// Stands between a stranger's answer and somebody's terminal, however the answer was sliced on its
/// way. CRLF becomes LF, and a last line without an end gets one. Whatever is not shown is
/// written as `\x1b`, two digits for each byte, so that nothing can move the cursor, command the
/// terminal or forge a line; except for invisible characters, which are left out: text directions,
/// joiners, tags. What is on the screen is then the text, in the order in which it was sent. A
/// backslash stays one: the escapes are for a reader and cannot be turned back.
///
/// Does no I/O, and holds four bytes at most. Source: RFC 1288, 3.3.
class Filter {
 public:
  explicit Filter(Show show) : show_(show) {}

  /// A byte becomes at most so many, and one that was held likewise.
  static constexpr std::size_t growth_max = 4;

  /// Appends what is to be seen of the next bytes of the answer.
  void take(ByteView received, std::string& shown);

  /// The answer has ended: appends what it leaves undecided, and the end of its last line.
  void finish(std::string& shown);

 private:
  void take_one(char byte, std::string& shown);
  bool completes_held(char byte, std::string& shown);
  void give_up_held(std::string& shown);
  bool is_held(char byte) const;
  bool is_shown(char byte) const;

  Show show_;
  std::string held_;  ///< A CR, or the beginning of a character: what follows decides.
  bool line_open_ = false;
};

/// Whether it occupies no place on a screen, yet changes what is seen there or hides what is said:
/// the characters that Unicode calls Default_Ignorable_Code_Point, the bidirectional ones among
/// them. Source: Unicode 15, DerivedCoreProperties.txt.
bool is_invisible(char32_t character);

/// Whether it is none to be shown at all: a control, a separator of lines, an annotation, or no
/// character and never to become one.
bool is_unfit(char32_t character);

}  // namespace finger
