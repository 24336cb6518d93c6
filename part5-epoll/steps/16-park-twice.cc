// A full server takes its listener off the interest list and puts it back when a client leaves.
// BROKEN: call epoll_ctl(2) for every reason. Two reasons, full and out of descriptors, remove it
// twice, and the second removal is an error. Fixed: remember what the kernel has been told, and
// call only when that changes.
// Try it: ./16-park-twice

#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

int check(int result, const char* what) {
  if (result < 0) {
    std::perror(what);
    std::exit(1);
  }
  return result;
}

// Adds the listener to the interest list, or removes it.
int set_watched(int epoll, int listener, bool watched) {
  epoll_event interest{EPOLLIN, {.fd = listener}};
  return epoll_ctl(epoll, watched ? EPOLL_CTL_ADD : EPOLL_CTL_DEL, listener, &interest);
}

struct Watch {
  int epoll;
  int listener;
  bool watched;  // what the kernel was told last

  int set(bool wanted) {
    if (wanted == watched) return 0;
    const int result = set_watched(epoll, listener, wanted);
    if (result == 0) watched = wanted;
    return result;
  }
};

void print(const char* form, const char* event, int result) {
  std::printf("%s, %s: %s\n", form, event, result == 0 ? "ok" : std::strerror(errno));
}

int main() {
  const int listener = check(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);  // and port 0: the kernel picks one
  check(bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address), "bind");
  check(listen(listener, SOMAXCONN), "listen");
  const int epoll = check(epoll_create1(EPOLL_CLOEXEC), "epoll_create1");
  check(set_watched(epoll, listener, true), "epoll_ctl");
  print("broken", "all places taken, park", set_watched(epoll, listener, false));
  print("broken", "no descriptor left, park", set_watched(epoll, listener, false));
  print("broken", "one client leaves, watch", set_watched(epoll, listener, true));
  print("broken", "another leaves, watch", set_watched(epoll, listener, true));
  Watch watch{epoll, listener, true};
  print("fixed", "all places taken, park", watch.set(false));
  print("fixed", "no descriptor left, park", watch.set(false));
  print("fixed", "one client leaves, watch", watch.set(true));
  print("fixed", "another leaves, watch", watch.set(true));
  close(epoll);
  close(listener);
}
