// Exercise 4.2: a chat room with a thread for each client.
// Try it: ./e4_1 5023   then, in two other terminals: ncat 127.0.0.1 5023

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "common/fd.h"

namespace {

constexpr std::size_t line_bytes_max = 4096;

class Room {
 public:
  void enter(int member) {
    const std::scoped_lock lock(mutex_);
    members_.push_back(member);
    tell(member, "welcome\n");
  }

  /// Sends the line to all other members. We hold the mutex for the whole line, so that lines don't
  /// mix, and all members see them in the same order.
  void say(int from, std::string_view line) {
    const std::scoped_lock lock(mutex_);
    for (const int member : members_) {
      if (member != from) tell(member, line);
    }
  }

  /// Call it before closing the descriptor, since the next connection may get the same number.
  void leave(int member) {
    const std::scoped_lock lock(mutex_);
    std::erase(members_, member);
  }

 private:
  /// A member that doesn't read must not hold up the others, so we shut down its connection. The
  /// member's own thread sees that, and closes.
  static void tell(int member, std::string_view line) {
    const ssize_t sent = ::send(member, line.data(), line.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent != static_cast<ssize_t>(line.size())) (void)::shutdown(member, SHUT_RDWR);
  }

  std::mutex mutex_;
  std::vector<int> members_;
};

/// Passes on what the client says, line by line, until it leaves.
void listen_to(const common::Fd& client, Room& room) {
  std::string unsent;
  std::array<char, 4096> receive_buffer;
  while (true) {
    const ssize_t received = ::recv(client.get(), receive_buffer.data(), receive_buffer.size(), 0);
    if (received <= 0) return;
    unsent.append(receive_buffer.data(), static_cast<std::size_t>(received));
    std::size_t begin = 0;  // of the next line
    while (true) {
      const std::size_t end = unsent.find('\n', begin);
      if (end == std::string::npos) break;
      room.say(client.get(), std::string_view(unsent).substr(begin, end + 1 - begin));
      begin = end + 1;
    }
    unsent.erase(0, begin);
    if (unsent.size() > line_bytes_max) return;
  }
}

void serve(common::Fd client, Room& room) {
  room.enter(client.get());
  listen_to(client, room);
  room.leave(client.get());
}

}  // namespace

int main(int argc, char** argv) {
  const common::Fd listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int on = 1;
  (void)::setsockopt(listener.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  const long port = argc > 1 ? std::strtol(argv[1], nullptr, 10) : 5023;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) < 0 ||
      ::listen(listener.get(), SOMAXCONN) < 0) {
    std::perror("cannot listen");
    return 1;
  }
  Room room;
  while (true) {
    common::Fd client(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (client) std::thread(serve, std::move(client), std::ref(room)).detach();
  }
}
