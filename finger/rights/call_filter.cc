#include "finger/rights/call_filter.h"

#include <fcntl.h>
#include <linux/io_uring.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <expected>
#include <initializer_list>
#include <memory>
#include <system_error>

#include "common/net/listen.h"
#include "common/result.h"
#include "common/server/log.h"

namespace finger {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
void filter_calls() {}  // a sanitizer traces the process to find leaks
#elif defined(__i386__) || defined(__s390x__)
void filter_calls() {  // socket calls go through socketcall(2), whose arguments no filter sees
  common::log("no filter of system calls on this processor", common::Severity::warning);
}
#else
namespace {

/// Permitted with any arguments. SECURITY.md has the same list, with the reasons.
constexpr auto permitted = {
    // Clients and the parent.
    SCMP_SYS(accept4), SCMP_SYS(getsockname), SCMP_SYS(getsockopt), SCMP_SYS(recvfrom),
    SCMP_SYS(io_uring_enter),
    // Files. Landlock decides which of them may be opened.
    SCMP_SYS(close), SCMP_SYS(fstat), SCMP_SYS(newfstatat), SCMP_SYS(openat), SCMP_SYS(poll),
    SCMP_SYS(ppoll), SCMP_SYS(pwritev2), SCMP_SYS(read), SCMP_SYS(statx), SCMP_SYS(write),
    // Memory.
    SCMP_SYS(brk), SCMP_SYS(mremap), SCMP_SYS(munmap),
    // The process itself.
    SCMP_SYS(exit_group), SCMP_SYS(futex), SCMP_SYS(getpid), SCMP_SYS(gettid),
    SCMP_SYS(restart_syscall), SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(rt_sigreturn), SCMP_SYS(getrandom),
    // A line of the log that waits.
    SCMP_SYS(timer_create), SCMP_SYS(timer_delete), SCMP_SYS(timer_settime),
    // Time, which most processors tell without a call.
    SCMP_SYS(clock_gettime), SCMP_SYS(gettimeofday)};

/// The filter in the making. Keeps the first error for load(), because with a list that lacks a
/// call, or that holds for one thread of many, nobody would know which calls are refused.
class Filter {
 public:
  /// Does `action` for calls that have a rule, and `otherwise` for all others.
  Filter(std::uint32_t action, std::uint32_t otherwise)
      : action_(action), context_(::seccomp_init(otherwise)), error_(context_ ? 0 : -ENOMEM) {
    // Calls by another processor's numbers, such as those of 32 bits, which no library of ours
    // makes.
    set(SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
    set(SCMP_FLTATR_CTL_TSYNC, 1);     // also for a thread that a library left behind
    set(SCMP_FLTATR_API_SYSRAWRC, 1);  // the kernel's own errno, not ECANCELED for each
  }

  void add(int call, std::initializer_list<scmp_arg_cmp> arguments) {
    const int added = ::seccomp_rule_add_array(
        context_.get(), action_, call, static_cast<unsigned>(arguments.size()), arguments.begin());
    if (added != -EDOM) note(added);  // EDOM: this processor has no such call
  }

  /// Error: of the kernel, or the first from before.
  common::Status load() {
    if (error_ == 0) note(::seccomp_load(context_.get()));
    if (error_ == 0) return {};
    return std::unexpected(std::error_code(-error_, std::system_category()));
  }

 private:
  struct Release {
    void operator()(scmp_filter_ctx context) const { ::seccomp_release(context); }
  };

  void set(scmp_filter_attr attribute, std::uint32_t value) {
    note(::seccomp_attr_set(context_.get(), attribute, value));
  }

  void note(int result) {
    if (error_ == 0 && result < 0) error_ = result;
  }

  const std::uint32_t action_;
  const std::unique_ptr<void, Release> context_;
  int error_;
};

void permit_with_some_arguments(Filter& permissions) {
  const scmp_arg_cmp not_executable = SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0);
  // Writing to shared memory writes to a file, and standard error may be a file that is open for
  // reading, too.
  const scmp_arg_cmp not_shared = SCMP_A3(SCMP_CMP_MASKED_EQ, MAP_SHARED, 0);
  permissions.add(SCMP_SYS(mmap), {not_executable, not_shared});
  permissions.add(SCMP_SYS(mprotect), {not_executable});
  // Advice of allocators. MADV_MERGEABLE isn't permitted, because the time of a write to a merged
  // page tells whether another process has the same.
  for (const int advice : {MADV_DONTNEED, MADV_FREE, MADV_HUGEPAGE, MADV_NOHUGEPAGE}) {
    permissions.add(SCMP_SYS(madvise), {SCMP_A2_32(SCMP_CMP_EQ, static_cast<unsigned>(advice))});
  }
  // How much a client hasn't acknowledged.
  permissions.add(SCMP_SYS(ioctl), {SCMP_A1_32(SCMP_CMP_EQ, TIOCOUTQ)});
  // The ring's end. liburing 2.4 and newer make this call with IORING_REGISTER_USE_REGISTERED_RING.
  constexpr auto operation = ~(1U << 31);
  permissions.add(SCMP_SYS(io_uring_register),
                  {SCMP_A1_32(SCMP_CMP_MASKED_EQ, operation, IORING_UNREGISTER_RING_FDS)});
  permissions.add(SCMP_SYS(sendto), {SCMP_A4(SCMP_CMP_EQ, 0)});  // no address
  permissions.add(SCMP_SYS(setsockopt),
                  {SCMP_A1_32(SCMP_CMP_EQ, SOL_SOCKET), SCMP_A2_32(SCMP_CMP_EQ, SO_LINGER)});
  // With reading shut down, the listener would become a socket that may connect.
  permissions.add(SCMP_SYS(shutdown), {SCMP_A1_32(SCMP_CMP_EQ, SHUT_WR)});
  // abort(3) signals its own process.
  const auto self = static_cast<unsigned>(::getpid());
  permissions.add(SCMP_SYS(tgkill), {SCMP_A0_32(SCMP_CMP_EQ, self)});
}

/// We share the listeners with the parent and later workers, and standard error, too, which may be
/// the journal's socket. A shutdown(2) would end a socket for all, and clients' sockets inherit the
/// listener's SO_LINGER. This takes a second filter, because a list of permitted calls has no
/// exceptions.
void refuse_for_shared_sockets(Filter& refusals) {
  constexpr int numbers_max = 1024;  // listeners are opened first, and have the lowest
  for (int number = 0; number < numbers_max; ++number) {
    if (number > STDERR_FILENO && !common::is_listening(number)) continue;
    const scmp_arg_cmp this_one =
        SCMP_A0(SCMP_CMP_MASKED_EQ, UINT32_MAX, static_cast<unsigned>(number));
    refusals.add(SCMP_SYS(setsockopt), {this_one});
    refusals.add(SCMP_SYS(shutdown), {this_one});
  }
}

}  // namespace

void filter_calls() {
  constexpr auto refuse = SCMP_ACT_ERRNO(EPERM);
  Filter refusals(refuse, SCMP_ACT_ALLOW);
  refuse_for_shared_sockets(refusals);
  Filter permissions(SCMP_ACT_ALLOW, refuse);
  for (const int call : permitted) permissions.add(call, {});
  permit_with_some_arguments(permissions);
  auto loaded = refusals.load();  // first: the other permits no seccomp(2)
  if (loaded) loaded = permissions.load();
  if (loaded) return;
  common::log("no filter of system calls: " + loaded.error().message(), common::Severity::warning);
}
#endif

}  // namespace finger
