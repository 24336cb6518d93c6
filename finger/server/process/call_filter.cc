#include "finger/server/process/call_filter.h"

#include <seccomp.h>
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

constexpr auto refused = {
    // Ways out. Without connect(2), with AF_UNSPEC, a client's socket stays connected to it.
    SCMP_SYS(socket), SCMP_SYS(connect), SCMP_SYS(bind), SCMP_SYS(listen), SCMP_SYS(io_uring_setup),
    // Other processes.
    SCMP_SYS(execve), SCMP_SYS(execveat), SCMP_SYS(ptrace), SCMP_SYS(process_vm_readv),
    SCMP_SYS(process_vm_writev), SCMP_SYS(kcmp), SCMP_SYS(tkill), SCMP_SYS(rt_sigqueueinfo),
    SCMP_SYS(rt_tgsigqueueinfo), SCMP_SYS(pidfd_open), SCMP_SYS(pidfd_getfd),
    SCMP_SYS(pidfd_send_signal), SCMP_SYS(process_madvise),
    // Parts of the kernel that plans have no use for, and where most of its faults are found.
    SCMP_SYS(bpf), SCMP_SYS(perf_event_open), SCMP_SYS(userfaultfd), SCMP_SYS(memfd_create),
    SCMP_SYS(add_key), SCMP_SYS(request_key), SCMP_SYS(keyctl), SCMP_SYS(personality),
    SCMP_SYS(unshare), SCMP_SYS(setns), SCMP_SYS(mount), SCMP_SYS(umount2), SCMP_SYS(pivot_root),
    SCMP_SYS(chroot), SCMP_SYS(open_tree), SCMP_SYS(move_mount), SCMP_SYS(fsopen), SCMP_SYS(fspick),
    SCMP_SYS(mount_setattr)};

struct Release {
  void operator()(scmp_filter_ctx filter) const { ::seccomp_release(filter); }
};

/// Adds what is refused to a filter that permits everything. What this processor does not have, or
/// cannot tell by its arguments, is left out.
void refuse(scmp_filter_ctx filter) {
  const auto add = [filter](int call, std::initializer_list<scmp_arg_cmp> arguments) {
    (void)::seccomp_rule_add_array(filter, SCMP_ACT_ERRNO(EPERM), call,
                                   static_cast<unsigned>(arguments.size()), arguments.begin());
  };
  for (const int call : refused) add(call, {});
  for (const int call :
       {SCMP_SYS(mmap), SCMP_SYS(mmap2), SCMP_SYS(mprotect), SCMP_SYS(pkey_mprotect)}) {
    add(call, {SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, PROT_EXEC)});
  }
  // abort(3) signals its own process, and signal 0 only asks whether a process is there.
  const auto self = static_cast<unsigned>(::getpid());
  for (const int call : {SCMP_SYS(kill), SCMP_SYS(tgkill)}) {
    add(call, {SCMP_A0_32(SCMP_CMP_NE, self), SCMP_A1_32(SCMP_CMP_NE, 0)});
  }
#if !defined(__i386__) && !defined(__s390x__)
  // On those two a program may call it through socketcall(2), whose arguments a filter cannot see,
  // so that every shutdown would be refused.
  // All that ends reading would turn the listener into a socket that may connect.
  add(SCMP_SYS(shutdown), {SCMP_A1_32(SCMP_CMP_NE, SHUT_WR)});
#endif
}

}  // namespace

void filter_calls() {
  const std::unique_ptr<void, Release> filter(::seccomp_init(SCMP_ACT_ALLOW));
  if (!filter) return;
  // Calls by another processor's numbers, as those of 32 bits, and all threads that there are.
  (void)::seccomp_attr_set(filter.get(), SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_ERRNO(EPERM));
  (void)::seccomp_attr_set(filter.get(), SCMP_FLTATR_CTL_TSYNC, 1);
  refuse(filter.get());
  (void)::seccomp_load(filter.get());
}
#endif

}  // namespace finger
