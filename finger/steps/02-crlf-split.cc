// 02-crlf-split: plans are read piece by piece, and a piece may end between CR and LF, or between
// two ends of lines. Every text of six bytes out of "a", CR and LF is converted in every way to cut
// it, and compared with what comes out in one piece.
// BROKEN: a converter that asks for the byte before within the piece doubles the CR; one that
// remembers "a CRLF was here" until the next CR lets the line feed behind it pass.
// Mended: one byte of memory, the last one, whatever piece it came in. Try it: ./02-crlf-split

#include <cstddef>
#include <cstdio>
#include <span>
#include <string>
#include <string_view>

#include "common/server/log.h"
#include "finger/server/protocol/crlf.h"

namespace {

constexpr std::size_t text_bytes = 6;

/// Knows the piece and nothing before it.
class Forgetful {
 public:
  std::string convert(std::string_view piece) {
    std::string out;
    for (std::size_t i = 0; i < piece.size(); ++i) {
      if (piece[i] == '\n' && (i == 0 || piece[i - 1] != '\r')) out += '\r';
      out += piece[i];
    }
    return out;
  }
};

/// Takes note of a CR, and forgets it with the next letter: an LF that follows is not the first.
class Stubborn {
 public:
  std::string convert(std::string_view piece) {
    std::string out;
    for (const char c : piece) {
      if (c == '\n' && !cr_seen_) out += '\r';
      if (c != '\n') cr_seen_ = c == '\r';
      out += c;
    }
    return out;
  }

 private:
  bool cr_seen_ = false;
};

class Ours {
 public:
  std::string convert(std::string_view piece) {
    std::string out(piece.size() * finger::CrlfConverter::growth_max, '?');
    const auto room = std::as_writable_bytes(std::span(out));
    out.resize(converter_.convert(std::as_bytes(std::span(piece)), room));
    return out;
  }

 private:
  finger::CrlfConverter converter_;
};

/// What each line end must have become: the rule once more, for a text that is there as a whole.
std::string expected(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool crlf = text.substr(i, 2) == "\r\n";
    out += crlf || text[i] == '\n' ? std::string_view("\r\n") : text.substr(i, 1);
    i += crlf;
  }
  return out;
}

template <typename Converter>
void try_all(const char* name) {
  int tries = 0, wrong = 0;
  std::string example;
  for (int number = 0; number < 3 * 3 * 3 * 3 * 3 * 3; ++number) {
    std::string text;
    for (int rest = number; text.size() < text_bytes; rest /= 3) text += "a\r\n"[rest % 3];
    for (unsigned cuts = 0; cuts < 1U << (text_bytes - 1); ++cuts, ++tries) {
      Converter converter;
      std::string out, piece, pieces;
      for (std::size_t i = 0; i < text_bytes; ++i) {
        piece += text[i];
        const bool cut = i + 1 == text_bytes || (cuts >> i & 1) != 0;
        if (!cut) continue;
        out += converter.convert(piece);
        pieces += (pieces.empty() ? "" : " | ") + common::escape(std::as_bytes(std::span(piece)));
        piece.clear();
      }
      if (out == expected(text)) continue;
      if (wrong++ == 0) example = pieces + "  ->  " + common::escape(std::as_bytes(std::span(out)));
    }
  }
  std::printf("%-10s %d tries, %5d wrong%s%s\n", name, tries, wrong, wrong > 0 ? ", as " : "",
              example.c_str());
}

}  // namespace

int main() {
  try_all<Forgetful>("forgetful:");
  try_all<Stubborn>("stubborn:");
  try_all<Ours>("ours:");
}
