// A server with loops, each a thread with a ring, and for each client a coroutine.
// README.md says what to do with it.

#include <liburing.h>
#include <netinet/in.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "client.h"
#include "listening.h"
#include "operations.h"
#include "options.h"
#include "protocols.h"

constexpr auto linger_time = 2s;
constexpr auto drain_linger_time = 1s;
constexpr auto accept_pause = 100ms;
constexpr auto longest_wait = 1h;
constexpr auto look = 5ms;  // how often a drain asks what is acknowledged: there is no event for it
constexpr unsigned ring_entries = 256;

// What the workers share: the limit, and the end.
struct Group {
  bool take_place(const Server& server);
  void give_back_place();
  void report(const char* what);
  void fail(const char* what);

  Options options;
  std::mutex mutex = {};
  std::size_t places = options.max_connections;
  std::vector<int> waiting = {};        // for a place: what wakes them
  Clock::time_point silent_until = {};  // one line a second
};

std::atomic<int> stops = 0;
std::atomic<int> status = 0;
std::vector<int> wake_fds;  // of all workers

void wake(int fd) {
  const std::uint64_t one = 1;
  (void)!write(fd, &one, sizeof one);
}

// A signal handler may do that: it ends all waits.
void stop(int) {
  if (stops++ > 0) {
    _exit(status);  // the second ends the server at once
  }
  for (const int fd : wake_fds) {
    wake(fd);
  }
}

// The listener, the clients, and one wait for all of them.
struct Server {
  Server(Group& its_group, int its_listener)
      : group(its_group), options(its_group.options), listener(its_listener) {}
  Server(const Server&) = delete;
  void run();
  void turn();
  Clock::duration time_left() const;
  void cancel_what_is_late();
  Detached serve(int connection);
  Detached accept_all();
  Detached drain_when_told();
  bool is_draining() const { return drain_until != never; }
  std::size_t coroutines() const { return accepts + clients.size() + lingering.size(); }

  Group& group;
  const Options& options;
  int listener;
  int wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  int place_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  io_uring ring = {};
  Waiter accepting{ring};
  bool accepts = true;
  Waiter stopping{ring};
  // In each list all have the same time: who came first is due first.
  std::list<Client*> clients = {};
  std::list<Client*> lingering = {};
  Clock::time_point drain_until = never;
};

Client::Client(Server& its_server, int its_fd)
    : Waiter(its_server.ring),
      server(its_server),
      fd(its_fd),
      session(make_session(server.options.protocol, server.options.max_message)),
      place(server.clients.insert(server.clients.end(), this)) {
  set_deadline();
}

// Its place is free then, and its descriptor.
Client::~Client() {
  (lingers ? server.lingering : server.clients).erase(place);
  close(fd);
  server.group.give_back_place();
}

// Its time begins anew: it is the last of its list.
void Client::set_deadline() {
  const auto limit = server.options.read_timeout;
  deadline = limit == Clock::duration::zero() ? never : Clock::now() + limit;
  not_acknowledged = output.empty() ? 0 : unacknowledged();
  server.clients.splice(server.clients.end(), server.clients, place);
}

// Sends our end of the stream.
void Client::linger() {
  shutdown(fd, SHUT_WR);
  lingers = true;
  deadline = Clock::now() + linger_time;
  server.lingering.splice(server.lingering.end(), server.clients, place);
}

// With the mutex, no place becomes free between the look and the wait.
bool Group::take_place(const Server& server) {
  const std::scoped_lock lock(mutex);
  if (places > 0) {
    --places;
    return true;
  }
  waiting.push_back(server.place_fd);
  return false;
}

// Wakes all that wait: the next connection may be in the backlog of any of them.
void Group::give_back_place() {
  const std::scoped_lock lock(mutex);
  ++places;
  for (const int fd : waiting) {
    wake(fd);
  }
  waiting.clear();
}

void Group::report(const char* what) {
  const std::scoped_lock lock(mutex);
  const auto now = Clock::now();
  if (silent_until <= now) {
    silent_until = now + 1s;
    std::perror(what);
  }
}

// All of them drain; the first that has failed says why.
void Group::fail(const char* what) {
  if (status.exchange(1) == 0) {
    std::perror(what);
  }
  if (stops == 0) {
    stop(SIGTERM);
  }
}

// Serves a client until it leaves, or is late: then what it waits in is cancelled.
Detached Server::serve(int connection) {
  Client client(*this, connection);
  char bytes[4096];
  while (!client.finished) {
    client.received(co_await Receive(client, bytes), bytes);
    while (!client.output.empty()) {
      client.taken(co_await Send(client));
    }
  }
  // With both sides shut down, a drain would answer more input with a reset.
  while (is_draining() && !client.is_acknowledged() && Clock::now() < client.deadline) {
    co_await Sleep(client, look);
  }
  if (is_draining()) {
    co_return;
  }
  client.linger();
  // With input unread, a close would be a reset, and destroy the last answers.
  int thrown_away = 1;
  while (thrown_away > 0) {
    thrown_away = co_await Receive(client, bytes);
  }
}

// Waits for a connection, and for a place if there is none. What it waits in is cancelled for a
// drain; only then does the close of the listener end it, and no connection comes after that.
Detached Server::accept_all() {
  while (!is_draining()) {
    if (co_await Poll(accepting, listener) < 0 || is_draining()) {
      continue;
    }
    if (!group.take_place(*this)) {
      co_await Poll(accepting, place_fd);
      std::uint64_t wake_ups = 0;
      (void)!read(place_fd, &wake_ups, sizeof wake_ups);
      continue;
    }
    const int connection = accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (connection >= 0) {
      serve(connection);
      continue;
    }
    const int error = errno;
    group.give_back_place();
    errno = error;
    if (is_transient(error)) {
      group.report("cannot accept");
      co_await Sleep(accepting, accept_pause);
    } else if (error != EAGAIN && error != EINTR && error != ECONNABORTED) {
      group.fail("cannot accept");
    }
  }
  close(listener);
  accepts = false;
}

// What had arrived is still received, and then an end that only we see.
Detached Server::drain_when_told() {
  co_await Poll(stopping, wake_fd);
  const auto now = Clock::now();
  drain_until = now + options.drain_timeout;
  accepting.cancel();
  for (Client* client : clients) {
    shutdown(client->fd, SHUT_RD);
  }
  for (Client* client : lingering) {
    client->deadline = std::min(client->deadline, now + drain_linger_time);
  }
}

// Until all have left, or the time of the drain is over: the kernel uses their frames then, which
// stay where they are.
void Server::run() {
  accept_all();
  drain_when_told();
  while (!is_draining() || (coroutines() > 0 && Clock::now() < drain_until)) {
    turn();
    cancel_what_is_late();
  }
}

// Hands over what was requested, waits, and resumes whose operation is complete.
void Server::turn() {
  const auto left = std::chrono::nanoseconds(time_left()).count();
  __kernel_timespec time{left / 1'000'000'000, left % 1'000'000'000};
  io_uring_cqe* completion = nullptr;
  io_uring_submit_and_wait_timeout(&ring, &completion, 1, &time, nullptr);
  while (io_uring_peek_cqe(&ring, &completion) == 0) {
    auto* const operation = static_cast<Operation*>(io_uring_cqe_get_data(completion));
    const int result = completion->res;
    io_uring_cqe_seen(&ring, completion);
    if (operation) {  // else it is a cancel that came too late
      operation->complete(result);
    }
  }
}

// One that takes its answers is not late.
void Server::cancel_what_is_late() {
  const auto now = Clock::now();
  for (auto* list : {&clients, &lingering}) {
    for (auto next = list->begin(); next != list->end() && (*next)->deadline <= now;) {
      Client& client = **next++;
      if (!client.output.empty() && client.unacknowledged() < client.not_acknowledged) {
        client.set_deadline();
      } else {
        client.cancel();
      }
    }
  }
}

// Until somebody is late; asked before every wait.
Clock::duration Server::time_left() const {
  const auto now = Clock::now();
  auto earliest = std::min(drain_until, now + (is_draining() ? look : longest_wait));
  for (const auto* list : {&clients, &lingering}) {
    earliest = std::min(earliest, list->empty() ? never : list->front()->deadline);
  }
  return std::max(earliest - now, Clock::duration::zero());
}

int main(int argc, char** argv) {
  Group group{.options = read_options(argc, argv)};
  raise_descriptors(group.options);
  std::list<Server> servers;
  for (unsigned i = 0; i < group.options.workers; ++i) {
    const int listener = listen_on(group.options.port, i == 0);
    servers.emplace_back(group, listener);
    errno = -io_uring_queue_init(ring_entries, &servers.back().ring, 0);
    if (errno != 0) {
      std::perror("no ring");
      return 1;
    }
    wake_fds.push_back(servers.back().wake_fd);
  }
  std::signal(SIGTERM, stop);
  std::signal(SIGINT, stop);
  std::printf("listening on 127.0.0.1:%d\n", group.options.port);
  std::fflush(stdout);  // it may be a pipe
  {
    std::vector<std::jthread> threads;
    for (auto server = std::next(servers.begin()); server != servers.end(); ++server) {
      threads.emplace_back([server] { server->run(); });
    }
    servers.front().run();
  }
  return status;
}
