#include "finger/server/process/call_filter.h"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <bit>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <vector>

namespace finger {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || \
    !(defined(__x86_64__) || defined(__aarch64__))
void filter_calls() {}  // a sanitizer traces the process to find what it has leaked
#else
namespace {

#if defined(__x86_64__)
constexpr std::uint32_t architecture = AUDIT_ARCH_X86_64;
#else
constexpr std::uint32_t architecture = AUDIT_ARCH_AARCH64;
#endif

/// From here on x86-64 has another table of calls (x32); no other processor has so many.
constexpr std::uint32_t calls_end = 0x40000000;

constexpr auto refused = {
    // Ways out. Without connect(2), with AF_UNSPEC, a client's socket stays connected to it.
    SYS_socket, SYS_connect, SYS_bind, SYS_listen, SYS_io_uring_setup,
    // Other processes.
    SYS_execve, SYS_execveat, SYS_ptrace, SYS_process_vm_readv, SYS_process_vm_writev, SYS_kcmp,
    SYS_tkill, SYS_rt_sigqueueinfo, SYS_rt_tgsigqueueinfo, SYS_pidfd_open, SYS_pidfd_getfd,
    SYS_pidfd_send_signal, SYS_process_madvise,
    // Parts of the kernel that plans have no use for, and where most of its faults are found.
    SYS_bpf, SYS_perf_event_open, SYS_userfaultfd, SYS_memfd_create, SYS_add_key, SYS_request_key,
    SYS_keyctl, SYS_personality, SYS_unshare, SYS_setns, SYS_mount, SYS_umount2, SYS_pivot_root,
    SYS_chroot, SYS_open_tree, SYS_move_mount, SYS_fsopen, SYS_fspick, SYS_mount_setattr};

constexpr std::uint32_t offset_of_argument(int i) {
  const std::size_t low_half = std::endian::native == std::endian::little ? 0 : 4;
  return static_cast<std::uint32_t>(offsetof(seccomp_data, args) + 8 * i + low_half);
}

/// The filter as the kernel wants it: instructions of its packet filter.
class Program {
 public:
  void load(std::uint32_t offset) { add(BPF_LD | BPF_W | BPF_ABS, offset); }
  void refuse() { add(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM); }
  void permit() { add(BPF_RET | BPF_K, SECCOMP_RET_ALLOW); }

  /// Leaves the next so many out if what was loaded is not so.
  void unless(std::uint16_t compare, std::uint32_t value, std::uint8_t skip) {
    code_.push_back({.code = static_cast<std::uint16_t>(BPF_JMP | BPF_K | compare),
                     .jt = 0,
                     .jf = skip,
                     .k = value});
  }

  /// The same, if it is.
  void if_not(std::uint16_t compare, std::uint32_t value, std::uint8_t skip) {
    unless(compare, value, 0);
    code_.back().jt = skip;
  }

  void install() {
    const sock_fprog program{.len = static_cast<std::uint16_t>(code_.size()),
                             .filter = code_.data()};
    (void)::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program);
  }

 private:
  void add(std::uint16_t code, std::uint32_t value) {
    code_.push_back({.code = code, .jt = 0, .jf = 0, .k = value});
  }

  std::vector<sock_filter> code_;
};

}  // namespace

void filter_calls() {
  Program program;
  program.load(offsetof(seccomp_data, arch));
  program.if_not(BPF_JEQ, architecture, 1);
  program.refuse();
  program.load(offsetof(seccomp_data, nr));
  program.unless(BPF_JGE, calls_end, 1);
  program.refuse();
  for (const long call : refused) {
    program.unless(BPF_JEQ, static_cast<std::uint32_t>(call), 1);
    program.refuse();
  }
  for (const long call : {SYS_mmap, SYS_mprotect, SYS_pkey_mprotect}) {
    program.unless(BPF_JEQ, static_cast<std::uint32_t>(call), 4);
    program.load(offset_of_argument(2));
    program.unless(BPF_JSET, PROT_EXEC, 1);
    program.refuse();
    program.permit();
  }
  // abort(3) signals its own process, and signal 0 only asks whether a process is there.
  for (const long call : {SYS_kill, SYS_tgkill}) {
    program.unless(BPF_JEQ, static_cast<std::uint32_t>(call), 6);
    program.load(offset_of_argument(0));
    program.if_not(BPF_JEQ, static_cast<std::uint32_t>(::getpid()), 3);
    program.load(offset_of_argument(1));
    program.if_not(BPF_JEQ, 0, 1);
    program.refuse();
    program.permit();
  }
  // All that ends reading would turn the listener into a socket that may connect.
  program.unless(BPF_JEQ, SYS_shutdown, 4);
  program.load(offset_of_argument(1));
  program.if_not(BPF_JEQ, SHUT_WR, 1);
  program.refuse();
  program.permit();
  program.permit();
  program.install();
}
#endif

}  // namespace finger
