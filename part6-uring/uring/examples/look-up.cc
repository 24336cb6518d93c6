// The addresses of the hosts that are named in the input, a line each. To ask for them blocks, so a
// thread does it, and a host that is not found in time is left.
// Try it: echo localhost | ./look-up

#include <netdb.h>

#include <cstdio>
#include <string>

#include "uring/extra/line_reader.h"
#include "uring/extra/thread_pool.h"
#include "uring/loop.h"

using namespace std::chrono_literals;

namespace {

/// This blocks, perhaps for seconds.
std::string first_address(const std::string& host) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int error = ::getaddrinfo(host.c_str(), nullptr, &hints, &found);
  if (error != 0) return ::gai_strerror(error);
  char text[NI_MAXHOST] = "";
  (void)::getnameinfo(found->ai_addr, found->ai_addrlen, text, sizeof text, nullptr, 0,
                      NI_NUMERICHOST);
  ::freeaddrinfo(found);
  return text;
}

// [look-up]
uring::Task<> look_up_all(uring::Loop& loop) {
  const auto threads = uring::ThreadPool::create(loop, 4);
  if (!threads) co_return;
  uring::LineReader lines(loop, uring::Descriptor::borrowed(STDIN_FILENO), 256);
  while (true) {
    const auto line = co_await lines.next();
    if (!line || !*line) co_return;
    const auto address =
        co_await (*threads)->offload(first_address, std::string(**line)).within(5s);
    const auto text = address ? *address : address.error().message();
    std::printf("%s\n", text.c_str());
  }
}
// [/look-up]

}  // namespace

int main() {
  const auto loop = uring::Loop::create({});
  if (!loop) {
    std::puts(uring::explain(loop.error()).c_str());
    return 1;
  }
  (*loop)->run(look_up_all(**loop));
}
