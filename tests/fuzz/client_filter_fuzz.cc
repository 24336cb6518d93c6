// Promise: any slicing of an answer shows the same, and what is shown holds nothing that a terminal
// would obey.

#include "finger/client/filter.h"

#include "bytes.h"
#include "finger/protocol/utf8.h"
#include "slices.h"
#include "target.h"

namespace {

using finger::Filter;
using finger::Show;

std::string filtered(const tests::Slices& slices, Show show) {
  Filter filter(show);
  std::string shown;
  std::string all;
  for (const auto slice : slices) {
    const std::string received(slice);  // a block of its own: a view that goes too far is noticed
    shown.clear();
    filter.take(tests::bytes(received), shown);
    tests::require(shown.size() <= Filter::growth_max * (slice.size() + 4));
    all += shown;
  }
  filter.finish(all);
  return all;
}

bool is_harmless_byte(char byte) {
  return (byte >= 32 && byte <= 126) || byte == '\t' || byte == '\n';
}

bool is_harmless(std::string_view shown, Show show) {
  while (!shown.empty()) {
    std::size_t size_bytes = 1;
    if (static_cast<unsigned char>(shown.front()) < 127 || show == Show::ascii) {
      if (!is_harmless_byte(shown.front())) return false;
    } else if (show == Show::utf8) {
      const auto character = finger::first_character(shown);
      if (!character || finger::is_unfit(character->value)) return false;
      if (finger::is_invisible(character->value)) return false;
      size_bytes = character->size_bytes;
    }
    shown.remove_prefix(size_bytes);
  }
  return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto input = tests::fuzz_input(data, size);
  for (const Show show : {Show::ascii, Show::utf8, Show::high_bytes, Show::everything}) {
    const auto read = [show](const tests::Slices& slices) { return filtered(slices, show); };
    const auto expected = read(tests::whole(input.stream));
    tests::require(show == Show::everything ? expected == input.stream
                                            : is_harmless(expected, show));
    tests::expect_same_in_slices(read, input, expected);
  }
  return 0;
}

std::vector<std::string> tests::seeds() {
  using namespace std::string_literals;
  return {"\0"s + "Login: alice\r\nPlan:\r\n\tbe kind\r\n",
          "\1"s + "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x82\xa1 \xd7\xa9\r\n",
          "\2"s + "\xe2\x80\xae\xe2\x81\xa6\xe2\x80\x8b\xef\xbb\xbf\xf3\xa0\x81\x81\r\n",
          "\3"s + "\xc0\x9b\xe0\x80\x9b\xed\xa0\x80\xf4\x90\x80\x80\xc2\x9b\xff",
          "\4"s + "lone\rcr\r\r\n\x1b[2J\x07\x7f\r",
          "\5"s + "cut short \xf0\x9f\x82"};
}
