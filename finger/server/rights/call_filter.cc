#include "finger/server/rights/call_filter.h"

#include <fcntl.h>
#include <linux/io_uring.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <initializer_list>
#include <memory>

namespace finger {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
void filter_calls() {}  // a sanitizer traces the process to find what it has leaked
#else
namespace {

/// With whatever arguments. README.md has the same list, and says what they are for.
constexpr auto permitted = {
    // Clients, scrapers and a successor. Without an address to send to, but for what sendmsg(2)
    // hides: there is no socket that has use for one.
    SCMP_SYS(accept4), SCMP_SYS(getsockopt), SCMP_SYS(recv), SCMP_SYS(recvfrom), SCMP_SYS(send),
    SCMP_SYS(sendmsg), SCMP_SYS(io_uring_enter),
    // Files. Landlock says which may be opened, and how.
    SCMP_SYS(close), SCMP_SYS(fstat), SCMP_SYS(fstat64), SCMP_SYS(fstatat64), SCMP_SYS(getdents64),
    SCMP_SYS(lseek), SCMP_SYS(_llseek), SCMP_SYS(newfstatat), SCMP_SYS(openat), SCMP_SYS(poll),
    SCMP_SYS(ppoll), SCMP_SYS(ppoll_time64), SCMP_SYS(pread64), SCMP_SYS(read), SCMP_SYS(statx),
    SCMP_SYS(write), SCMP_SYS(writev), SCMP_SYS(eventfd2),
    // A pause where something is short, which without these would be none.
    SCMP_SYS(clock_nanosleep), SCMP_SYS(clock_nanosleep_time64), SCMP_SYS(nanosleep),
    // Memory.
    SCMP_SYS(brk), SCMP_SYS(madvise), SCMP_SYS(mremap), SCMP_SYS(munmap),
    // Whose it is, threads that there are, and signals to this process.
    SCMP_SYS(geteuid), SCMP_SYS(geteuid32), SCMP_SYS(exit), SCMP_SYS(exit_group), SCMP_SYS(futex),
    SCMP_SYS(futex_time64), SCMP_SYS(getpid), SCMP_SYS(gettid), SCMP_SYS(restart_syscall),
    SCMP_SYS(rseq), SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigreturn),
    SCMP_SYS(rt_sigtimedwait), SCMP_SYS(rt_sigtimedwait_time64), SCMP_SYS(sched_getaffinity),
    SCMP_SYS(sched_yield), SCMP_SYS(set_robust_list), SCMP_SYS(sigreturn),
    // Time, which most processors tell without a call.
    SCMP_SYS(clock_gettime), SCMP_SYS(clock_gettime64), SCMP_SYS(gettimeofday), SCMP_SYS(getrandom),
    SCMP_SYS(timer_delete), SCMP_SYS(timer_settime), SCMP_SYS(timer_settime64)};

struct Release {
  void operator()(scmp_filter_ctx filter) const { ::seccomp_release(filter); }
};

/// What this processor does not have is left out.
void permit(scmp_filter_ctx filter, int call, std::initializer_list<scmp_arg_cmp> arguments) {
  (void)::seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, call,
                                 static_cast<unsigned>(arguments.size()), arguments.begin());
}

void permit_for_memory(scmp_filter_ctx filter) {
  for (const int call : {SCMP_SYS(mmap), SCMP_SYS(mmap2), SCMP_SYS(mprotect)}) {
    permit(filter, call, {SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0)});
  }
}

void permit_for_descriptors(scmp_filter_ctx filter) {
  for (const int call : {SCMP_SYS(fcntl), SCMP_SYS(fcntl64)}) {
    for (const int command : {F_GETFD, F_SETFD, F_GETFL}) {
      permit(filter, call, {SCMP_A1_32(SCMP_CMP_EQ, static_cast<unsigned>(command))});
    }
    // plan.cc, allow_waiting(). Any other value could take O_APPEND from a log.
    permit(filter, call, {SCMP_A1_32(SCMP_CMP_EQ, F_SETFL), SCMP_A2_32(SCMP_CMP_EQ, O_APPEND)});
  }
  for (const auto request :
       {TCGETS, TIOCOUTQ}) {  // isatty(3), and what a client has not acknowledged
    permit(filter, SCMP_SYS(ioctl), {SCMP_A1_32(SCMP_CMP_EQ, request)});
  }
  permit(filter, SCMP_SYS(io_uring_register),
         {SCMP_A1_32(SCMP_CMP_EQ, IORING_UNREGISTER_RING_FDS)});
}

void permit_for_sockets(scmp_filter_ctx filter) {
#if defined(__i386__) || defined(__s390x__)
  // There a program may call them through socketcall(2), whose arguments a filter cannot see.
  for (const int call : {SCMP_SYS(sendto), SCMP_SYS(setsockopt), SCMP_SYS(shutdown)}) {
    permit(filter, call, {});
  }
#else
  permit(filter, SCMP_SYS(sendto), {SCMP_A4(SCMP_CMP_EQ, 0)});  // no address
  permit(filter, SCMP_SYS(setsockopt),
         {SCMP_A1_32(SCMP_CMP_EQ, SOL_SOCKET), SCMP_A2_32(SCMP_CMP_EQ, SO_LINGER)});
  // All that ends reading would turn the listener into a socket that may connect.
  permit(filter, SCMP_SYS(shutdown), {SCMP_A1_32(SCMP_CMP_EQ, SHUT_WR)});
#endif
}

/// abort(3) signals its own process, and signal 0 only asks whether a process is there.
void permit_for_signals(scmp_filter_ctx filter) {
  const auto self = static_cast<unsigned>(::getpid());
  permit(filter, SCMP_SYS(tgkill), {SCMP_A0_32(SCMP_CMP_EQ, self)});
  permit(filter, SCMP_SYS(kill), {SCMP_A0_32(SCMP_CMP_EQ, self)});
  permit(filter, SCMP_SYS(kill), {SCMP_A1_32(SCMP_CMP_EQ, 0)});
}

}  // namespace

void filter_calls() {
  const std::unique_ptr<void, Release> filter(::seccomp_init(SCMP_ACT_ERRNO(EPERM)));
  if (!filter) return;
  // Calls by another processor's numbers, as those of 32 bits, and all threads that there are.
  (void)::seccomp_attr_set(filter.get(), SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_ERRNO(EPERM));
  (void)::seccomp_attr_set(filter.get(), SCMP_FLTATR_CTL_TSYNC, 1);
  for (const int call : permitted) permit(filter.get(), call, {});
  permit_for_memory(filter.get());
  permit_for_descriptors(filter.get());
  permit_for_sockets(filter.get());
  permit_for_signals(filter.get());
  (void)::seccomp_load(filter.get());
}
#endif

}  // namespace finger
