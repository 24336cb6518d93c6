// Promise: whatever bytes come, any slicing of them yields the same messages and the same end.

#include <random>

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

Outcome read(const tests::Slices& slices) {
  common::FrameReader reader(payload_bytes_max);
  Outcome outcome;
  for (const auto slice : slices) {
    const std::string received(slice);  // a block of its own: a view that goes too far is noticed
    reader.feed(tests::bytes(received));
    while (true) {
      const auto next = reader.next();
      if (!next) {
        outcome.error = next.error();
        return outcome;
      }
      if (!*next) break;
      outcome.messages.push_back(tests::text(**next));
    }
  }
  if (const auto finished = reader.finish(); !finished) outcome.end = finished.error();
  return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto [slicing, stream] = tests::fuzz_input(data, size);
  const auto expected = read(tests::whole(stream));
  tests::expect_same(read(tests::byte_by_byte(stream)), expected, "byte by byte");
  std::mt19937 random(slicing);
  tests::expect_same(read(tests::cut_at_random(stream, random, 5)), expected, "in small slices");
  tests::expect_same(read(tests::cut_at_random(stream, random, 500)), expected, "in slices");
  return 0;
}

std::vector<std::string> tests::seeds() {
  using namespace std::string_literals;
  return {"\0"s + frames({"hello", "", "you"}),
          "\1"s + frame(std::string(5000, 'x')) + frame("next"),
          "\2"s + frame("one") + length(payload_bytes_max + 1) + "more",
          "\3"s + frame("one") + length(0xFFFFFFFF),
          "\4"s + frame("one") + length(0xFFFFFFFC) + "more",
          "\5"s + frame(std::string(600, 'x')) + length(100) + "cut short"};
}
