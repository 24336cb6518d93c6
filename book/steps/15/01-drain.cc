// A server stops. What becomes of four clients: two that it has accepted, of which one has not
// asked yet; one that is connected and waits in the backlog; one that connects a moment later? Four
// ways to stop, four answers each, and two more. Try it: ./01-drain, and ./01-drain handed

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

namespace {

sockaddr_in address;  // whose port the first listener chooses

int check(int result, const char* what) {
  if (result >= 0) return result;
  std::perror(what);
  std::exit(1);
}

int listen_on_address() {
  const int listener = check(socket(AF_INET, SOCK_STREAM, 0), "socket");
  const int on = 1;
  check(setsockopt(listener, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on), "SO_REUSEPORT");
  const timeval patience{.tv_sec = 0, .tv_usec = 100'000};  // accept(2) waits no longer
  check(setsockopt(listener, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience), "SO_RCVTIMEO");
  socklen_t size = sizeof address;
  check(bind(listener, reinterpret_cast<sockaddr*>(&address), size), "bind");
  check(listen(listener, 8), "listen");
  check(getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size), "getsockname");
  return listener;
}

/// Connects a client. Returns a negative errno if that fails.
int client() {
  const int fd = check(socket(AF_INET, SOCK_STREAM, 0), "socket");
  const timeval patience{.tv_sec = 1, .tv_usec = 0};
  check(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience), "SO_RCVTIMEO");
  if (connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return fd;
  const int error = errno;
  close(fd);
  return -error;
}

int ask(int fd) {
  if (fd >= 0) check(static_cast<int>(send(fd, "hi", 2, MSG_NOSIGNAL)), "send");
  return fd;
}

/// The outcome for a client, in a word.
const char* outcome(int fd) {
  if (fd < 0) return strerrorname_np(-fd);
  char bytes[3] = {};
  const ssize_t n = recv(fd, bytes, 2, 0);
  const int error = errno;
  close(fd);
  if (n < 0) return error == EAGAIN ? "nothing" : strerrorname_np(error);
  return n == 0 ? "the end" : "answered";
}

/// The server's whole work for a client that has asked.
void answer(int connection) {
  char bytes[2];
  check(static_cast<int>(recv(connection, bytes, 2, 0)), "recv");
  check(static_cast<int>(send(connection, bytes, 2, 0)), "send");
  close(connection);
}

void answer_backlog(int listener) {
  int connection = 0;
  while ((connection = accept4(listener, nullptr, nullptr, 0)) >= 0) answer(connection);
}

enum class Stop { kill, drain, drain_backlog, sibling, hand_over, hand_over_and_wait };

void try_it(const char* name, Stop how) {
  address = {
      .sin_family = AF_INET, .sin_port = 0, .sin_addr = {htonl(INADDR_LOOPBACK)}, .sin_zero = {}};
  const int listener = listen_on_address();
  const int accepted_client = ask(client());
  const int accepted = check(accept4(listener, nullptr, nullptr, 0), "accept4");
  const int silent_client = client();
  const int silent = check(accept4(listener, nullptr, nullptr, 0), "accept4");
  const int queued_client = ask(client());
  // [kept]
  const bool is_kept = how == Stop::hand_over || how == Stop::hand_over_and_wait;
  const int kept = is_kept ? check(dup(listener), "dup") : -1;
  // [/kept]
  // [stop]
  const int sibling = how == Stop::sibling ? listen_on_address() : -1;
  if (how != Stop::kill) answer(accepted);
  if (how == Stop::drain_backlog) answer_backlog(listener);
  close(listener);
  if (how == Stop::kill) close(accepted);
  // [/stop]
  if (how != Stop::hand_over_and_wait) close(silent);  // it has not asked
  const int late_client = ask(client());
  const int newer = how == Stop::sibling ? sibling : kept;
  if (newer >= 0) answer_backlog(newer);
  ask(silent_client);
  if (how == Stop::hand_over_and_wait) answer(silent);
  const char* const late = outcome(late_client);
  std::printf("%-29s %-11s %-11s %-11s %s\n", name, outcome(accepted_client),
              outcome(silent_client), outcome(queued_client), late);
  if (newer >= 0) close(newer);
}

}  // namespace

int main(int argc, char**) {
  std::printf("%-29s %-11s %-11s %-11s %s\n", "", "accepted", "silent", "queued", "late");
  try_it("killed", Stop::kill);
  try_it("drained", Stop::drain);
  try_it("drained, its backlog first", Stop::drain_backlog);
  try_it("drained, sibling on the port", Stop::sibling);
  if (argc == 1) return 0;
  try_it("drained, the listener kept", Stop::hand_over);
  try_it("and the silent waited for", Stop::hand_over_and_wait);
}
