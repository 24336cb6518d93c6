// However the stream is cut, the decoder finds the same messages. This tries every way to cut it.
// Try it: ./03-decoder   17 bytes can be cut in 2^16 ways.

#include <err.h>

#include <cstdint>
#include <cstdio>
#include <span>
#include <string>
#include <vector>

#include "common/frame_reader.h"

using common::Bytes;
using common::ByteView;
using Messages = std::vector<std::string>;

// The messages of the stream when it is cut after byte i wherever bit i of `cuts` is set.
Messages decode(ByteView stream, std::uint32_t cuts) {
  common::FrameReader reader(65536);
  Messages messages;
  std::size_t begin = 0;
  for (std::size_t end = 1; end <= stream.size(); ++end) {
    const bool cut_here = end == stream.size() || (cuts >> (end - 1) & 1) != 0;
    if (!cut_here) continue;
    reader.feed(stream.subspan(begin, end - begin));
    begin = end;
    while (true) {
      const auto next = reader.next();
      if (!next) errx(1, "%s", next.error().message().c_str());
      if (!next->has_value()) break;  // this slice is used up
      const ByteView payload = **next;
      messages.emplace_back(reinterpret_cast<const char*>(payload.data()), payload.size());
    }
  }
  if (!reader.finish()) messages.emplace_back("(cut short)");
  return messages;
}

int main() {
  const Messages sent = {"hi", "", "you"};
  Bytes stream;
  for (const std::string& message : sent) {
    common::append_frame(std::as_bytes(std::span(message)), stream);
  }
  std::printf("%zu messages, %zu bytes\n", sent.size(), stream.size());

  const std::uint32_t ways = 1U << (stream.size() - 1);
  std::printf("in one piece: %zu messages\n", decode(stream, 0).size());
  std::printf("byte by byte: %zu messages\n", decode(stream, ways - 1).size());
  std::uint32_t alike = 0;
  for (std::uint32_t cuts = 0; cuts < ways; ++cuts) {
    if (decode(stream, cuts) == sent) ++alike;
  }
  std::printf("cut in %u ways: the same messages in %u\n", ways, alike);
}
