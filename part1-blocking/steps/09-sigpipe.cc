// Sending to a peer that has closed kills the process with SIGPIPE; MSG_NOSIGNAL makes it an error.
// Try it: ./09-sigpipe   It sends from child processes, and survives.

#include <err.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>

void try_to_send(const char* what, int flags) {
  std::fflush(stdout);  // or the child would have a copy of the unwritten output
  const pid_t child = fork();
  if (child < 0) err(1, "fork");
  if (child == 0) {
    std::signal(SIGPIPE, SIG_DFL);  // the default, which a parent may have changed
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0) err(1, "socketpair");
    close(pair[1]);
    _exit(send(pair[0], "hello", 5, flags) < 0 ? errno : 0);
  }
  int status = 0;
  if (waitpid(child, &status, 0) < 0) err(1, "waitpid");
  if (WIFSIGNALED(status)) {
    const int signal = WTERMSIG(status);
    std::printf("%s: killed by %s\n", what, signal == SIGPIPE ? "SIGPIPE" : strsignal(signal));
  } else {
    std::printf("%s: lives, send said %s\n", what, std::strerror(WEXITSTATUS(status)));
  }
}

int main() {
  try_to_send("flags 0", 0);
  try_to_send("MSG_NOSIGNAL", MSG_NOSIGNAL);
}
