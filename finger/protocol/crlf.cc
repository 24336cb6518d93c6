#include "finger/protocol/crlf.h"

#include <cassert>
#include <cstring>
#include <functional>

namespace finger {
namespace {

constexpr std::byte carriage_return{'\r'};
constexpr std::byte line_feed{'\n'};

/// Whether no byte of `in` is overwritten before it is read. After n bytes have been read, at most
/// 2 * n are written; if `in` begins as far after `out` as it is long, those end before the next
/// byte to be read.
[[maybe_unused]] bool keeps_ahead(ByteView in, std::span<const std::byte> out) {
  const std::less_equal<const std::byte*> not_after;
  const std::byte* const in_end = in.data() + in.size();
  const std::byte* const out_end = out.data() + out.size();
  return in.empty() || not_after(in_end, out.data()) || not_after(out_end, in.data()) ||
         not_after(out.data() + in.size(), in.data());
}

std::size_t bytes_before_line_feed(ByteView bytes) {
  const void* const found = std::memchr(bytes.data(), '\n', bytes.size());
  if (found == nullptr) return bytes.size();
  return static_cast<std::size_t>(static_cast<const std::byte*>(found) - bytes.data());
}

}  // namespace

std::size_t CrlfConverter::convert(ByteView in, std::span<std::byte> out) {
  [[maybe_unused]] const std::size_t out_bytes_max = growth_max * in.size();
  assert(out.size() >= out_bytes_max);
  assert(keeps_ahead(in, out));
  if (!in.empty()) empty_ = false;

  std::size_t written = 0;
  while (!in.empty()) {
    const auto run = in.first(bytes_before_line_feed(in));
    in = in.subspan(run.size());
    if (!run.empty()) {
      last_ = run.back();  // before it is moved, and perhaps overwritten
      std::memmove(out.data() + written, run.data(), run.size());
      written += run.size();
    }
    if (in.empty()) break;

    in = in.subspan(1);
    if (last_ != carriage_return) out[written++] = carriage_return;
    out[written++] = line_feed;
    last_ = line_feed;
  }
  assert(written <= out_bytes_max);
  return written;
}

std::size_t CrlfConverter::finish(std::span<std::byte> out) {
  if (last_ == line_feed) return 0;
  assert(out.size() >= 2);
  out[0] = carriage_return;
  out[1] = line_feed;
  last_ = line_feed;
  return 2;
}

}  // namespace finger
