// A server with loops, each a thread with a ring, and for each client a coroutine.
// README.md says what to do with it.

#include <liburing.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <linux/sockios.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <coroutine>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <list>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "protocols.h"

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr auto linger_time = 2s;
constexpr auto drain_linger_time = 1s;
constexpr auto accept_pause = 100ms;
constexpr auto longest_wait = 1h;
constexpr auto look = 5ms;  // how often a drain asks what is acknowledged: there is no event for it
constexpr rlim_t own_descriptors = 8;
constexpr rlim_t descriptors_of_a_worker = 4;
constexpr unsigned ring_entries = 256;
constexpr auto never = Clock::time_point::max();

// Of accept: whether the error may be over in a moment. Any other says that the listener is broken.
bool is_transient(int error) {
  constexpr int transient[] = {EMFILE,   ENFILE,      ENOBUFS,   ENOMEM,       EPERM,  EPROTO,
                               ENETDOWN, ENETUNREACH, EHOSTDOWN, EHOSTUNREACH, ENONET, ENOPROTOOPT,
                               EOPNOTSUPP};
  return std::find(std::begin(transient), std::end(transient), error) != std::end(transient);
}

struct Options {
  int port = 5882;
  std::size_t max_connections = 4096;
  std::size_t max_message = 65536;
  unsigned workers = 1;
  std::string_view protocol = "echo";
  Clock::duration read_timeout = 60s;
  Clock::duration drain_timeout = 5s;
};

// An entry of the ring, whose completion says whose it is.
io_uring_sqe* entry_for(io_uring& ring, void* whose) {
  io_uring_sqe* entry = io_uring_get_sqe(&ring);
  if (!entry) {  // the queue is full: this empties it
    io_uring_submit(&ring);
    entry = io_uring_get_sqe(&ring);
  }
  io_uring_sqe_set_data(entry, whose);
  return entry;
}

// A coroutine that belongs to nobody: it begins at once, and its frame goes when it ends.
struct Detached {
  struct promise_type {
    Detached get_return_object() { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() { std::terminate(); }
  };
};

struct Operation;

// Of a coroutine: what it waits in, which can be cancelled.
struct Waiter {
  explicit Waiter(io_uring& its_ring) : ring(its_ring) {}
  void cancel();

  io_uring& ring;
  Operation* in_flight = nullptr;
};

// A request that is awaited. It is part of a coroutine's frame, and stays there until it completes.
struct Operation {
  explicit Operation(Waiter& its_waiter) : waiter(its_waiter) {}
  bool await_ready() const { return false; }
  int await_resume() const { return result; }

  io_uring_sqe* begin(std::coroutine_handle<> caller) {
    coroutine = caller;
    waiter.in_flight = this;
    return entry_for(waiter.ring, this);
  }
  void complete(int its_result) {
    result = its_result;
    waiter.in_flight = nullptr;
    coroutine.resume();
  }

  Waiter& waiter;
  std::coroutine_handle<> coroutine;
  int result = 0;
};

void Waiter::cancel() {
  if (in_flight) {
    io_uring_sqe* const entry = entry_for(ring, nullptr);
    io_uring_prep_cancel(entry, in_flight, 0);
    io_uring_sqe_set_flags(entry, IOSQE_CQE_SKIP_SUCCESS);
  }
}

struct Poll : Operation {
  Poll(Waiter& its_waiter, int its_fd) : Operation(its_waiter), fd(its_fd) {}
  void await_suspend(std::coroutine_handle<> caller) {
    io_uring_prep_poll_add(begin(caller), fd, POLLIN);
  }
  int fd;
};

struct Sleep : Operation {
  Sleep(Waiter& its_waiter, std::chrono::nanoseconds how_long)
      : Operation(its_waiter), time{0, how_long.count()} {}
  void await_suspend(std::coroutine_handle<> caller) {
    io_uring_prep_timeout(begin(caller), &time, 0, 0);
  }
  __kernel_timespec time;
};

struct Server;

// A connection, in the frame of the coroutine that serves it, and in a list of the server's.
struct Client : Waiter {
  Client(Server& its_server, int its_fd);
  Client(const Client&) = delete;
  ~Client();

  int unacknowledged() const;
  bool is_acknowledged() const;
  void received(int result, const char* bytes);
  void taken(int result);
  void linger();
  void set_deadline();

  Server& server;
  int fd;
  std::unique_ptr<Session> session;
  std::string output;  // answers that the kernel has not taken
  std::size_t sent = 0;
  bool finished = false;     // nothing is answered any more: what is owed, and the end
  bool lingers = false;      // our end of the stream is sent
  int not_acknowledged = 0;  // when the deadline was set
  Clock::time_point deadline = never;
  std::list<Client*>::iterator place;
};

struct Receive : Operation {
  Receive(Client& its_client, std::span<char> into)
      : Operation(its_client), client(its_client), bytes(into) {}
  void await_suspend(std::coroutine_handle<> caller) {
    io_uring_prep_recv(begin(caller), client.fd, bytes.data(), bytes.size(), 0);
  }
  Client& client;
  std::span<char> bytes;
};

struct Send : Operation {
  explicit Send(Client& its_client) : Operation(its_client), client(its_client) {}
  void await_suspend(std::coroutine_handle<> caller) {
    io_uring_prep_send(begin(caller), client.fd, &client.output[client.sent],
                       client.output.size() - client.sent, MSG_NOSIGNAL);
  }
  Client& client;
};

// So many bytes are on their way to the client's kernel.
int Client::unacknowledged() const {
  int bytes = 0;
  ioctl(fd, SIOCOUTQ, &bytes);
  return bytes;
}

// Whether the client has acknowledged all, or has gone.
bool Client::is_acknowledged() const {
  std::uint8_t state = 0;  // the first byte of TCP_INFO
  socklen_t size = sizeof state;
  getsockopt(fd, IPPROTO_TCP, TCP_INFO, &state, &size);
  return state == TCP_CLOSE || unacknowledged() == 0;
}

// The end of the stream, an error and a cancel are all the same: nothing more will be answered.
void Client::received(int result, const char* bytes) {
  finished = result <= 0;
  if (finished) {
    return;
  }
  if (session->take({bytes, static_cast<std::size_t>(result)}, output)) {
    set_deadline();
  }
  finished = session->finished;
  if (session->complaint) {
    std::fputs(session->complaint, stderr);
  }
}

void Client::taken(int result) {
  if (result < 0) {
    finished = true;
    sent = output.size();  // what the kernel has, it has
  } else {
    sent += static_cast<std::size_t>(result);
    set_deadline();
  }
  if (sent == output.size()) {
    std::string().swap(output);
    sent = 0;
  }
}

// What the workers share: the limit, and the end.
struct Group {
  bool take_place(const Server& server);
  void give_back_place();
  void report(const char* what);
  void fail(const char* what);

  Options options;
  std::mutex mutex = {};
  std::size_t places = options.max_connections;
  std::vector<int> waiting = {};            // for a place: what wakes them
  Clock::time_point silent_until = {};      // one line a second
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

// 300ms, 10s, 2m or 0.
Clock::duration read_duration(const char* text) {
  char* unit = nullptr;
  const auto number = std::strtol(text, &unit, 10);
  if (number == 0) {
    return Clock::duration::zero();
  }
  return *unit == 's' ? std::chrono::seconds(number)
         : unit[1] == 's' ? Clock::duration(std::chrono::milliseconds(number))
                          : std::chrono::minutes(number);
}

// --port 5882 and the like.
Options read_options(int argc, char** argv) {
  Options options;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string_view name = argv[i];
    if (name == "--port") {
      options.port = std::atoi(argv[i + 1]);
    } else if (name == "--max-connections") {
      options.max_connections = std::strtoul(argv[i + 1], nullptr, 10);
    } else if (name == "--max-message") {
      options.max_message = std::strtoul(argv[i + 1], nullptr, 10);
    } else if (name == "--protocol") {
      options.protocol = argv[i + 1];
    } else if (name == "--workers") {
      options.workers = static_cast<unsigned>(std::atoi(argv[i + 1]));
    } else if (name == "--read-timeout") {
      options.read_timeout = read_duration(argv[i + 1]);
    } else if (name == "--drain-timeout") {
      options.drain_timeout = read_duration(argv[i + 1]);
    } else {
      std::fprintf(stderr, "unknown option %s\n", argv[i]);
      std::exit(2);
    }
  }
  return options;
}

// All that there may be.
void raise_descriptors(const Options& options) {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  const rlim_t own = own_descriptors + descriptors_of_a_worker * options.workers;
  if (limit.rlim_cur < options.max_connections + own) {
    std::fprintf(stderr, "only %ju descriptors, fewer than --max-connections needs\n",
                 std::uintmax_t{limit.rlim_cur});
  }
}

// A listening socket, or the end. Another server's port is not shared: the first of ours asks for
// that only when it has the port.
int listen_on(int& port, bool is_first) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<in_port_t>(port));
  auto* const name = reinterpret_cast<sockaddr*>(&address);
  socklen_t size = sizeof address;
  const int on = 1;
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  setsockopt(listener, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);  // for its connections, too
  if (!is_first) {
    setsockopt(listener, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
  }
  if (bind(listener, name, size) < 0 || listen(listener, SOMAXCONN) < 0 ||
      getsockname(listener, name, &size) < 0) {
    std::perror("cannot listen");
    std::exit(1);
  }
  setsockopt(listener, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
  port = ntohs(address.sin_port);
  return listener;
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
