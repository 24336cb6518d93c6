// Plans are read piece by piece, and a piece may end between CR and LF, or between two ends of
// lines. Every text of six bytes made of "z", CR and LF is cut in every way, converted, and
// compared with what the whole text must become.
// BROKEN: a converter that looks for the byte before only within the piece doubles the CR; one that
// remembers "there was a CR" until the next other byte lets a second line feed pass.
// Fixed, in the reader's copy: remember one byte, the last one, whatever piece it came in.
// Try it: ./02-crlf-split

#include <cstddef>
#include <cstdio>
#include <string>
#include <string_view>

namespace {

constexpr std::size_t text_bytes = 6;

/// Knows only the piece, and nothing before it.
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

/// Remembers a CR until the next byte that is no LF, so that every LF until then counts as its own.
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

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) out += c == '\r' ? "\\r" : c == '\n' ? "\\n" : std::string(1, c);
  return out;
}

/// The expected text, by the same rule for a text in one piece.
std::string expected(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool crlf = text.substr(i, 2) == "\r\n";
    out += crlf || text[i] == '\n' ? std::string_view("\r\n") : text.substr(i, 1);
    i += crlf;
  }
  return out;
}

/// Converts a text that is cut after byte i wherever bit i of `cuts` is set. Returns an empty
/// string if that is right, otherwise the input and the output.
template <typename Converter>
std::string try_one(const std::string& text, unsigned cuts) {
  Converter converter;
  std::string out;
  std::string piece;
  std::string pieces;
  for (std::size_t i = 0; i < text_bytes; ++i) {
    piece += text[i];
    const bool cut = i + 1 == text_bytes || (cuts >> i & 1) != 0;
    if (!cut) continue;
    out += converter.convert(piece);
    pieces += (pieces.empty() ? "" : " | ") + escaped(piece);
    piece.clear();
  }
  return out == expected(text) ? "" : pieces + "  ->  " + escaped(out);
}

template <typename Converter>
void try_all(const char* name) {
  int tries = 0;
  int wrong = 0;
  std::string example;
  for (int number = 0; number < 3 * 3 * 3 * 3 * 3 * 3; ++number) {
    std::string text;
    int rest = number;  // its six digits to base 3 are the six bytes
    while (text.size() < text_bytes) {
      text += "z\r\n"[rest % 3];
      rest /= 3;
    }
    for (unsigned cuts = 0; cuts < 1U << (text_bytes - 1); ++cuts) {
      ++tries;
      const std::string mistake = try_one<Converter>(text, cuts);
      if (mistake.empty()) continue;
      if (wrong == 0) example = mistake;
      ++wrong;
    }
  }
  std::printf("%-10s %d tries, %5d wrong%s%s\n", name, tries, wrong, wrong > 0 ? ", as " : "",
              example.c_str());
}

}  // namespace

int main() {
  try_all<Forgetful>("forgetful:");
  try_all<Stubborn>("stubborn:");
}
