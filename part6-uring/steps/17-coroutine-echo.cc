// Chapter 2's conversation as a coroutine, one for each client, in one thread: where it waited, it
// stops, and the loop goes on. Receives and sends have a limit of --read-timeout each: when that is
// over, they are cancelled. Needs Linux 5.19.
// Try it: ./17-coroutine-echo 5882   and   printf '\2\0\0\0hi' | ncat 127.0.0.1 5882 | xxd

#include <liburing.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
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
#include <map>
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

io_uring ring;
int permits = -1;  // an eventfd that counts: a read takes a permit, and a write gives one back

io_uring_sqe* free_sqe() {
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

/// A request that is awaited. It is part of the coroutine's frame, and its address is the
/// user_data.
struct Operation {
  bool await_ready() const { return false; }   // it has not been submitted
  int await_resume() const { return result; }  // the value of co_await

  io_uring_sqe* begin(std::coroutine_handle<> caller) {
    waiting = caller;
    io_uring_sqe* sqe = free_sqe();
    io_uring_sqe_set_data(sqe, this);
    return sqe;
  }
  void complete(int its_result) {
    result = its_result;
    waiting.resume();  // may destroy this
  }

  std::coroutine_handle<> waiting;
  int result = 0;
};

struct Accept : Operation {
  explicit Accept(int from) : listener(from) {}
  void await_suspend(std::coroutine_handle<> caller) {
    io_uring_prep_accept(begin(caller), listener, nullptr, nullptr, SOCK_CLOEXEC);
  }
  int listener;
};

struct Sleep : Operation {
  explicit Sleep(std::chrono::nanoseconds how_long) : time{0, how_long.count()} {}
  void await_suspend(std::coroutine_handle<> caller) {
    io_uring_prep_timeout(begin(caller), &time, 0, 0);
  }
  __kernel_timespec time;
};

/// Takes a permit, when there is one.
struct TakePermit : Operation {
  void await_suspend(std::coroutine_handle<> caller) {
    io_uring_prep_read(begin(caller), permits, &one, sizeof one, 0);
  }
  eventfd_t one = 0;
};

/// An operation that is cancelled when it has not completed in time.
struct Limited : Operation {
  explicit Limited(milliseconds its_limit) : limit(its_limit) {}
  io_uring_sqe* begin(std::coroutine_handle<> caller) {
    place = by_time.emplace(Clock::now() + limit, this);
    return Operation::begin(caller);
  }
  int await_resume() const {
    by_time.erase(place);
    return result;
  }

  static inline std::multimap<Clock::time_point, Limited*> by_time;  // the earliest first
  std::multimap<Clock::time_point, Limited*>::iterator place;
  milliseconds limit;
};

struct Receive : Limited {
  Receive(int from, std::span<char> into, milliseconds its_limit = patience)
      : Limited(its_limit), fd(from), bytes(into) {}
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

void cancel(Limited& operation) {
  io_uring_sqe* sqe = free_sqe();
  io_uring_prep_cancel(sqe, &operation, 0);
  io_uring_sqe_set_flags(sqe, IOSQE_CQE_SKIP_SUCCESS);
  io_uring_sqe_set_data(sqe, nullptr);  // even a cancel that is too late has a completion
}

Detached cancel_what_is_late() {
  while (true) {
    co_await Sleep(50ms);
    for (const auto& [due, operation] : Limited::by_time) {
      if (due > Clock::now()) break;
      cancel(*operation);
    }
  }
}

// The length in the first four bytes, lowest byte first.
std::uint32_t length_in(const char* header) {
  const auto byte = [header](int i) { return static_cast<std::uint32_t>(header[i]) & 0xff; };
  return byte(0) | byte(1) << 8 | byte(2) << 16 | byte(3) << 24;
}

struct Send : Limited {
  Send(int to, std::string_view what) : Limited(patience), fd(to), bytes(what) {}
  void await_suspend(std::coroutine_handle<> caller) {
    const int flags = MSG_WAITALL | MSG_NOSIGNAL;
    io_uring_prep_send(begin(caller), fd, bytes.data(), bytes.size(), flags);
  }
  int fd;
  std::string_view bytes;
};

Task receive_all(int client, std::span<char> room) {
  while (!room.empty()) {
    const int got = co_await Receive(client, room);
    if (got <= 0) co_return false;  // the end, an error, or cancelled
    room = room.subspan(static_cast<std::size_t>(got));
  }
  co_return true;
}

Task serve(int client) {
  while (true) {
    char header[4];
    if (!co_await receive_all(client, header)) co_return false;
    const std::size_t size = length_in(header);
    if (size > 65536) co_return false;
    std::string message(header, 4);
    while (message.size() < 4 + size) {  // in pieces: an announcement gets no memory
      const std::size_t received = message.size();
      message.resize(std::min(4 + size, received + 4096));
      if (!co_await receive_all(client, std::span(message).subspan(received))) co_return false;
    }
    if (co_await Send(client, message) < static_cast<int>(4 + size)) co_return false;
  }
}

Task hang_up(int client) {
  char discarded[1024];
  const auto give_up = Clock::now() + 2s;
  int got = 1;
  if (shutdown(client, SHUT_WR) == 0) {
    while (got > 0 && Clock::now() < give_up) got = co_await Receive(client, discarded, 2s);
  }
  close(client);
  co_return true;
}

Detached serve_client(int client) {
  co_await serve(client);
  co_await hang_up(client);
  eventfd_write(permits, 1);
}

Detached accept_all(int listener) {
  while (true) {
    co_await TakePermit();
    const int client = co_await Accept(listener);
    if (client >= 0) {
      serve_client(client);
    } else {
      eventfd_write(permits, 1);
      co_await Sleep(100ms);  // perhaps no descriptor is free, and a retry would fail again
    }
  }
}

void run() {
  while (true) {
    const int submitted = io_uring_submit_and_wait(&ring, 1);
    if (submitted != -EINTR) check_result(submitted, "io_uring_submit_and_wait");
    io_uring_cqe* cqe;
    while (io_uring_peek_cqe(&ring, &cqe) == 0) {
      auto* operation = static_cast<Operation*>(io_uring_cqe_get_data(cqe));
      const int result = cqe->res;
      io_uring_cqe_seen(&ring, cqe);       // from here on the kernel may overwrite it
      if (operation == nullptr) continue;  // a cancel that came too late
      operation->complete(result);
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

int main(int argc, char** argv) {
  const std::span words(argv, static_cast<std::size_t>(argc));
  for (const int asked : {SIGTERM, SIGINT}) std::signal(asked, [](int) { _exit(0); });
  patience = milliseconds(option(words, "--read-timeout", 60'000));
  const unsigned long clients_max = option(words, "--max-connections", 4096);
  raise_descriptor_limit(clients_max);
  permits =
      check(eventfd(static_cast<unsigned>(clients_max), EFD_SEMAPHORE | EFD_CLOEXEC), "eventfd");
  check_result(io_uring_queue_init(256, &ring, 0), "io_uring_queue_init");
  accept_all(listen_on(argc > 1 ? argv[1] : "0"));
  cancel_what_is_late();
  run();
}
