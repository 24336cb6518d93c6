// However the stream is cut, the decoder of the stages finds the same messages. This tries every
// way to cut it.
// Try it: ./03-decoder   17 bytes can be cut in 2^16 ways.

#include <err.h>

#include <cstdint>
#include <cstdio>
#include <span>
#include <string>
#include <vector>

#include "common/frame_reader.h"

using common::ByteView;
using Messages = std::vector<std::string>;
using Slices = std::vector<ByteView>;

std::string text(ByteView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// The stream, cut after byte i wherever bit i of `cuts` is set.
Slices cut(ByteView stream, std::uint32_t cuts) {
  Slices slices;
  std::size_t begin = 0;
  for (std::size_t end = 1; end <= stream.size(); ++end) {
    if (end < stream.size() && (cuts >> (end - 1) & 1) == 0) continue;
    slices.push_back(stream.subspan(begin, end - begin));
    begin = end;
  }
  return slices;
}

Messages decode(const Slices& slices) {
  common::FrameReader reader(65536);
  Messages messages;
  for (const ByteView slice : slices) {
    reader.feed(slice);
    while (true) {
      const auto next = reader.next();
      if (!next) errx(1, "%s", next.error().message().c_str());
      if (!next->has_value()) break;  // this slice is used up
      messages.push_back(text(**next));
    }
  }
  if (!reader.finish()) messages.emplace_back("(cut short)");
  return messages;
}

int main() {
  const Messages sent = {"hi", "", "you"};
  common::Bytes stream;
  for (const std::string& message : sent) {
    common::append_frame(std::as_bytes(std::span(message)), stream);
  }
  std::printf("%zu messages, %zu bytes\n", sent.size(), stream.size());

  const std::uint32_t ways = 1U << (stream.size() - 1);
  std::uint32_t decoded = 0;
  for (std::uint32_t cuts = 0; cuts < ways; ++cuts) {
    if (decode(cut(stream, cuts)) == sent) ++decoded;
  }
  std::printf("cut in %u ways: the same messages in %u\n", ways, decoded);
}
