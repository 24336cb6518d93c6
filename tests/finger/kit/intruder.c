// Loaded into the daemon with LD_PRELOAD: what an attacker who controls the thread that talks to
// clients would try with its first client, and what came of it, as words on standard error.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

static void report(const char* what, int result) {
  dprintf(STDERR_FILENO, "intruder %s %s\n", what, result < 0 ? strerrorname_np(errno) : "done");
}

static void try_everything(void) {
  const char* own = getenv("INTRUDER_HOMES");      // a file beneath the directory of homes
  const char* other = getenv("INTRUDER_OUTSIDE");  // one outside of it; all may read and write both
  report("reads-home", open(own, O_RDONLY));
  report("reads-outside", open(other, O_RDONLY));
  report("writes-home", open(own, O_WRONLY));
  report("empties-home", open(own, O_RDONLY | O_TRUNC));
  report("writes-outside", open(other, O_WRONLY));
  struct sockaddr_in local = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  const int socket_fd = socket(AF_INET, SOCK_STREAM, 0);
  report("binds", bind(socket_fd, (struct sockaddr*)&local, sizeof local));
  local.sin_port = htons((unsigned short)atoi(getenv("INTRUDER_PORT")));
  report("connects", connect(socket_fd, (struct sockaddr*)&local, sizeof local));
  report("may-gain-rights", prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 ? (errno = EPERM, -1) : 0);
}

int accept4(int listener, struct sockaddr* peer, socklen_t* size, int flags) {
  int (*const real)(int, struct sockaddr*, socklen_t*, int) = dlsym(RTLD_NEXT, "accept4");
  const int accepted = real(listener, peer, size, flags);
  static __thread int done;
  if (accepted >= 0 && !done++) try_everything();
  return accepted;
}
