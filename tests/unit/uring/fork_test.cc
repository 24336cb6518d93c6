// The parts of a ring that a child process keeps if it doesn't call exec(3): README, "Processes".

#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>

#include "fixture.h"

namespace {

using namespace tests;
using common::Fd;

enum class Child { keeps_its_descriptors, closes_them };

/// A process that acts like the child of a fork, and then waits to be killed.
class Process {
 public:
  explicit Process(Child child) {
    int ends[2];
    EXPECT_EQ(::pipe(ends), 0);
    const Fd told(ends[0]);
    Fd tell(ends[1]);
    id_ = ::fork();
    if (id_ == 0) be(child, ends[1]);
    tell = Fd();
    char byte = 0;
    EXPECT_EQ(::read(told.get(), &byte, 1), 1);
  }
  ~Process() {
    ::kill(id_, SIGKILL);
    ::waitpid(id_, nullptr, 0);
  }

 private:
  [[noreturn]] static void be(Child child, int tell) {
    if (child == Child::closes_them) {
      ::dup2(tell, 0);
      ::close_range(1, ~0U, 0);
      tell = 0;
    }
    (void)!::write(tell, "x", 1);
    while (true) ::pause();
  }

  pid_t id_;
};

/// The kernel ends a ring in a thread of its own, some time after its last descriptor was closed.
constexpr std::chrono::milliseconds patience = 10s;

bool sees_the_end(const Fd& client, std::chrono::milliseconds wait) {
  pollfd end{.fd = client.get(), .events = POLLIN, .revents = 0};
  return ::poll(&end, 1, static_cast<int>(wait.count())) == 1;
}

/// Returns true if a client sees that its connection, which was only in the ring's own table, was
/// closed, although we forked a child.
bool sees_the_end_beside(Child child) {
  auto loop = tests::make_loop();
  auto ends = tests::unix_connection();
  const int number = ends.server.get();
  EXPECT_EQ(io_uring_register_files(&loop->ring().raw(), &number, 1), 0);
  ends.server = Fd();
  const Process process(child);
  loop.reset();
  return sees_the_end(ends.client, child == Child::closes_them ? patience : 200ms);
}

// The child has the ring's descriptor. If it closes that, the memory of the queues could still keep
// the ring, if the child had it, and the ring would keep the table.
TEST(UringFork, AChildThatClosesItsDescriptorsKeepsNoneOfTheRingsTable) {
  EXPECT_FALSE(sees_the_end_beside(Child::keeps_its_descriptors));
  EXPECT_TRUE(sees_the_end_beside(Child::closes_them));
}

}  // namespace
