// Takes a stream of messages apart with the decoder of all stages, and nothing else: no socket, no
// system call. It is lent the stream in pieces of 16 KiB at most, as from a receive buffer; cut,
// one ends inside a message, whose beginning the reader then has to keep.
// Try it: ./variants decode bytes=64 slicing=whole ms=200   and   slicing=cut

#include "common/frame_reader.h"
#include "common/server/duration.h"
#include "variants/variant.h"

namespace {

using common::Clock;

constexpr std::uint32_t piece_bytes = 16 * 1024;  // as much as the stages' receive buffer
constexpr std::uint32_t payload_bytes_max = 1 << 20;

/// Whole messages, at least one, and as many as fit a receive buffer.
common::Bytes stream_of(std::uint32_t payload_bytes) {
  const common::Bytes payload(payload_bytes, std::byte{42});
  common::Bytes stream;
  do {
    common::append_frame(payload, stream);
  } while (stream.size() + common::header_bytes + payload_bytes <= piece_bytes);
  return stream;
}

/// How many messages come out of `piece`.
std::uint64_t take_apart(common::FrameReader& reader, common::ByteView piece) {
  std::uint64_t messages = 0;
  reader.feed(piece);
  while (true) {
    const auto payload = reader.next();
    if (!payload || !*payload) return messages;
    ++messages;
  }
}

variants::Numbers decode(const variants::Words& words) {
  const auto payload_bytes = words.number("bytes");
  const bool cut = words.text("slicing") == "cut";
  const auto stream = stream_of(payload_bytes);
  const auto all = common::ByteView(stream);
  // Cut, the first piece ends two bytes before its last message does, or inside that one's header.
  const auto first = cut ? all.size() - 2 : all.size();
  common::FrameReader reader(payload_bytes_max);
  std::uint64_t messages = 0, streams = 0;
  const auto begin = Clock::now();
  auto now = begin;
  for (; now - begin < words.milliseconds("ms"); now = Clock::now()) {
    for (int i = 0; i < 100; ++i) {  // the clock costs as much as a small message
      messages += take_apart(reader, all.first(first));
      if (cut) messages += take_apart(reader, all.subspan(first));
      ++streams;
    }
  }
  const auto expected = streams * (all.size() / (common::header_bytes + payload_bytes));
  return {
      {"messages", messages}, {"expected", expected}, {"seconds", variants::seconds(now - begin)}};
}

const variants::Variant known("decode", decode);

}  // namespace
