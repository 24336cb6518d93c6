// Who opens a plan? A process that has owners' credentials registered with its ring opens what they
// may read, and so does an attacker in it. An opener is another process: it is asked for an account
// by number, opens that plan, and passes the descriptor back (SCM_RIGHTS, unix(7)). The price: two
// messages and two changes of process for each plan.
// Try it: ./07-opener

#include <fcntl.h>
#include <liburing.h>
#include <sys/fsuid.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>

namespace {

constexpr const char* plans[] = {"alice/.plan"};  // by the number of the account
constexpr const char* key = "alice/.ssh/key";
constexpr int openings = 20'000;

io_uring ring;
int personality;

int check(int result, const char* what) {
  if (result >= 0) return result;
  std::perror(what);
  std::exit(1);
}

int open_by_ring(const char* path) {
  io_uring_sqe* sqe = io_uring_get_sqe(&ring);
  io_uring_prep_openat(sqe, AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
  sqe->personality = static_cast<__u16>(personality);
  io_uring_cqe* cqe = nullptr;
  check(io_uring_submit_and_wait(&ring, 1), "io_uring_submit_and_wait");
  check(io_uring_wait_cqe(&ring, &cqe), "io_uring_wait_cqe");
  const int file = cqe->res;
  io_uring_cqe_seen(&ring, cqe);
  return file;
}

/// A message with a number, and perhaps a descriptor.
struct Message {
  int number = 0;
  iovec bytes{&number, sizeof number};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  msghdr header{nullptr, 0, &bytes, 1, control, sizeof control, 0};
};

void pass(int socket, int file) {
  Message message;
  message.number = file < 0 ? -errno : 0;
  cmsghdr* const beside = CMSG_FIRSTHDR(&message.header);
  *beside = {.cmsg_len = CMSG_LEN(sizeof file), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
  std::memcpy(CMSG_DATA(beside), &file, sizeof file);
  if (file < 0) message.header.msg_controllen = 0;
  check(static_cast<int>(sendmsg(socket, &message.header, 0)), "sendmsg");
}

/// The opener. It looks at nothing from a client except a number.
[[noreturn]] void be_opener(int socket) {
  std::size_t number = 0;
  while (recv(socket, &number, sizeof number, 0) == sizeof number) {
    errno = EINVAL;
    setfsuid(geteuid());  // with root: the account's owner
    const int file = number < std::size(plans) ? open(plans[number], O_RDONLY | O_CLOEXEC) : -1;
    setfsuid(geteuid());
    pass(socket, file);
    if (file >= 0) close(file);
  }
  _exit(0);
}

int open_by_opener(int socket, std::size_t number) {
  check(static_cast<int>(send(socket, &number, sizeof number, 0)), "send");
  Message message;
  check(static_cast<int>(recvmsg(socket, &message.header, MSG_CMSG_CLOEXEC)), "recvmsg");
  int file = message.number;
  const cmsghdr* const beside = CMSG_FIRSTHDR(&message.header);
  if (beside != nullptr) std::memcpy(&file, CMSG_DATA(beside), sizeof file);
  return file;
}

void show(const char* what, int file) {
  char bytes[32] = {};
  if (file >= 0) check(static_cast<int>(read(file, bytes, sizeof bytes - 1)), "read");
  std::printf("%-31s %s\n", what, file < 0 ? strerrorname_np(-file) : bytes);
  if (file >= 0) close(file);
}

double microseconds(clockid_t clock) {
  timespec time{};
  clock_gettime(clock, &time);
  return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_nsec) / 1e3;
}

/// The processor time that an opening takes, in both processes together.
double cpu_us(clockid_t opener, const std::function<int()>& open_one) {
  const auto spent = [opener] {
    return microseconds(CLOCK_PROCESS_CPUTIME_ID) + microseconds(opener);
  };
  const double begin = spent();
  for (int i = 0; i < openings; ++i) close(check(open_one(), "open"));
  return (spent() - begin) / openings;
}

void compare(int socket, pid_t opener) {
  check(io_uring_queue_init(4, &ring, 0), "io_uring_queue_init");
  personality = check(io_uring_register_personality(&ring), "io_uring_register_personality");
  show("by the ring, alice/.plan:", open_by_ring(plans[0]));
  show("by the ring, alice/.ssh/key:", open_by_ring(key));
  show("by the opener, account 0:", open_by_opener(socket, 0));
  show("by the opener, account 1:", open_by_opener(socket, 1));
  clockid_t clock{};
  check(-clock_getcpuclockid(opener, &clock), "clock_getcpuclockid");
  std::printf("processor time an opening: %.1f us by the ring, %.1f us by the opener\n",
              cpu_us(clock, [] { return open_by_ring(plans[0]); }),
              cpu_us(clock, [socket] { return open_by_opener(socket, 0); }));
}

}  // namespace

int main() {
  char directory[] = "/tmp/07-opener-XXXXXX";
  if (mkdtemp(directory) == nullptr || chdir(directory) < 0) return 1;
  std::filesystem::create_directories("alice/.ssh");
  std::ofstream(plans[0]) << "a plan";
  std::ofstream(key) << "a private key";
  int ends[2];
  check(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), "socketpair");
  const pid_t opener = check(fork(), "fork");
  if (opener == 0) {
    close(ends[0]);
    be_opener(ends[1]);
  }
  close(ends[1]);
  compare(ends[0], opener);
  close(ends[0]);
  waitpid(opener, nullptr, 0);
  std::filesystem::remove_all(directory);
}
