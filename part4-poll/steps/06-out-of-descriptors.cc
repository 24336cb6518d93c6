// A client waits, and this process may open no more descriptors: accept(2) fails with EMFILE, the
// client goes on waiting, and poll(2) says "ready". BROKEN: try again immediately, for ever (here
// 1000 times). Fixed: leave the listener out of the next poll, until a descriptor is free or 100
// ms have passed.
// Try it: ./06-out-of-descriptors

#include <netinet/in.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>

int check(int result, const char* what) {
  if (result < 0) {
    std::perror(what);
    std::exit(1);
  }
  return result;
}

void turns(const char* form, int listener, bool park) {
  pollfd entry{listener, POLLIN, 0};
  int refused = 0;
  int client = -1;
  while (refused < 1000) {
    if (check(poll(&entry, 1, entry.fd < 0 ? 100 : 5000), "poll") == 0) break;
    client = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    if (client >= 0) break;
    if (errno != EMFILE) check(client, "accept4");
    ++refused;
    if (park) entry.fd = -1;  // poll skips a negative descriptor
  }
  const char* end = entry.revents ? "poll returns at once" : "poll sleeps for 100 ms";
  std::printf("%s: %d x EMFILE, then %s\n", form, refused, client < 0 ? end : "accepted");
  if (client >= 0) close(client);
}

int main() {
  const int listener = check(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");
  const int client = check(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);  // and port 0: the kernel picks one
  auto* const name = reinterpret_cast<sockaddr*>(&address);
  socklen_t size = sizeof address;
  check(bind(listener, name, size), "bind");
  check(listen(listener, 1), "listen");
  check(getsockname(listener, name, &size), "getsockname");
  check(connect(client, name, size), "connect");
  rlimit limit{};
  check(getrlimit(RLIMIT_NOFILE, &limit), "getrlimit");
  limit.rlim_cur = 32;
  check(setrlimit(RLIMIT_NOFILE, &limit), "setrlimit");
  int last = -1;  // of the descriptors that use up the limit
  while (true) {
    const int fd = dup(listener);
    if (fd < 0) break;
    last = fd;
  }
  turns("broken", listener, false);
  turns("fixed", listener, true);
  close(last);
  std::puts("a descriptor is given back");
  turns("fixed", listener, true);
  for (int fd = STDERR_FILENO + 1; fd < 32; ++fd) close(fd);
}
