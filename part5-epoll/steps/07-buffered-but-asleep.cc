// A client sends three questions and waits. One read takes all of them, and the first answer fills
// the socket. BROKEN: when that answer has been sent, wait for EPOLLIN again. The kernel has
// nothing to report: two questions are in our buffer, and both sides wait. Fixed: when there is
// room again, serve the buffered questions first. The client never leaves: where one may, look at
// what the calls return, or the loop spins.
// Try it: ./07-buffered-but-asleep

#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>

int check(ssize_t result, const char* what) {
  if (result < 0) {
    std::perror(what);
    std::exit(1);
  }
  return static_cast<int>(result);
}

void run(const char* form, bool serve_when_there_is_room) {
  constexpr ssize_t answer_bytes = 1'000'000;  // more than the socket takes at once
  int ends[2];
  check(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), "socketpair");
  const auto [ours, bob] = ends;
  const int epoll = check(epoll_create1(EPOLL_CLOEXEC), "epoll_create1");
  epoll_event event{EPOLLIN, {.fd = ours}};
  check(epoll_ctl(epoll, EPOLL_CTL_ADD, ours, &event), "epoll_ctl");

  int questions = 0;   // in our buffer: each is one byte, so only their number matters
  std::string output;  // the rest of an answer, which the socket had no room for
  const auto flush = [&] {
    const ssize_t sent = send(ours, output.data(), output.size(), MSG_NOSIGNAL);
    if (sent > 0) output.erase(0, static_cast<std::size_t>(sent));
  };
  // [serve]
  const auto serve = [&] {  // answers no question while an answer waits, which bounds `output`
    while (output.empty() && questions > 0) {
      output.assign(answer_bytes, '.');
      flush();
      --questions;
    }
  };
  // [/serve]

  char bytes[65536];
  ssize_t received = 0;
  check(write(bob, "???", 3), "write");
  // [loop]
  while (check(epoll_wait(epoll, &event, 1, 100), "epoll_wait") > 0) {
    if (event.events & EPOLLIN) questions += check(read(ours, bytes, sizeof bytes), "read");
    if (event.events & EPOLLOUT) flush();
    if (event.events & EPOLLIN || serve_when_there_is_room) serve();
    event.events = output.empty() ? EPOLLIN : EPOLLOUT;
    check(epoll_ctl(epoll, EPOLL_CTL_MOD, ours, &event), "epoll_ctl");
    ssize_t n;
    while ((n = read(bob, bytes, sizeof bytes)) > 0) received += n;
  }
  // [/loop]
  std::printf("%s: asleep; bob has %zd of 3 answers, our buffer %d questions\n", form,
              received / answer_bytes, questions);
  close(ours);
  close(bob);
  close(epoll);
}

int main() {
  run("broken", false);
  run("fixed", true);
}
