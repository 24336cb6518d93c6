// A cancel request names another request by its user_data, and always gets an answer: 0, it is
// cancelled; -ENOENT, it had ended. io_uring_prep_cancel(3); 18-still-writing has a third. Which of
// them comes is a race, so a program must be ready for each: here client and server have an
// appointment, and the cancel is submitted at that time or some microseconds later. None of the
// answers says what became of the read, only the read's own completion does. Needs Linux 5.6.
// Try it: ./08-cancel-race

#include <liburing.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <iterator>
#include <map>
#include <thread>

namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr int tries = 1000;  // for each row
enum UserData : __u64 { the_read, the_cancel };

io_uring ring;
int ours;
int theirs;  // the other end of the connection
char byte;
std::atomic<Clock::time_point> appointment;  // when the client is to write its next byte

int check(ssize_t result, const char* what) {
  if (result < 0) {
    std::perror(what);
    std::exit(1);
  }
  return static_cast<int>(result);
}

/// Checks a call that returns a negative errno instead of -1, as liburing's functions do.
int check_result(int result, const char* what) {
  if (result < 0) errno = -result;
  return check(result, what);
}

void write_byte() { check(write(theirs, "!", 1), "write"); }

/// Moves this thread to the processor of this number, or to the last that it may use.
void move_to_processor(int number) {
  cpu_set_t allowed;
  check(sched_getaffinity(0, sizeof allowed, &allowed), "sched_getaffinity");
  int chosen = 0;
  for (int processor = 0; processor < CPU_SETSIZE && number >= 0; ++processor) {
    if (!CPU_ISSET(processor, &allowed)) continue;
    chosen = processor;
    --number;
  }
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(chosen, &one);
  check(sched_setaffinity(0, sizeof one, &one), "sched_setaffinity");
}

/// A sleep would be too coarse. If there is but one processor, the other thread gets its turn.
void wait_until(Clock::time_point when) {
  while (Clock::now() < when) std::this_thread::yield();
}

/// Runs in a second thread, and writes a byte at each appointment.
void keep_appointments(int times) {
  move_to_processor(1);
  Clock::time_point last{};
  for (int i = 0; i < times; ++i) {
    while (appointment.load() == last) std::this_thread::yield();
    last = appointment;
    wait_until(last);
    write_byte();
  }
}

void submit(io_uring_sqe* sqe, UserData user_data) {
  io_uring_sqe_set_data64(sqe, user_data);
  check_result(io_uring_submit(&ring), "io_uring_submit");
}

void submit_read() {
  io_uring_sqe* sqe = io_uring_get_sqe(&ring);
  io_uring_prep_recv(sqe, ours, &byte, 1, 0);
  submit(sqe, the_read);
}

struct Results {
  int read;
  int cancel;
};

void submit_cancel() {
  io_uring_sqe* sqe = io_uring_get_sqe(&ring);
  io_uring_prep_cancel64(sqe, the_read, 0);
  submit(sqe, the_cancel);
}

/// Waits for both completions, in either order.
Results await_both() {
  int results[2];
  for (int i = 0; i < 2; ++i) {
    io_uring_cqe* cqe = nullptr;
    check_result(io_uring_wait_cqe(&ring, &cqe), "io_uring_wait_cqe");
    results[io_uring_cqe_get_data64(cqe)] = cqe->res;
    io_uring_cqe_seen(&ring, cqe);
  }
  return {results[the_read], results[the_cancel]};
}

template <typename Body>
void run(const char* title, Body submit_first) {
  std::map<int, int> answers{{0, 0}, {-ENOENT, 0}};
  int received = 0;
  int in_socket = 0;
  int lost = 0;
  for (int i = 0; i < tries; ++i) {
    const bool sent = submit_first();
    submit_cancel();
    const Results results = await_both();
    ++answers.at(results.cancel);
    if (!sent) continue;
    if (results.read == 1) {
      ++received;
    } else if (recv(ours, &byte, 1, 0) == 1) {
      ++in_socket;
    } else {
      ++lost;
    }
  }
  std::printf("%-15s %6d %8d %9d %10d %5d\n", title, answers[0], answers[-ENOENT], received,
              in_socket, lost);
}

}  // namespace

int main() {
  int ends[2];
  check(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), "socketpair");
  ours = ends[0];
  theirs = ends[1];
  // For recv(2), not for the ring. A busy machine may be late with the client's thread by seconds,
  // which then misses an appointment, and would be waited for to no end.
  const timeval patience{60, 0};
  check(setsockopt(ours, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience), "setsockopt");
  check_result(io_uring_queue_init(4, &ring, 0), "io_uring_queue_init");
  std::puts("                the cancel says       the byte is");
  std::puts("when                 0  -ENOENT  received  in socket  lost");
  run("before any byte", [] {
    submit_read();
    return false;
  });
  constexpr struct {
    const char* title;
    std::chrono::microseconds later;
  } cancels[] = {{"with the byte", 0us},
                 {"1 us after it", 1us},
                 {"2 us after it", 2us},
                 {"4 us after it", 4us},
                 {"8 us after it", 8us}};
  std::thread client(keep_appointments, tries * static_cast<int>(std::size(cancels)));
  move_to_processor(0);
  for (const auto& cancel : cancels) {
    run(cancel.title, [&] {
      submit_read();
      const auto when = Clock::now() + 100us;
      appointment = when;  // the client, in its thread, writes its byte then
      wait_until(when + cancel.later);
      return true;
    });
  }
  client.join();
  run("long after it", [] {
    write_byte();
    submit_read();
    return true;
  });
  io_uring_queue_exit(&ring);
}
