// A proxy closes both sides when one hangs up. Here both do: a batch's first event closes both,
// and two new connections get their slots. BROKEN: the second event is a pointer, which leads to a
// new connection. Fixed: it is a token of slot and generation, and the lookup finds nothing.
// Try it: ./07-stale-in-batch

#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <initializer_list>

int check(int result, const char* what) {
  if (result < 0) {
    std::perror(what);
    std::exit(1);
  }
  return result;
}

struct Client {
  const char* name;
  std::uint32_t generation;  // how many clients of this slot have been closed
  int ends[2];               // ours, the peer's
  Client* partner;           // the one to whom a proxy passes on what this one says
};

Client slots[2];

// Puts two new connections into the slots, and watches them under a pointer or a token.
void connect_two(int epoll, const char* const (&names)[2], bool by_token) {
  for (std::uint32_t slot = 0; slot < 2; ++slot) {
    Client& client = slots[slot];
    client = {names[slot], client.generation, {}, &slots[1 - slot]};
    check(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, client.ends), "socketpair");
    epoll_event interest{EPOLLIN, {.ptr = &client}};
    if (by_token) interest.data.u64 = std::uint64_t{client.generation} << 32 | slot;
    check(epoll_ctl(epoll, EPOLL_CTL_ADD, client.ends[0], &interest), "epoll_ctl");
  }
  std::printf("  %s and %s connect, generation %u\n", names[0], names[1], slots[0].generation);
}

// The client that has this token, or nullptr if it is closed, even if its slot has another now.
Client* find(std::uint64_t token) {
  Client& client = slots[token & 0xffffffff];
  return client.generation == token >> 32 ? &client : nullptr;
}

// What a proxy does when one hangs up: the other has nobody to talk to.
void close_both(Client& client) {
  for (Client* one : {&client, client.partner}) {
    for (const int end : one->ends) close(end);
    ++one->generation;  // no event that is still in the batch leads here
  }
  std::printf("  %s and %s are closed\n", client.name, client.partner->name);
}

void run(bool by_token) {
  for (Client& one : slots) one = {};
  const int epoll = check(epoll_create1(EPOLL_CLOEXEC), "epoll_create1");
  connect_two(epoll, {"a", "b"}, by_token);
  for (const Client& one : slots) check(shutdown(one.ends[1], SHUT_RDWR), "shutdown");

  // [batch]
  epoll_event batch[2] = {};
  const int ready = check(epoll_wait(epoll, batch, 2, 0), "epoll_wait");
  for (int i = 0; i < ready; ++i) {
    const epoll_data_t name = batch[i].data;
    Client* client = by_token ? find(name.u64) : static_cast<Client*>(name.ptr);
    std::printf("  hang-up of %s\n", client ? client->name : "nobody we know");
    if (client == nullptr) continue;
    close_both(*client);
    if (i == 0) connect_two(epoll, {"c", "d"}, by_token);  // after the first event only
  }
  // [/batch]
  close(epoll);
}

int main() {
  std::puts("broken, pointers");
  run(false);
  std::puts("fixed, tokens");
  run(true);
  for (const Client& one : slots) {  // c and d, which the tokens have kept
    for (const int end : one.ends) close(end);
  }
}
