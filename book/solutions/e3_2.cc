// Exercise 3.2: a room in which everybody hears what anybody says, with a thread for each.
// Try it: ./e3_2 5023   then, in two other terminals: ncat 127.0.0.1 5023

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

  /// To everybody else. The mutex is held for the whole line: so no two lines mix, and all hear
  /// them in the same order.
  void say(int from, std::string_view line) {
    const std::scoped_lock lock(mutex_);
    for (const int member : members_) {
      if (member != from) tell(member, line);
    }
  }

  /// Before the descriptor is closed: its number may belong to a stranger at once.
  void leave(int member) {
    const std::scoped_lock lock(mutex_);
    std::erase(members_, member);
  }

 private:
  /// Who does not read holds up nobody, and is asked to leave. Its own thread sees that, and
  /// closes.
  static void tell(int member, std::string_view line) {
    const ssize_t sent = ::send(member, line.data(), line.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent != static_cast<ssize_t>(line.size())) (void)::shutdown(member, SHUT_RDWR);
  }

  std::mutex mutex_;
  std::vector<int> members_;
};

/// Says what the client says, line by line, until it leaves.
void listen_to(const common::Fd& client, Room& room) {
  std::string begun;
  std::array<char, 4096> lent;
  while (true) {
    const ssize_t received = ::recv(client.get(), lent.data(), lent.size(), 0);
    if (received <= 0) return;
    begun.append(lent.data(), static_cast<std::size_t>(received));
    std::size_t said = 0;
    for (auto end = begun.find('\n'); end != std::string::npos; end = begun.find('\n', said)) {
      room.say(client.get(), std::string_view(begun).substr(said, end + 1 - said));
      said = end + 1;
    }
    begun.erase(0, said);
    if (begun.size() > line_bytes_max) return;
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
