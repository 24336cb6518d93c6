// Loaded into the daemon with LD_PRELOAD. With the first client, it tries what an attacker would
// who controls the thread that talks to clients, and prints each result on standard error.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <liburing.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

static __thread struct io_uring* ring;  // the daemon's, known since the daemon last waited for it

// A ring from before the daemon gives its rights up, which an attacker doesn't have. It can make
// requests that the filter of system calls would refuse, so that only Landlock decides.
static __thread struct io_uring own_ring;
static __thread int tcp_socket;
static __thread int unix_socket;
static __thread int unix_pair[2];
static __thread int event;

// We don't use dprintf(3), which first asks for the file's position, by a call that isn't
// permitted.
__attribute__((format(printf, 1, 2))) static void say(const char* format, ...) {
  char line[100];
  va_list arguments;
  va_start(arguments, format);
  const int size = vsnprintf(line, sizeof line, format, arguments);
  va_end(arguments);
  if (write(STDERR_FILENO, line, (size_t)size) < 0) _exit(1);
}

static void report(const char* what, int result) {
  say("intruder %s %s\n", what, result < 0 ? strerrorname_np(errno) : "done");
}

// Sends a byte by the daemon's own ring, without a completion, because the daemon wouldn't know it.
static void send_by_ring(int to, unsigned short credentials) {
  int (*const submit)(struct io_uring*) = dlsym(RTLD_DEFAULT, "io_uring_submit");
  struct io_uring_sqe* const entry = io_uring_get_sqe(ring);
  io_uring_prep_send(entry, to, "!", 1, 0);
  entry->personality = credentials;
  entry->flags |= IOSQE_CQE_SKIP_SUCCESS;
  submit(ring);
}

static void report_sender(int from) {
  char byte;
  struct iovec bytes = {.iov_base = &byte, .iov_len = 1};
  char control[CMSG_SPACE(sizeof(struct ucred))];
  struct msghdr message = {.msg_iov = &bytes, .msg_iovlen = 1};
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  struct io_uring_cqe* completion;
  io_uring_prep_recvmsg(io_uring_get_sqe(&own_ring), from, &message, MSG_DONTWAIT);
  if (io_uring_submit(&own_ring) != 1 || io_uring_wait_cqe(&own_ring, &completion) < 0) return;
  const int result = completion->res;
  io_uring_cqe_seen(&own_ring, completion);
  if (result < 0) return;
  struct ucred sender;
  memcpy(&sender, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof sender);
  say("intruder speaks-as %u:%u\n", sender.uid, sender.gid);
}

// Tries to be somebody else to a Unix socket that asks who the sender is, such as systemd's or the
// journal's, with this many of the credentials that are registered with the ring.
static void try_to_speak_as_others(unsigned short count) {
  for (unsigned short number = 1; number <= count; ++number) {
    send_by_ring(unix_pair[0], number);
    report_sender(unix_pair[1]);
  }
}

// Makes reads by the daemon's own ring until each has an io worker. The kernel retries a read that
// was woken for nothing 128 times before it does that. None has a completion before the daemon
// ends.
static void make_kernel_threads(unsigned count) {
  int (*const submit)(struct io_uring*) = dlsym(RTLD_DEFAULT, "io_uring_submit");
  static uint64_t never;
  for (unsigned i = 0; i < count; ++i) {
    struct io_uring_sqe* const entry = io_uring_get_sqe(ring);
    io_uring_prep_read(entry, event, &never, sizeof never, 0);
    entry->flags |= IOSQE_ASYNC;
    submit(ring);
  }
  for (unsigned i = 0; i < 600; ++i) {
    eventfd_write(event, 0);
    poll(NULL, 0, 1);  // usleep(3) is refused
    // In each call, Linux 6.18 looks at twenty of the woken reads.
    for (unsigned j = 0; j <= count / 20; ++j) {
      io_uring_enter(ring->ring_fd, 0, 0, IORING_ENTER_GETEVENTS, NULL);
    }
  }
  say("intruder makes-threads done\n");
}

static int connect_by_own_ring(int from, const void* address, unsigned size) {
  struct io_uring_cqe* completion;
  io_uring_prep_connect(io_uring_get_sqe(&own_ring), from, address, size);
  if (io_uring_submit(&own_ring) != 1 || io_uring_wait_cqe(&own_ring, &completion) < 0) return -1;
  const int result = completion->res;
  io_uring_cqe_seen(&own_ring, completion);
  errno = -result;
  return result;
}

// Connects to a Unix socket without a file, whose process has nothing to do with the daemon.
static void try_abstract_socket(void) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  const char* const name = getenv("INTRUDER_ABSTRACT");
  strcpy(address.sun_path + 1, name);
  const unsigned size = (unsigned)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(name));
  report("connects-abstract", connect_by_own_ring(unix_socket, &address, size));
}

// Maps System V memory, which can be executable even if mmap(2) may not make it so.
static int make_shared_code(void) {
  const int memory = shmget(IPC_PRIVATE, 4096, IPC_CREAT | 0700);
  if (memory < 0) return -1;
  void* const code = shmat(memory, NULL, SHM_EXEC);
  shmctl(memory, IPC_RMID, NULL);
  return code == (void*)-1 ? -1 : 0;
}

// Makes a process that would outlive the daemon.
static int make_process(int flags) {
  const long made = syscall(SYS_clone, flags | SIGCHLD, 0, 0, 0, 0);
  if (made == 0) _exit(0);
  return (int)made;
}

// Makes calls with arguments that are useless to all of them, including numbers that no kernel has
// yet, because a later kernel's calls must be refused, too. Leaves out the numbers in `permitted`,
// each of which has a comma on both sides.
static void try_every_number(const char* permitted, long count) {
  for (long number = 0; number < count; ++number) {
    char word[32];
    snprintf(word, sizeof word, ",%ld,", number);
    if (strstr(permitted, word)) continue;
    if (syscall(number, -1, -1, -1, -1, -1, -1) != -1 || errno != EPERM) {
      say("intruder passes %ld\n", number);
    }
  }
  say("intruder tried %ld\n", count);
}

// Calls getpid(2) by the numbers of other kinds of programs that this processor runs.
static void try_other_numbers(const char* whose) {
#ifdef __x86_64__
  long result = 20;
  if (strcmp(whose, "i386") == 0) {
    __asm__ volatile("int $0x80" : "+a"(result) : : "memory", "r8", "r9", "r10", "r11");
  } else {
    result = syscall(0x40000000 | SYS_getpid);
  }
  say("intruder lives on as %s: %ld\n", whose, result);
#endif
}

// Writes over the log's text by the daemon's ring. That ends the process, because its loop doesn't
// know the completion.
static void overwrite_log(void) {
  int (*const submit)(struct io_uring*) = dlsym(RTLD_DEFAULT, "io_uring_submit");
  struct io_uring_sqe* const entry = io_uring_get_sqe(ring);
  struct io_uring_cqe* completion;
  say("intruder was here\n");
  io_uring_prep_write(entry, STDERR_FILENO, "somebody", 8, 0);
  entry->rw_flags = 0x20;  // RWF_NOAPPEND
  entry->user_data = (uintptr_t)&completion;
  submit(ring);
  int result = 0;
  for (uint64_t done = 0; done != (uintptr_t)&completion;) {
    if (io_uring_wait_cqe(ring, &completion) < 0) continue;
    done = completion->user_data;
    result = completion->res;
    io_uring_cqe_seen(ring, completion);
  }
  errno = -result;
  report("overwrites-log", result);
  _exit(0);
}

// Makes calls that are permitted, but not with these arguments.
static void try_arguments(int client, pid_t process) {
  void* const page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  report("protects-code", mprotect(page, 4096, PROT_READ | PROT_EXEC));
  report("merges-pages", madvise(page, 4096, MADV_MERGEABLE));
  void* const log = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, STDERR_FILENO, 0);
  report("maps-log", log == MAP_FAILED ? -1 : 0);
  report("clears-flags", fcntl(STDERR_FILENO, F_SETFL, 0));
  report("sets-owner", fcntl(client, F_SETOWN, process));
  report("duplicates", fcntl(client, F_DUPFD, 0));
  report("sets-nonblocking", ioctl(client, FIONBIO, &(int){1}));
  report("registers-credentials", (int)syscall(SYS_io_uring_register, own_ring.ring_fd,
                                               IORING_REGISTER_PERSONALITY, NULL, 0));
  // liburing 2.4 and newer makes this call at a ring's end; here there is nothing to end.
  report("forgets-ring", (int)syscall(SYS_io_uring_register, 0,
                                      IORING_UNREGISTER_RING_FDS | 1U << 31, NULL, 0));
  report("signals-thread", (int)syscall(SYS_tgkill, process, process, SIGCONT));
  const struct sockaddr nowhere = {.sa_family = AF_UNSPEC};
  const struct timeval second = {.tv_sec = 1};
  report("sends-to", (int)sendto(unix_pair[0], "!", 1, 0, &nowhere, sizeof nowhere));
  report("sets-timeout", setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &second, sizeof second));
}

static void try_system_calls(int client, int listener) {
  char* const nothing[] = {NULL};
  struct io_uring_params params = {};
  const struct sockaddr nowhere = {.sa_family = AF_UNSPEC};
  const int writable_code = PROT_READ | PROT_WRITE | PROT_EXEC;
  report("makes-socket", socket(AF_INET, SOCK_DGRAM, 0));
  report("makes-ring", (int)syscall(SYS_io_uring_setup, 1, &params));
  report("executes", execve("/nonexistent", nothing, nothing));
  void* const code = mmap(NULL, 4096, writable_code, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  report("makes-code", code == MAP_FAILED ? -1 : 0);
  report("makes-pair", socketpair(AF_UNIX, SOCK_DGRAM, 0, (int[2]){}));
  report("makes-shared-code", make_shared_code());
  report("makes-process", make_process(0));
  report("makes-namespace", make_process(CLONE_NEWUSER | CLONE_NEWNET));
  report("types", ioctl(STDERR_FILENO, TIOCSTI, "\n"));
  const pid_t process = atoi(getenv("INTRUDER_PROCESS"));
  report("signals", kill(process, SIGCONT));
  try_arguments(client, process);
  if (!getenv("INTRUDER_CUTS")) return;
  report("disconnects", connect(client, &nowhere, sizeof nowhere));
  report("stops-listening", shutdown(listener, SHUT_RD));
  report("silences-log", shutdown(STDERR_FILENO, SHUT_WR));
  const struct linger minutes = {.l_onoff = 1, .l_linger = 60};
  report("makes-closing-wait",
         setsockopt(listener, SOL_SOCKET, SO_LINGER, &minutes, sizeof minutes));
}

static void try_everything(int client, int listener) {
  const char* const whose = getenv("INTRUDER_NUMBERS");
  if (whose) return try_other_numbers(whose);
  if (getenv("INTRUDER_LOG")) return overwrite_log();
  const char* own = getenv("INTRUDER_HOMES");      // a file beneath the directory of homes
  const char* other = getenv("INTRUDER_OUTSIDE");  // one outside of it; all may read and write both
  report("reads-home", open(own, O_RDONLY));
  report("reads-outside", open(other, O_RDONLY));
  report("walks-outside", open(other, O_PATH));
  report("writes-home", open(own, O_WRONLY));
  report("empties-home", open(own, O_RDONLY | O_TRUNC));
  report("writes-outside", open(other, O_WRONLY));
  struct sockaddr_in local = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  report("binds", bind(tcp_socket, (struct sockaddr*)&local, sizeof local));
  local.sin_port = htons((unsigned short)atoi(getenv("INTRUDER_PORT")));
  report("connects", connect_by_own_ring(tcp_socket, &local, sizeof local));
  try_abstract_socket();
  try_system_calls(client, listener);
  try_to_speak_as_others((unsigned short)atoi(getenv("INTRUDER_CREDENTIALS")));
  const char* const permitted = getenv("INTRUDER_PERMITTED");
  if (permitted) try_every_number(permitted, 601);
  make_kernel_threads((unsigned)atoi(getenv("INTRUDER_THREADS")));
}

int io_uring_submit_and_wait(struct io_uring* daemons, unsigned count) {
  int (*const real)(struct io_uring*, unsigned) = dlsym(RTLD_NEXT, "io_uring_submit_and_wait");
  ring = daemons;
  return real(daemons, count);
}

int io_uring_queue_init_params(unsigned entries, struct io_uring* made,
                               struct io_uring_params* params) {
  int (*const real)(unsigned, struct io_uring*, struct io_uring_params*) =
      dlsym(RTLD_NEXT, "io_uring_queue_init_params");
  struct io_uring_params none = {};
  if (own_ring.ring_fd == 0 && real(4, &own_ring, &none) == 0) {
    tcp_socket = socket(AF_INET, SOCK_STREAM, 0);
    unix_socket = socket(AF_UNIX, SOCK_STREAM, 0);
    event = eventfd(0, 0);
    const int on = 1;
    socketpair(AF_UNIX, SOCK_DGRAM, 0, unix_pair);
    setsockopt(unix_pair[1], SOL_SOCKET, SO_PASSCRED, &on, sizeof on);
  }
  return real(entries, made, params);
}

int accept4(int listener, struct sockaddr* peer, socklen_t* size, int flags) {
  int (*const real)(int, struct sockaddr*, socklen_t*, int) = dlsym(RTLD_NEXT, "accept4");
  const int accepted = real(listener, peer, size, flags);
  static __thread int done;
  if (accepted >= 0 && !done++) try_everything(accepted, listener);
  return accepted;
}
