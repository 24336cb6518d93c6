// A client has sent two and a half messages (they end in ";") when SIGTERM comes. BROKEN: close
// immediately. The kernel throws away what was not read, and the client gets a reset instead of an
// answer. Fixed, a drain: read what has arrived, answer the complete messages, wait for nothing
// more, close.
// Try it: ./10-drain

#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

int check(ssize_t result, const char* what) {
  if (result < 0) {
    std::perror(what);
    std::exit(1);
  }
  return static_cast<int>(result);
}

/// Appends what the kernel holds. Returns 0 at the end of the stream, else the errno.
int read_all(int fd, std::string& text) {
  char bytes[64];
  ssize_t n;
  while ((n = recv(fd, bytes, sizeof bytes, 0)) > 0) text.append(bytes, static_cast<size_t>(n));
  return n == 0 ? 0 : errno;
}

void run(const char* form, bool drain) {
  int ends[2];
  check(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), "socketpair");
  const auto [ours, client] = ends;
  sigset_t stop;
  sigemptyset(&stop);
  sigaddset(&stop, SIGTERM);
  check(sigprocmask(SIG_BLOCK, &stop, nullptr), "sigprocmask");
  const int signals = check(signalfd(-1, &stop, SFD_CLOEXEC), "signalfd");
  check(write(client, "one;two;thr", 11), "write");
  check(kill(getpid(), SIGTERM), "kill");
  signalfd_siginfo info;
  check(read(signals, &info, sizeof info), "read");  // a server has it on its interest list

  // [drain]
  std::string messages;
  if (drain) {
    read_all(ours, messages);
    messages.erase(messages.rfind(';') + 1);
    check(send(ours, messages.data(), messages.size(), MSG_NOSIGNAL), "send");
  }
  close(ours);
  // [/drain]
  std::string answers;
  const int end = read_all(client, answers);
  std::printf("%s: the client gets \"%s\", then %s\n", form, answers.c_str(),
              end == 0 ? "end of stream" : std::strerror(end));
  close(client);
  close(signals);
}

int main() {
  run("broken", false);
  run("fixed", true);
}
