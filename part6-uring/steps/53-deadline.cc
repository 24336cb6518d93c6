// A deadline that many operations share: when it has passed, the one under way is cancelled, and
// later ones do not begin. A client that gets the time anew with each of its bytes stays for as
// long as it likes; and a loop that looks at the clock before it has collected what has arrived
// turns a client out that was in time. Needs Linux 5.11. Try it: ./53-deadline

#include <liburing.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
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
#include <thread>

namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

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

struct Operation;

/// What 47-scope's scope does with operations, without the children.
struct Canceller {
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

// [deadline]
struct Deadline : Canceller {
  Deadline() { all.push_back(this); }
  ~Deadline() { all.remove(this); }

  void renew() { due = Clock::now() + 250ms; }
  void pass_if_due() {
    if (due <= Clock::now() && !cancelled) cancel();
  }

  Clock::time_point due = Clock::now() + 250ms;
  static inline std::list<Deadline*> all;
};
// [/deadline]

struct Operation {
  explicit Operation(Canceller& its_canceller) : canceller(its_canceller) {}
  bool await_ready() const { return canceller.cancelled; }  // then it ends before it has begun
  int await_resume() const { return result; }

  io_uring_sqe* begin(std::coroutine_handle<> caller) {
    waiting = caller;
    place = canceller.add(*this);
    return new_entry(this);
  }
  void complete(int its_result) {
    canceller.remove(place);
    result = its_result;
    waiting.resume();
  }

  Canceller& canceller;
  Canceller::Place place;
  std::coroutine_handle<> waiting;
  int result = -ECANCELED;
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

struct Sleep : Operation {
  Sleep(Canceller& its_canceller, std::chrono::nanoseconds how_long)
      : Operation(its_canceller), time{0, how_long.count()} {}
  void await_suspend(std::coroutine_handle<> caller) {
    io_uring_prep_timeout(begin(caller), &time, 0, 0);
  }
  __kernel_timespec time;
};

struct Client {
  const char* name;
  int ours;
  int theirs;
  bool say(std::string_view words) const {
    return send(theirs, words.data(), words.size(), MSG_NOSIGNAL) > 0;
  }
};

Client connected(const char* name) {
  int ends[2];
  check(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), "socketpair");
  return {name, ends[0], ends[1]};
}

Canceller never;  // nobody cancels it

// [serve]
Detached serve_in_time(Client client, bool any_byte_renews) {
  Deadline deadline;
  char bytes[64];
  int got = 0;
  int letters = 0;
  while ((got = co_await Receive(deadline, client.ours, bytes)) > 0) {
    letters += got;
    const bool message_is_complete = bytes[got - 1] == '.';
    if (message_is_complete || any_byte_renews) deadline.renew();
  }
  std::printf("  %s: %d letters, %s\n", client.name, letters, got == 0 ? "has left" : "timed out");
  close(client.ours);
}
// [/serve]

/// One letter of a message every tenth of a second, ten in all.
Detached dribble(Client client) {
  for (int i = 0; i < 10; ++i) {
    co_await Sleep(never, 100ms);
    if (!client.say("x")) break;
  }
  close(client.theirs);
}

Detached leave_soon(Client client) {
  co_await Sleep(never, 100ms);
  close(client.theirs);
}

/// Sleeps until something has completed, or the first deadline is due.
void submit_and_wait() {
  auto first = Clock::now() + 1s;
  for (const Deadline* deadline : Deadline::all) {
    if (!deadline->cancelled) first = std::min(first, deadline->due);
  }
  const std::chrono::nanoseconds left = std::max(first - Clock::now(), Clock::duration::zero());
  __kernel_timespec time{left / 1s, (left % 1s).count()};
  io_uring_cqe* cqe;
  const int submitted = io_uring_submit_and_wait_timeout(&ring, &cqe, 1, &time, nullptr);
  if (submitted != -EINTR && submitted != -ETIME)
    check_result(submitted, "io_uring_submit_and_wait_timeout");
}

void complete_all() {
  io_uring_cqe* cqe;
  while (io_uring_peek_cqe(&ring, &cqe) == 0) {
    auto* operation = static_cast<Operation*>(io_uring_cqe_get_data(cqe));
    const int result = cqe->res;
    io_uring_cqe_seen(&ring, cqe);
    --in_flight;
    if (operation != nullptr) operation->complete(result);  // else the answer to a cancel
  }
}

enum Order { clock_first, arrived_first };

// [run]
void pass_what_is_due() {
  for (Deadline* deadline : Deadline::all) deadline->pass_if_due();
}

void run(Order order) {
  while (in_flight > 0) {
    submit_and_wait();
    if (order == clock_first) pass_what_is_due();
    complete_all();
    if (order == arrived_first) pass_what_is_due();
  }
}
// [/run]

void try_mallory(const char* title, bool any_byte_renews) {
  std::puts(title);
  const Client mallory = connected("mallory");
  serve_in_time(mallory, any_byte_renews);
  dribble(mallory);
  run(arrived_first);
}

void try_bob(const char* title, Order order) {
  std::puts(title);
  const Client bob = connected("bob");
  serve_in_time(bob, false);
  check_result(io_uring_submit(&ring), "io_uring_submit");
  bob.say("hi.");
  std::this_thread::sleep_for(300ms);  // as if the process had been stopped
  leave_soon(bob);
  run(order);
}

}  // namespace

int main() {
  check_result(io_uring_queue_init(16, &ring, 0), "io_uring_queue_init");
  try_mallory("broken, any byte renews it", true);
  try_mallory("fixed, only a message does", false);
  try_bob("broken, first the clock, then what has arrived", clock_first);
  try_bob("fixed, first what has arrived, then the clock", arrived_first);
  io_uring_queue_exit(&ring);
}
