// The coroutine server of 17-coroutine-echo with chapter 8's limits. A scope owns coroutines, and a
// deadline is shared by all operations of a message; both cancel what is in flight, and what would
// begin later. A stop is a read of a signal: then every client gets what it is owed. Needs
// Linux 5.11. Try it: ./21-scope-and-deadline 5882 --read-timeout 5s   and in another terminal
//   printf '\2\0\0\0hi' | ncat 127.0.0.1 5882 | xxd

#include <liburing.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <coroutine>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <list>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

milliseconds patience = 60s;  // with a client, for what it sends or takes next

int check(int result, const char* what) {
  if (result < 0) {
    std::perror(what);
    std::exit(1);
  }
  return result;
}

/// Checks a call that returns a negative errno instead of -1, as liburing's functions do.
int check_result(int result, const char* what) {
  if (result < 0) errno = -result;
  return check(result, what);
}

int listen_on(const char* port) {
  const int listener = check(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(std::strtoul(port, nullptr, 10)));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  auto* const name = reinterpret_cast<sockaddr*>(&address);
  socklen_t size = sizeof address;
  const int on = 1;
  check(setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on), "setsockopt");
  check(setsockopt(listener, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on), "setsockopt");
  check(bind(listener, name, size), "bind");
  check(listen(listener, SOMAXCONN), "listen");
  check(getsockname(listener, name, &size), "getsockname");
  std::printf("listening on 127.0.0.1:%d\n", ntohs(address.sin_port));
  std::fflush(stdout);
  return listener;
}

std::uint32_t payload_bytes_max = 65536;
io_uring ring;
int in_flight = 0;  // requests of all kinds, those for a cancel included
int permits = -1;   // an eventfd that counts: a read takes a permit, and a write gives one back
milliseconds drain_patience = 5s;  // with the clients, in a stop
bool stopping = false;

io_uring_sqe* free_sqe() {
  ++in_flight;
  io_uring_sqe* sqe = io_uring_get_sqe(&ring);
  if (sqe != nullptr) return sqe;
  check_result(io_uring_submit(&ring), "io_uring_submit");  // the queue is full: this empties it
  return io_uring_get_sqe(&ring);
}

/// A coroutine that nobody owns. It begins immediately, and its frame is freed at its end.
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

/// Ends the operations that name it: those in flight, and those that would begin later.
struct Canceller {
  void cancel() {
    cancelled = true;
    for (Operation* operation : operations) {
      io_uring_sqe* sqe = free_sqe();
      io_uring_prep_cancel(sqe, operation, 0);
      io_uring_sqe_set_data(sqe, nullptr);  // nobody waits for its answer
    }
  }

  std::list<Operation*> operations;  // those in flight
  bool cancelled = false;
};

Canceller never;  // for what nothing ends

/// A request that is awaited. It is part of the coroutine's frame, and its address is the
/// user_data.
struct Operation {
  explicit Operation(Canceller& its_canceller) : canceller(its_canceller) {}
  bool await_ready() const { return canceller.cancelled; }  // then it ends without beginning
  int await_resume() const { return result; }               // the value of co_await

  io_uring_sqe* begin(std::coroutine_handle<> caller) {
    waiting = caller;
    place = canceller.operations.insert(canceller.operations.end(), this);
    io_uring_sqe* sqe = free_sqe();
    io_uring_sqe_set_data(sqe, this);
    return sqe;
  }
  void complete(int its_result) {
    canceller.operations.erase(place);
    result = its_result;
    waiting.resume();  // may destroy this
  }

  Canceller& canceller;
  std::list<Operation*>::iterator place;
  std::coroutine_handle<> waiting;
  int result = -ECANCELED;
};

struct Accept : Operation {
  Accept(Canceller& its_canceller, int from) : Operation(its_canceller), listener(from) {}
  void await_suspend(std::coroutine_handle<> caller) {
    io_uring_prep_accept(begin(caller), listener, nullptr, nullptr, SOCK_CLOEXEC);
  }
  int listener;
};

struct Sleep : Operation {
  Sleep(Canceller& its_canceller, std::chrono::nanoseconds how_long)
      : Operation(its_canceller), time{0, how_long.count()} {}
  void await_suspend(std::coroutine_handle<> caller) {
    io_uring_prep_timeout(begin(caller), &time, 0, 0);
  }
  __kernel_timespec time;
};

struct Read : Operation {
  Read(Canceller& its_canceller, int from, std::span<char> into)
      : Operation(its_canceller), fd(from), bytes(into) {}
  void await_suspend(std::coroutine_handle<> caller) {
    io_uring_prep_read(begin(caller), fd, bytes.data(), static_cast<unsigned>(bytes.size()), 0);
  }
  int fd;
  std::span<char> bytes;
};

/// Cancels when its time has passed.
struct Deadline : Canceller {
  explicit Deadline(milliseconds from_now)
      : place(by_time.emplace(Clock::now() + from_now, this)) {}
  Deadline(const Deadline&) = delete;
  ~Deadline() { by_time.erase(place); }

  void set(milliseconds from_now) {
    by_time.erase(place);
    place = by_time.emplace(Clock::now() + from_now, this);
    cancelled = false;
  }

  static inline std::multimap<Clock::time_point, Deadline*> by_time;  // the earliest first
  std::multimap<Clock::time_point, Deadline*>::iterator place;
};

struct Receive : Operation {
  Receive(Canceller& its_canceller, int from, std::span<char> into)
      : Operation(its_canceller), fd(from), bytes(into) {}
  void await_suspend(std::coroutine_handle<> caller) {
    io_uring_prep_recv(begin(caller), fd, bytes.data(), bytes.size(), 0);
  }
  int fd;
  std::span<char> bytes;
};

/// A coroutine that returns a bool. Owns its frame.
struct [[nodiscard]] Task {
  struct promise_type;
  using Handle = std::coroutine_handle<promise_type>;
  struct End : std::suspend_always {
    std::coroutine_handle<> await_suspend(Handle ended) noexcept { return ended.promise().waiting; }
  };
  struct promise_type {
    Task get_return_object() { return Task(Handle::from_promise(*this)); }
    std::suspend_always initial_suspend() noexcept { return {}; }
    End final_suspend() noexcept { return {}; }
    void return_value(bool value) { result = value; }
    void unhandled_exception() { std::terminate(); }
    std::coroutine_handle<> waiting = std::noop_coroutine();  // resuming it does nothing
    bool result = false;
  };

  explicit Task(Handle its_frame) : frame(its_frame) {}
  Task(Task&& other) noexcept : frame(std::exchange(other.frame, nullptr)) {}
  ~Task() {
    if (frame) frame.destroy();
  }

  bool await_ready() const { return false; }
  Handle await_suspend(std::coroutine_handle<> caller) const {
    frame.promise().waiting = caller;
    return frame;
  }
  bool await_resume() const { return frame.promise().result; }

  Handle frame;
};

// The bytes sent that the client's kernel has not acknowledged yet.
int unacknowledged_bytes(int client) {
  tcp_info info{};
  socklen_t size = sizeof info;
  check(getsockopt(client, IPPROTO_TCP, TCP_INFO, &info, &size), "TCP_INFO");
  // After a reset nothing more is acknowledged, so SIOCOUTQ keeps its last value forever.
  if (info.tcpi_state == TCP_CLOSE) return 0;
  int bytes = 0;
  check(ioctl(client, SIOCOUTQ, &bytes), "SIOCOUTQ");
  return bytes;
}

// The length in the first four bytes, lowest byte first.
std::uint32_t length_in(const char* header) {
  const auto byte = [header](int i) { return static_cast<std::uint32_t>(header[i]) & 0xff; };
  return byte(0) | byte(1) << 8 | byte(2) << 16 | byte(3) << 24;
}

struct Send : Operation {
  Send(Canceller& its_canceller, int to, std::string_view what)
      : Operation(its_canceller), fd(to), bytes(what) {}
  void await_suspend(std::coroutine_handle<> caller) {
    io_uring_prep_send(begin(caller), fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  }
  int fd;
  std::string_view bytes;
};

struct Client {
  explicit Client(int its_fd) : fd(its_fd) { here.insert(this); }
  Client(const Client&) = delete;
  ~Client() { here.erase(this); }

  static inline std::set<Client*> here;
  int fd;
  Deadline deadline{patience};
};

Task receive_all(Client& client, std::span<char> room) {
  while (!room.empty()) {
    ssize_t got = co_await Receive(client.deadline, client.fd, room);
    if (got == -ECANCELED) got = recv(client.fd, room.data(), room.size(), MSG_DONTWAIT);
    if (got <= 0) co_return false;  // the end, an error, or cancelled
    room = room.subspan(static_cast<std::size_t>(got));
  }
  co_return true;
}

Task send_all(Client& client, std::string_view rest) {
  Deadline answer(patience);
  while (!rest.empty()) {
    answer.set(patience);
    const int before = unacknowledged_bytes(client.fd);
    const int sent = co_await Send(answer, client.fd, rest);
    if (sent > 0) rest.remove_prefix(static_cast<std::size_t>(sent));
    const bool still_takes = sent == -ECANCELED && unacknowledged_bytes(client.fd) < before;
    if (sent < 0 && !still_takes) co_return false;
  }
  co_return true;
}

Task serve(Client& client) {
  while (true) {
    if (!stopping) client.deadline.set(patience);
    char header[4];
    if (!co_await receive_all(client, header)) co_return false;
    const std::size_t size = length_in(header);
    if (size > payload_bytes_max) co_return false;
    std::string message(header, 4);
    while (message.size() < 4 + size) {  // in pieces: an announcement gets no memory
      const std::size_t received = message.size();
      message.resize(std::min(4 + size, received + 4096));
      if (!co_await receive_all(client, std::span(message).subspan(received))) co_return false;
    }
    if (!co_await send_all(client, message)) co_return false;
  }
}

Task discard(Client& client) {
  char discarded[4096];
  client.deadline.set(2s);
  while (co_await Receive(client.deadline, client.fd, discarded) > 0) {
  }
  co_return true;
}

Task wait_until_acknowledged(Client& client) {
  static char discarded[65536];  // nobody reads it
  while (unacknowledged_bytes(client.fd) > 0) {
    recv(client.fd, discarded, sizeof discarded, MSG_DONTWAIT);
    co_await Sleep(never, 5ms);
  }
  co_return true;
}

Task hang_up(Client& client) {
  if (shutdown(client.fd, SHUT_WR) == 0 && !stopping) co_await discard(client);
  if (stopping) co_await wait_until_acknowledged(client);  // a stop may begin while it lingers
  close(client.fd);
  co_return true;
}

/// Owns coroutines: no child outlives it.
struct Scope : Canceller {
  ~Scope() {
    if (children > 0) std::terminate();
  }

  void spawn(Task child) {
    ++children;
    look_after(std::move(child));
  }

  struct Join {
    bool await_ready() const { return scope.children == 0; }
    void await_suspend(std::coroutine_handle<> caller) { scope.joining = caller; }
    void await_resume() const {}
    Scope& scope;
  };
  Join join() { return {*this}; }

  Detached look_after(Task child) {
    {
      const Task running = std::move(child);
      co_await running;
    }  // its frame goes before anybody is told
    if (--children == 0) joining.resume();
  }

  int children = 0;
  std::coroutine_handle<> joining = std::noop_coroutine();
};

Task serve_client(int fd) {
  Client client(fd);
  co_await serve(client);
  co_await hang_up(client);
  eventfd_write(permits, 1);
  co_return true;
}

Task accept_all(Scope& tasks, Scope& clients, int listener) {
  char permit[8];
  while (co_await Read(tasks, permits, permit) > 0) {
    const int client = co_await Accept(tasks, listener);
    if (client >= 0) {
      clients.spawn(serve_client(client));
    } else {
      eventfd_write(permits, 1);
      co_await Sleep(tasks, 100ms);  // perhaps no descriptor is free, and a retry would fail again
    }
  }
  co_return true;
}

/// A second signal, or the end of the time for a stop, leaves behind the clients that are still
/// here.
Task give_up(Deadline& end, int signals) {
  char signal[sizeof(signalfd_siginfo)];
  const auto same_stop = Clock::now() + 100ms;  // signals until then are one: timeout(1) sends two
  do {
    co_await Read(end, signals, signal);
  } while (!end.cancelled && Clock::now() < same_stop);
  if (!Client::here.empty()) std::exit(0);
  co_return true;
}

Detached serve_until_stopped(int listener, int signals) {
  Scope tasks;
  Scope clients;
  tasks.spawn(accept_all(tasks, clients, listener));
  char signal[sizeof(signalfd_siginfo)];
  co_await Read(never, signals, signal);
  stopping = true;

  tasks.cancel();
  co_await tasks.join();  // its accept may have brought one more client
  close(listener);
  for (Client* client : Client::here) client->deadline.cancel();
  Deadline end(drain_patience);
  Scope last;
  last.spawn(give_up(end, signals));
  co_await clients.join();
  end.cancel();
  co_await last.join();
}

/// Sleeps until something has completed, or the first deadline is due.
void submit_and_wait() {
  auto first = Clock::now() + 1h;
  for (const auto& [due, deadline] : Deadline::by_time) {
    if (due >= first) break;
    if (!deadline->cancelled) first = due;
  }
  const std::chrono::nanoseconds left = std::max(first - Clock::now(), Clock::duration::zero());
  __kernel_timespec time{left / 1s, (left % 1s).count()};
  io_uring_cqe* cqe;
  const int submitted = io_uring_submit_and_wait_timeout(&ring, &cqe, 1, &time, nullptr);
  if (submitted != -EINTR && submitted != -ETIME) check_result(submitted, "io_uring_enter");
}

void run() {
  while (in_flight > 0) {
    submit_and_wait();
    io_uring_cqe* cqe;
    while (io_uring_peek_cqe(&ring, &cqe) == 0) {
      auto* operation = static_cast<Operation*>(io_uring_cqe_get_data(cqe));
      const int result = cqe->res;
      io_uring_cqe_seen(&ring, cqe);  // from here on the kernel may overwrite it
      --in_flight;
      if (operation != nullptr) operation->complete(result);  // else the answer to a cancel
    }
    const auto now = Clock::now();
    for (const auto& [due, deadline] : Deadline::by_time) {
      if (due > now) break;
      deadline->cancel();
    }
  }
}

// The value after a name on the command line, such as 100 after --max-connections. A time comes
// back in milliseconds, be it 300ms, 60s or 5m.
unsigned long option(std::span<char*> words, std::string_view name, unsigned long otherwise) {
  for (std::size_t i = 1; i + 1 < words.size(); ++i) {
    if (words[i] != name) continue;
    char* rest = nullptr;
    const unsigned long number = std::strtoul(words[i + 1], &rest, 10);
    const std::string_view unit = rest;
    return unit == "s" ? number * 1000 : unit == "m" ? number * 60'000 : number;
  }
  return otherwise;
}

// A shell allows 1,024 descriptors at first, and each client needs one.
void raise_descriptor_limit(unsigned long clients_max) {
  rlimit limit{};
  check(getrlimit(RLIMIT_NOFILE, &limit), "getrlimit");
  limit.rlim_cur = limit.rlim_max;
  check(setrlimit(RLIMIT_NOFILE, &limit), "setrlimit");
  if (limit.rlim_max >= clients_max + 16) return;  // the others are our own
  std::fprintf(stderr, "%ju descriptors are too few for --max-connections %lu\n",
               std::uintmax_t{limit.rlim_max}, clients_max);
}

int block_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int asked : {SIGTERM, SIGINT}) sigaddset(&set, asked);
  check(sigprocmask(SIG_BLOCK, &set, nullptr), "sigprocmask");
  return check(signalfd(-1, &set, SFD_CLOEXEC), "signalfd");
}

int main(int argc, char** argv) {
  const std::span words(argv, static_cast<std::size_t>(argc));
  patience = milliseconds(option(words, "--read-timeout", 60'000));
  if (patience == 0ms) patience = std::chrono::years(1);  // 0: no limit
  payload_bytes_max = static_cast<std::uint32_t>(option(words, "--max-message", 65536));
  drain_patience = milliseconds(option(words, "--drain-timeout", 5'000));
  const unsigned long clients_max = option(words, "--max-connections", 4096);
  raise_descriptor_limit(clients_max);
  permits =
      check(eventfd(static_cast<unsigned>(clients_max), EFD_SEMAPHORE | EFD_CLOEXEC), "eventfd");
  check_result(io_uring_queue_init(256, &ring, 0), "io_uring_queue_init");
  const int signals = block_signals();
  serve_until_stopped(listen_on(argc > 1 ? argv[1] : "0"), signals);
  run();
}
