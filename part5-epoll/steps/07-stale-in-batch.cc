// A proxy connects two sides: if one hangs up, both are closed. Here both hang up together: one
// batch has two events, the first closes both sides, and two new connections reuse their memory.
// BROKEN: the second event holds a pointer, which now leads to a new connection (or to freed
// memory). Fixed: it holds a token of slot and generation, and the lookup finds nothing.
// Try it: ./07-stale-in-batch

#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>

int check(int result, const char* what) {
  if (result < 0) {
    std::perror(what);
    std::exit(1);
  }
  return result;
}

struct Client {
  const char* name;
  std::uint32_t generation;  // how many clients this slot has had
  int ends[2];               // ours, the peer's
};

Client slots[2];

// Puts two new connections into the slots, and watches them under a pointer or a token.
void connect_two(int epoll, const char* const (&names)[2], bool by_token) {
  for (std::uint32_t slot = 0; slot < 2; ++slot) {
    Client& client = slots[slot];
    client = {names[slot], client.generation + 1, {}};
    check(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, client.ends), "socketpair");
    epoll_event interest{EPOLLIN, {.ptr = &client}};
    if (by_token) interest.data.u64 = std::uint64_t{client.generation} << 32 | slot;
    check(epoll_ctl(epoll, EPOLL_CTL_ADD, client.ends[0], &interest), "epoll_ctl");
  }
  std::printf("  %s and %s connect\n", names[0], names[1]);
}

// The client that had this token, or nullptr if its slot belongs to another client now.
Client* find(std::uint64_t token) {
  Client& client = slots[token & 0xffffffff];
  return client.generation == token >> 32 ? &client : nullptr;
}

void run(bool by_token) {
  const int epoll = check(epoll_create1(EPOLL_CLOEXEC), "epoll_create1");
  connect_two(epoll, {"a", "b"}, by_token);
  for (const Client& one : slots) check(shutdown(one.ends[1], SHUT_RDWR), "shutdown");

  epoll_event batch[2] = {};
  check(epoll_wait(epoll, batch, 2, 0), "epoll_wait");
  for (const epoll_event& event : batch) {
    const Client* client = by_token ? find(event.data.u64) : static_cast<Client*>(event.data.ptr);
    std::printf("  hang-up of %s\n", client ? client->name : "nobody we know");
    if (client == nullptr) continue;
    for (const Client& one : slots) {
      close(one.ends[0]);
      close(one.ends[1]);
    }
    std::printf("  %s and %s are closed\n", slots[0].name, slots[1].name);
    if (&event == batch) connect_two(epoll, {"c", "d"}, by_token);  // after the first event only
  }
  close(epoll);
}

int main() {
  std::puts("broken, pointers");
  run(false);
  std::puts("fixed, tokens");
  run(true);
  for (const Client& one : slots) {  // c and d
    close(one.ends[0]);
    close(one.ends[1]);
  }
}
