// Promise: any slicing of any bytes yields the same messages and the same end.

#include "bytes.h"
#include "common/frame_reader.h"
#include "slices.h"
#include "target.h"

namespace {

constexpr std::uint32_t payload_bytes_max = 5000;

struct Outcome {
  std::vector<std::string> messages;
  std::error_code error;
  std::error_code end;

  bool operator==(const Outcome&) const = default;
};

Outcome read_slices(const tests::Slices& slices) {
  common::FrameReader reader(payload_bytes_max);
  Outcome outcome;
  for (const auto slice : slices) {
    const std::string received(slice);  // a copy: the sanitizer notices a view that goes too far
    reader.feed(tests::bytes(received));
    while (true) {
      const auto next = reader.next();
      if (!next) {
        outcome.error = next.error();
        return outcome;
      }
      if (!*next) break;
      auto message = tests::text(**next);
      // Every other message that is a copy is taken away from the reader.
      if (!reader.was_in_place() && outcome.messages.size() % 2 == 0) {
        message = tests::text(common::ByteView(reader.release()).subspan(common::header_bytes));
      }
      outcome.messages.push_back(message);
    }
  }
  if (const auto finished = reader.finish(); !finished) outcome.end = finished.error();
  return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto input = tests::fuzz_input(data, size);
  const auto expected = read_slices(tests::whole(input.stream));
  tests::expect_same_in_slices(read_slices, input, expected);
  return 0;
}

std::vector<std::string> tests::seeds() {
  using namespace std::string_literals;
  return {"\0"s + frames({"hello", "", "you"}),
          "\1"s + frames({"a", "", "bc", std::string(70, 'c')}),
          "\1"s + frame(std::string(5000, 'x')) + frame("next"),
          "\2"s + frame("one") + length(payload_bytes_max + 1) + "more",
          "\3"s + frame("one") + length(0xFFFFFFFF),
          "\4"s + frame("one") + length(0xFFFFFFFC) + "more",
          "\5"s + frame(std::string(600, 'x')) + length(100) + "cut short"};
}
