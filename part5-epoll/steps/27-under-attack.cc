// The page of chapter 7 grown up, to be attacked: the patient loop on epoll(7). A client gets a
// minute for a message, or for taking a byte of its answers; no client costs another one anything;
// after a signal it drains, and ends when all that had arrived is answered and acknowledged, or
// after five seconds. Try it: ./27-under-attack 5882   and in another terminal
//   printf '\2\0\0\0hi' | ncat 127.0.0.1 5882

#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>
#include <thread>
#include <utility>

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;
using Time = Clock::time_point;

int check(int result, const char* what) {
  if (result < 0) {
    std::perror(what);
    std::exit(1);
  }
  return result;
}

int listen_on(int port) {
  const int listener =
      check(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), "socket");
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<in_port_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  const int on = 1;
  check(setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on), "setsockopt");
  check(bind(listener, reinterpret_cast<sockaddr*>(&address), size), "bind");
  check(listen(listener, SOMAXCONN), "listen");
  check(getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size), "getsockname");
  std::printf("listening on 127.0.0.1:%d\n", ntohs(address.sin_port));
  std::fflush(stdout);
  return listener;
}

// The length in the first four bytes, lowest byte first.
std::uint32_t length_in(const char* header) {
  const auto byte = [header](int i) { return static_cast<std::uint32_t>(header[i]) & 0xff; };
  return byte(0) | byte(1) << 8 | byte(2) << 16 | byte(3) << 24;
}

constexpr std::size_t message_bytes_max = 4 + 65536;  // the header, too

struct Client {
  int fd;
  Time deadline;            // for its next message, or for taking more of what is held
  std::string in = "";      // the beginning of a message, whose rest has not arrived
  std::string held = "";    // the end of our answers, which the kernel had no room for
  int unacknowledged = 0;   // as it was when we last looked whether the client takes its answers
  bool ended = false;       // its stream, so there is nothing more to receive
  std::uint32_t asked = 0;  // what its entry asks for
};

std::map<std::uint64_t, Client> clients;  // by token, a number that never comes back

std::chrono::seconds patience = 60s;
int epoll = -1;

int wake = -1;  // an eventfd

void on_signal(int) {
  const int interrupted = errno;
  eventfd_write(wake, 1);
  errno = interrupted;
}

void wake_on_signals() {
  wake = check(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC), "eventfd");
  std::signal(SIGTERM, on_signal);
  std::signal(SIGINT, on_signal);
}

bool not_now() { return errno == EAGAIN || errno == EINTR; }

// Answers every message that is complete. False: the next one is too long.
bool take(Client& client) {
  std::size_t taken = 0;
  std::size_t message_bytes = 0;
  while (client.in.size() - taken >= 4) {
    message_bytes = 4 + std::size_t{length_in(&client.in[taken])};
    if (message_bytes > message_bytes_max || client.in.size() - taken < message_bytes) break;
    taken += message_bytes;
  }
  client.held.append(client.in, 0, taken);  // an echo: the answers are the messages
  client.in.erase(0, taken);
  return message_bytes <= message_bytes_max;
}

// What we have sent and the client's kernel has not acknowledged yet.
int unacknowledged(int fd) {
  tcp_info info{};
  socklen_t size = sizeof info;
  check(getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size), "TCP_INFO");
  if (info.tcpi_state == TCP_CLOSE) return 0;  // it is gone, and will acknowledge nothing more
  int bytes = 0;
  check(ioctl(fd, SIOCOUTQ, &bytes), "SIOCOUTQ");
  return bytes;
}

// [takes]
bool send_held(Client& client, Time now) {
  const ssize_t sent = send(client.fd, client.held.data(), client.held.size(), MSG_NOSIGNAL);
  if (sent < 0) return not_now();
  client.held.erase(0, static_cast<std::size_t>(sent));
  client.deadline = now + patience;
  client.unacknowledged = unacknowledged(client.fd);
  return true;
}

// Its time is up. True: its kernel has taken some of its answers meanwhile, so it gets more time.
bool still_takes(Client& client, Time now) {
  const int before = std::exchange(client.unacknowledged, unacknowledged(client.fd));
  if (client.held.empty() || client.unacknowledged >= before) return false;
  client.deadline = now + patience;
  return true;
}
// [/takes]

// [turn]
// At most one receive and one send. False: close it.
bool turn(Client& client, Time now) {
  if (!client.held.empty()) return send_held(client, now);
  char bytes[message_bytes_max];
  const ssize_t got = recv(client.fd, bytes, sizeof bytes, 0);
  if (got < 0) return not_now();
  client.ended = got == 0;
  if (client.ended) return false;
  client.in.append(bytes, static_cast<std::size_t>(got));
  const bool stays = take(client);
  if (client.held.empty()) return stays;  // no message is complete, so its time goes on
  client.deadline = now + patience;
  client.unacknowledged = unacknowledged(client.fd);
  return send_held(client, now) && stays;
}
// [/turn]

// [settle]
// After its turn: closes it, or has its entry ask for what it waits for now.
void settle(std::uint64_t token, bool stays) {
  Client& client = clients.at(token);
  if (!stays) {
    epoll_ctl(epoll, EPOLL_CTL_DEL, client.fd, nullptr);
    close(client.fd);
    clients.erase(token);
    return;
  }
  const std::uint32_t wanted = client.held.empty() ? EPOLLIN : EPOLLOUT;
  if (wanted == std::exchange(client.asked, wanted)) return;
  epoll_event event{wanted, {.u64 = token}};
  check(epoll_ctl(epoll, EPOLL_CTL_MOD, client.fd, &event), "epoll_ctl");
}
// [/settle]

constexpr std::uint64_t wake_token = 0;
constexpr std::uint64_t listener_token = 1;

int add(int fd, std::uint64_t token) {
  epoll_event event{EPOLLIN, {.u64 = token}};
  return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

Time accept_again;  // when the listener is worth asking about

void accept_one(int listener, Time now) {
  static std::uint64_t last_token = listener_token;
  const int fd = accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (fd < 0 && errno != EAGAIN) accept_again = now + 100ms;  // as for EMFILE
  if (fd < 0) return;
  if (add(fd, ++last_token) < 0) {
    close(fd);
    return;
  }
  clients[last_token] = {.fd = fd, .deadline = now + patience, .asked = EPOLLIN};
}

// Leaves out the listener while there is no room.
void park_or_resume(int listener, Time now) {
  static bool parked = false;
  const bool park = clients.size() >= 64 || now < accept_again;
  if (park == std::exchange(parked, park)) return;
  epoll_event event{park ? 0U : EPOLLIN, {.u64 = listener_token}};
  check(epoll_ctl(epoll, EPOLL_CTL_MOD, listener, &event), "epoll_ctl");
}

// Those whose time is up.
void close_overdue(Time now) {
  for (auto next = clients.begin(); next != clients.end();) {
    auto& [token, client] = *next++;  // settle may erase it
    if (client.deadline <= now) settle(token, still_takes(client, now));
  }
}

int how_long(Time now) {
  auto next = now < accept_again ? accept_again : now + 1h;
  for (const auto& [token, client] : clients) next = std::min(next, client.deadline);
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(next - now);
  return static_cast<int>(std::max(left, 0ms).count());
}

// [drain]
// Its turn when the server stops. False: it is owed nothing more, or it is gone.
bool last_turn(Client& client, Time now) {
  if (!client.ended) return turn(client, now) || client.ended;
  char discarded[4096];
  if (recv(client.fd, discarded, sizeof discarded, 0) < 0 && !not_now()) return false;
  if (unacknowledged(client.fd) > 0) return true;
  shutdown(client.fd, SHUT_WR);  // only now, or what it still sends would bring on a reset
  return false;
}

// All who are here get what they are owed, and nobody else gets in.
void drain(int listener) {
  close(listener);
  for (auto& [token, client] : clients) shutdown(client.fd, SHUT_RD);
  const Time give_up = Clock::now() + 5s;
  while (!clients.empty() && Clock::now() < give_up) {
    for (auto next = clients.begin(); next != clients.end();) {
      auto& [token, client] = *next++;
      settle(token, last_turn(client, Clock::now()));
    }
    std::this_thread::sleep_for(5ms);  // no event reports an acknowledgement
  }
}
// [/drain]

int main(int argc, char** argv) {
  wake_on_signals();
  const int listener = listen_on(argc > 1 ? std::atoi(argv[1]) : 0);  // prints that it listens
  if (argc > 2) patience = std::chrono::seconds(std::atoi(argv[2]));
  epoll = check(epoll_create1(EPOLL_CLOEXEC), "epoll_create1");
  check(add(wake, wake_token), "epoll_ctl");
  check(add(listener, listener_token), "epoll_ctl");

  // [loop]
  bool stopping = false;
  while (!stopping) {
    epoll_event batch[64];
    const int ready = epoll_wait(epoll, batch, 64, how_long(Clock::now()));
    if (ready < 0 && errno != EINTR) check(ready, "epoll_wait");
    const Time now = Clock::now();
    for (int i = 0; i < ready; ++i) {
      const std::uint64_t token = batch[i].data.u64;
      if (token == wake_token) {
        stopping = true;
      } else if (token == listener_token) {
        accept_one(listener, now);
      } else if (clients.contains(token)) {
        settle(token, turn(clients.at(token), now));
      }
    }
    close_overdue(now);
    park_or_resume(listener, now);
  }
  drain(listener);
  // [/loop]
}
