// alice's read is submitted first, bob's completes first: completions come in the order in which
// things happen. A completion carries a result and the user_data of its sqe, so user_data must say
// whose it is. BROKEN: the first completion belongs to the first read. Worse: an sqe whose
// user_data was not set keeps that of the request that used the entry before. Needs Linux 5.6.
// Try it: ./05-who-is-this

#include <fcntl.h>
#include <liburing.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <initializer_list>

namespace {

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

struct Reader {
  const char* name;
  char writes;
  int ends[2];
  char letter;  // the kernel writes it when the read completes, and no sooner
};

Reader readers[] = {{"alice", 'a', {}, {}}, {"bob", 'b', {}, {}}};

io_uring ring;

/// Takes the next completion and returns its user_data.
const Reader* next() {
  io_uring_cqe* cqe;
  check_result(io_uring_wait_cqe(&ring, &cqe), "io_uring_wait_cqe");
  check_result(cqe->res, "completion");
  const void* user_data = io_uring_cqe_get_data(cqe);
  io_uring_cqe_seen(&ring, cqe);
  return static_cast<const Reader*>(user_data);
}

void two_reads(const char* form, bool by_user_data) {
  auto& [alice, bob] = readers;
  for (Reader* reader : {&alice, &bob}) {
    check(pipe2(reader->ends, O_CLOEXEC), "pipe2");
    reader->letter = '-';
    io_uring_sqe* sqe = io_uring_get_sqe(&ring);
    io_uring_prep_read(sqe, reader->ends[0], &reader->letter, 1, 0);
    io_uring_sqe_set_data(sqe, by_user_data ? reader : nullptr);
  }
  check_result(io_uring_submit(&ring), "io_uring_submit");

  std::printf("%-21s", form);
  // [in-order]
  const Reader* in_order = &alice;
  for (const Reader* writer : {&bob, &alice}) {
    check(write(writer->ends[1], &writer->writes, 1), "write");
    const Reader* completed = next();
    if (!by_user_data) completed = in_order++;
    std::printf("  %s has '%c'", completed->name, completed->letter);
  }
  // [/in-order]
  std::puts("");
  for (const Reader& reader : readers) {
    close(reader.ends[0]);
    close(reader.ends[1]);
  }
}

}  // namespace

int main() {
  check_result(io_uring_queue_init(2, &ring, 0), "io_uring_queue_init");
  two_reads("broken, in order:", false);
  two_reads("fixed, by user_data:", true);

  io_uring_prep_nop(io_uring_get_sqe(&ring));  // does not touch user_data
  check_result(io_uring_submit(&ring), "io_uring_submit");
  std::printf("untagged NOP:          its completion carries %s\n", next()->name);
  io_uring_queue_exit(&ring);
}
