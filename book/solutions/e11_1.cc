// Prints the messages of a stream, a line for each: ./e11_1 < stream

#include <unistd.h>

#include <array>
#include <coroutine>
#include <cstddef>
#include <cstdio>
#include <exception>
#include <optional>
#include <span>
#include <utility>

#include "common/frame_reader.h"
#include "common/result.h"

namespace {

constexpr std::uint32_t payload_bytes_max = 65536;

/// The values that a coroutine yields, one after the other. The coroutine runs only while we ask
/// for the next value.
template <typename T>
class Generator {
 public:
  // [generator]
  struct promise_type {
    Generator get_return_object() { return Generator(Frame::from_promise(*this)); }
    std::suspend_always initial_suspend() noexcept { return {}; }
    std::suspend_always final_suspend() noexcept { return {}; }
    std::suspend_always yield_value(T value) {
      current = std::move(value);
      return {};
    }
    void return_void() { current = std::nullopt; }
    void unhandled_exception() { std::terminate(); }
    std::optional<T> current;
  };

  Generator(Generator&& other) noexcept : frame_(std::exchange(other.frame_, nullptr)) {}
  ~Generator() {
    if (frame_) frame_.destroy();
  }

  /// The next value, or nullopt if there are no more. Don't call next() after that.
  std::optional<T> next() {
    frame_.resume();
    return frame_.promise().current;
  }
  // [/generator]

 private:
  using Frame = std::coroutine_handle<promise_type>;
  explicit Generator(Frame frame) : frame_(frame) {}
  Frame frame_;
};

// [messages]
/// The messages of a stream, for any slices. A view is good until we ask for the next one. An error
/// is the last value.
Generator<common::Result<common::ByteView>> messages(int input) {
  common::FrameReader reader(payload_bytes_max);
  std::array<std::byte, 16384> buffer;
  while (true) {
    const ssize_t received = ::read(input, buffer.data(), buffer.size());
    if (received <= 0) break;  // a stream that cannot be read has ended
    reader.feed(std::span(buffer).first(static_cast<std::size_t>(received)));
    while (true) {
      const auto payload = reader.next();
      if (!payload) {
        co_yield std::unexpected(payload.error());
        co_return;
      }
      if (!*payload) break;  // more bytes are needed
      co_yield **payload;
    }
  }
  if (const auto ended = reader.finish(); !ended) co_yield std::unexpected(ended.error());
}
// [/messages]

}  // namespace

int main() {
  auto stream = messages(STDIN_FILENO);
  while (const auto message = stream.next()) {
    if (!*message) {
      std::fprintf(stderr, "%s\n", message->error().message().c_str());
      return 1;
    }
    std::printf("%zu ", (*message)->size());
    std::fwrite((*message)->data(), 1, (*message)->size(), stdout);
    std::putchar('\n');
    std::fflush(stdout);
  }
}
