// A scope: owns the coroutines that were started in it, can ask all their operations to end, and
// can be awaited until the last of them has. The library's is the same idea, with scopes inside
// scopes. Needs Linux 5.6. Try it: ./47-scope

#include <liburing.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <coroutine>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <list>
#include <span>
#include <string_view>
#include <utility>

namespace {

using namespace std::chrono_literals;

int check(ssize_t result, const char* what) {
  if (result < 0) {
    std::perror(what);
    std::exit(1);
  }
  return static_cast<int>(result);
}

/// For what returns a negative errno instead of -1, as liburing's functions do.
int check_result(int result, const char* what) {
  if (result < 0) errno = -result;
  return check(result, what);
}

io_uring ring;
int in_flight = 0;  // requests of all kinds, those for a cancel included

io_uring_sqe* new_entry(void* user_data) {
  io_uring_sqe* sqe = io_uring_get_sqe(&ring);  // one is free: there are only a few
  io_uring_sqe_set_data(sqe, user_data);
  ++in_flight;
  return sqe;
}

/// A coroutine that belongs to nobody: it begins immediately, and its frame goes when it ends.
struct Detached {
  struct promise_type {
    Detached get_return_object() { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() { std::terminate(); }
  };
};

/// A coroutine that begins when it is awaited. Owns its frame.
struct Task {
  struct promise_type;
  using Handle = std::coroutine_handle<promise_type>;
  struct End : std::suspend_always {
    std::coroutine_handle<> await_suspend(Handle ended) noexcept {
      return ended.promise().awaiting;
    }
  };
  struct promise_type {
    Task get_return_object() { return Task(Handle::from_promise(*this)); }
    std::suspend_always initial_suspend() noexcept { return {}; }
    End final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() { std::terminate(); }
    std::coroutine_handle<> awaiting = std::noop_coroutine();
  };

  explicit Task(Handle its_frame) : frame(its_frame) {}
  Task(Task&& other) noexcept : frame(std::exchange(other.frame, nullptr)) {}
  ~Task() {
    if (frame) frame.destroy();
  }

  bool await_ready() const { return false; }
  Handle await_suspend(std::coroutine_handle<> caller) const {
    frame.promise().awaiting = caller;
    return frame;
  }
  void await_resume() const {}

  Handle frame;
};

struct Operation;

struct Scope {
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

  using Place = std::list<Operation*>::iterator;
  Place add(Operation& operation) { return operations.insert(operations.end(), &operation); }
  void remove(Place place) { operations.erase(place); }

  void cancel() {
    cancelled = true;
    for (Operation* operation : operations) io_uring_prep_cancel(new_entry(nullptr), operation, 0);
  }

  std::list<Operation*> operations;  // those in flight
  bool cancelled = false;
};

struct Operation {
  explicit Operation(Scope& its_scope) : scope(its_scope) {}
  bool await_ready() const { return scope.cancelled; }  // then it ends before it has begun
  int await_resume() const { return result; }

  io_uring_sqe* begin(std::coroutine_handle<> caller) {
    waiting = caller;
    place = scope.add(*this);
    return new_entry(this);
  }
  void complete(int its_result) {
    scope.remove(place);
    result = its_result;
    waiting.resume();
  }

  Scope& scope;
  Scope::Place place;
  std::coroutine_handle<> waiting;
  int result = -ECANCELED;
};

struct Receive : Operation {
  Receive(Scope& its_scope, int from, std::span<char> into)
      : Operation(its_scope), fd(from), bytes(into) {}
  void await_suspend(std::coroutine_handle<> caller) {
    io_uring_prep_recv(begin(caller), fd, bytes.data(), bytes.size(), 0);
  }
  int fd;
  std::span<char> bytes;
};

struct Sleep : Operation {
  Sleep(Scope& its_scope, std::chrono::nanoseconds how_long)
      : Operation(its_scope), time{0, how_long.count()} {}
  void await_suspend(std::coroutine_handle<> caller) {
    io_uring_prep_timeout(begin(caller), &time, 0, 0);
  }
  __kernel_timespec time;
};

struct Client {
  const char* name;
  int ours;
  int theirs;
  void say(std::string_view words) const {
    check(write(theirs, words.data(), words.size()), "write");
  }
};

Client connected(const char* name) {
  int ends[2];
  check(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), "socketpair");
  return {name, ends[0], ends[1]};
}

Task serve(Scope& clients, Client client) {
  char bytes[64];
  int got = 0;
  while ((got = co_await Receive(clients, client.ours, bytes)) > 0) {
    std::printf("%s says \"%.*s\"\n", client.name, got, bytes);
  }
  std::printf("%s: %s\n", client.name, got == 0 ? "has left" : strerrorname_np(-got));
  close(client.ours);
}

Detached serve_three() {
  const Client alice = connected("alice");
  const Client bob = connected("bob");
  const Client carol = connected("carol");
  Scope clients;
  clients.spawn(serve(clients, alice));
  clients.spawn(serve(clients, bob));
  clients.spawn(serve(clients, carol));
  alice.say("hi");
  close(alice.theirs);

  Scope own;
  co_await Sleep(own, 50ms);
  std::printf("cancel, with %d in the scope\n", clients.children);
  carol.say("wait");
  clients.cancel();
  co_await clients.join();
  std::printf("joined, with %d in the scope\n", clients.children);
}

void run() {
  while (in_flight > 0) {
    const int submitted = io_uring_submit_and_wait(&ring, 1);
    if (submitted != -EINTR) check_result(submitted, "io_uring_submit_and_wait");
    io_uring_cqe* cqe;
    while (io_uring_peek_cqe(&ring, &cqe) == 0) {
      auto* operation = static_cast<Operation*>(io_uring_cqe_get_data(cqe));
      const int result = cqe->res;
      io_uring_cqe_seen(&ring, cqe);
      --in_flight;
      if (operation != nullptr) operation->complete(result);  // else the answer to a cancel
    }
  }
}

}  // namespace

int main() {
  check_result(io_uring_queue_init(16, &ring, 0), "io_uring_queue_init");
  serve_three();
  run();
  io_uring_queue_exit(&ring);
}
