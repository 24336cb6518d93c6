// Asks a server on this machine one question, with one deadline for all of it:
// ./e12_2 PORT MILLISECONDS < question > answer

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <string>

#include "common/net/address.h"
#include "uring/loop.h"

namespace {

using uring::Loop;
using uring::Status;
using uring::Task;

// [ask]
Task<Status> ask(Loop& loop, const common::Address& server, std::string question,
                 uring::Clock::time_point due) {
  uring::Deadline deadline(loop, due);
  const auto peer = co_await loop.socket(AF_INET, SOCK_STREAM, 0).until(deadline);
  if (!peer) co_return std::unexpected(peer.error());
  const auto connected = co_await loop.connect(*peer, server).until(deadline);
  if (!connected) co_return connected;

  auto rest = std::as_bytes(std::span(question));
  while (!rest.empty()) {
    const auto sent = co_await loop.send(*peer, rest).until(deadline);
    if (!sent) co_return std::unexpected(sent.error());
    rest = rest.subspan(*sent);
  }
  const auto ended = co_await loop.shutdown(*peer, SHUT_WR).until(deadline);
  if (!ended) co_return ended;

  std::array<std::byte, 16384> buffer;
  while (true) {
    const auto got = co_await loop.recv(*peer, buffer).until(deadline);
    if (!got) co_return std::unexpected(got.error());
    if (*got == 0) co_return Status();
    std::fwrite(buffer.data(), 1, *got, stdout);
  }
}
// [/ask]

std::string read_all(std::FILE* file) {
  std::string text;
  for (int byte = std::getc(file); byte != EOF; byte = std::getc(file)) {
    text += static_cast<char>(byte);
  }
  return text;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fputs("usage: e12_2 PORT MILLISECONDS\n", stderr);
    return 2;
  }
  const auto due = uring::Clock::now() + std::chrono::milliseconds(std::atoi(argv[2]));
  const auto port = static_cast<std::uint16_t>(std::atoi(argv[1]));
  const auto server = common::Address::parse("127.0.0.1", port);
  const auto loop = Loop::create({});
  if (!loop) {
    std::puts(uring::why_no_ring(loop.error()).c_str());
    return 1;
  }
  const auto done = (*loop)->run(ask(**loop, *server, read_all(stdin), due));
  if (done) return 0;
  std::fprintf(stderr, "%s\n", done.error().message().c_str());
  return 1;
}
