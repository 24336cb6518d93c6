// Takes a stream of messages apart with the decoder of all stages, and nothing else: no socket, no
// system call. It is lent the stream in pieces of 16 KiB at most, as from a receive buffer; with
// --slicing cut one ends inside a message, whose beginning the reader then has to keep.
// Prints one line of JSON.
// Try it: ./decode --bytes 64   and   ./decode --bytes 64 --slicing cut

#include <fmt/format.h>

#include <cstdio>

#include "common/frame_reader.h"
#include "common/server/duration.h"
#include "common/server/log.h"
#include "common/server/options.h"

namespace {

using common::Clock;

constexpr std::uint32_t piece_bytes = 16 * 1024;  // as much as the stages' receive buffer
constexpr std::uint32_t payload_bytes_max = 1 << 20;

struct Settings {
  std::uint32_t payload_bytes = 64;
  std::chrono::milliseconds duration{200};
  bool cut = false;
};

common::Program program(Settings& settings) {
  const auto set_bytes = [&settings](std::string_view text) {
    const auto value = common::parse_number(text, 0, payload_bytes_max);
    settings.payload_bytes = static_cast<std::uint32_t>(value.value_or(settings.payload_bytes));
    return value.has_value();
  };
  const auto set_duration = [&settings](std::string_view text) {
    const auto value = common::parse_duration(text);
    settings.duration = value.value_or(settings.duration);
    return value.has_value();
  };
  const auto set_slicing = [&settings](std::string_view text) {
    settings.cut = text == "cut";
    return text == "cut" || text == "whole";
  };
  return {.name = "decode",
          .summary = "Measures how fast messages are taken out of a stream of bytes.",
          .options = {
              {"--bytes", "N", "64", "payload of a message", "a number up to 1048576", set_bytes},
              {"--slicing", "HOW", "whole", "whole: a piece ends with a message; cut: in one",
               "whole or cut", set_slicing},
              {"--duration", "DURATION", "200ms", "how long to go on", "a duration such as 250ms",
               set_duration}}};
}

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

}  // namespace

int main(int argc, char** argv) {
  Settings settings;
  if (const auto status = common::parse_options(argc, argv, program(settings))) return *status;

  const auto stream = stream_of(settings.payload_bytes);
  const auto all = common::ByteView(stream);
  // Cut, the first piece ends two bytes before its last message does, or inside that one's header.
  const auto first = settings.cut ? all.size() - 2 : all.size();
  common::FrameReader reader(payload_bytes_max);
  std::uint64_t messages = 0, streams = 0;
  const auto begin = Clock::now();
  auto now = begin;
  for (; now - begin < settings.duration; now = Clock::now()) {
    for (int i = 0; i < 100; ++i) {  // the clock costs as much as a small message
      messages += take_apart(reader, all.first(first));
      if (settings.cut) messages += take_apart(reader, all.subspan(first));
      ++streams;
    }
  }
  const auto expected = streams * (all.size() / (common::header_bytes + settings.payload_bytes));
  if (messages != expected) {
    common::log(fmt::format("decode: {} messages came out, not {}", messages, expected));
    return 1;
  }
  const auto seconds = std::chrono::duration<double>(now - begin).count();
  fmt::print("{{\"messages\": {}, \"bytes\": {}, \"seconds\": {:.6f}}}\n", messages,
             streams * all.size(), seconds);
}
