#pragma once

#include <fcntl.h>
#include <liburing.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <cstdint>

#include "uring/operation/factory.h"
#include "uring/operation/newer_kernels.h"

namespace uring {

/// The operations that make sense only on a ring, and some newer ones.
class RingOperations : public OperationFactory {
 public:
  using OperationFactory::OperationFactory;

  // Direct descriptors: after Loop::register_files(). O_CLOEXEC does not go with them.

  /// In a slot that the kernel chooses. Error: ENFILE when there is none left.
  auto open_direct(Descriptor dir, const char* path, int flags, mode_t mode = 0) {
    return make_direct("open_direct", [=](io_uring_sqe& e) {
      io_uring_prep_openat_direct(&e, dir.number(), path, flags, mode, any_slot);
    });
  }
  auto socket_direct(int domain, int type, int protocol) {
    return make_direct("socket_direct", [=](io_uring_sqe& e) {
      io_uring_prep_socket(&e, domain, type, protocol, 0);
      e.file_index = IORING_FILE_INDEX_ALLOC;
    });
  }
  /// Careful: where no slot is left the new connection is closed, and its peer reads an end of
  /// stream.
  auto accept_direct(Descriptor listener) {
    return make_direct("accept_direct", [=](io_uring_sqe& e) {
      io_uring_prep_accept_direct(&e, listener.number(), nullptr, nullptr, 0, any_slot);
      listener.mark(e);
    });
  }
  /// In a slot of the caller's own, so that a link can use it: see Loop::register_files().
  auto open_in_slot(int slot, Descriptor dir, const char* path, int flags, mode_t mode = 0) {
    return make<void>("open_direct", [=](io_uring_sqe& e) {
      io_uring_prep_openat_direct(&e, dir.number(), path, flags, mode, static_cast<unsigned>(slot));
    });
  }
  auto close_slot(int slot) {
    return make<void>("close_direct", [=](io_uring_sqe& e) {
      io_uring_prep_close_direct(&e, static_cast<unsigned>(slot));
    });
  }
  auto close(DirectFd fd) { return start(CloseDirectRequest(std::move(fd))); }

  /// Puts `fds`, or nothing where they are -1, into the slots from `first` on; yields how many.
  auto files_update(std::span<int> fds, int first) {
    return make<unsigned>("files_update", [=](io_uring_sqe& e) {
      io_uring_prep_files_update(&e, fds.data(), count(fds), first);
    });
  }
  /// A descriptor of the process for a direct one.
  auto fixed_fd_install(const DirectFd& fd) {
    return make_fd("fixed_fd_install", [slot = fd.slot()](io_uring_sqe& e) {
      io_uring_prep_rw(op_fixed_fd_install, &e, slot, nullptr, 0, 0);
      e.flags |= IOSQE_FIXED_FILE;
    });
  }

  // Provided buffers, as they were before buffer rings: see buffers.h for those.

  auto provide_buffers(std::byte* first, int bytes_each, int buffers, int group, int first_number) {
    return make<void>("provide_buffers", [=](io_uring_sqe& e) {
      io_uring_prep_provide_buffers(&e, first, bytes_each, buffers, group, first_number);
    });
  }
  /// Yields how many there were.
  auto remove_buffers(int buffers, int group) {
    return make<unsigned>("remove_buffers", [=](io_uring_sqe& e) {
      io_uring_prep_remove_buffers(&e, buffers, group);
    });
  }

  // Bundles: one request for several buffers of a group, which must be in a ring of buffers. Since
  // 6.10.

  /// Sends what the next buffers of the group hold, as many as there are, but no more than `bytes`
  /// (0: all). Yields how much, and which buffer was the first.
  auto send_bundle(Descriptor fd, std::uint16_t group, std::uint32_t bytes = 0, int flags = 0) {
    return start(BundleRequest(IORING_OP_SEND, fd, group, bytes, flags | MSG_NOSIGNAL));
  }
  /// Fills the next buffers of the group, as many as the bytes need that are there.
  auto recv_bundle(Descriptor fd, std::uint16_t group, std::uint32_t bytes = 0, int flags = 0) {
    return start(BundleRequest(IORING_OP_RECV, fd, group, bytes, flags));
  }

  // Between rings and processes.

  /// Makes a completion on another ring, with this user_data and result. That ring is one by hand:
  /// a loop takes its completions for those of its operations.
  auto msg_ring(int ring_fd, std::uint64_t user_data, unsigned result) {
    return make<void>("msg_ring", [=](io_uring_sqe& e) {
      io_uring_prep_msg_ring(&e, ring_fd, result, user_data, 0);
    });
  }
  /// Waits while `word` is `value`. Errors: EAGAIN, it was not. Not before the process has had a
  /// second thread: with that, an io worker too, it has a table of futexes of its own, and on Linux
  /// 6.18 a wait of io_uring's stays in the one before, where no wake-up finds it.
  auto futex_wait(const std::uint32_t& word, std::uint32_t value) {
    return make<void>("futex_wait", [=, word = &word](io_uring_sqe& e) {
      io_uring_prep_rw(op_futex_wait, &e, futex_32_private, word, 0, value);
      e.addr3 = futex_any;
    });
  }
  /// Wakes up to `waiters`; yields how many.
  auto futex_wake(const std::uint32_t& word, std::uint32_t waiters) {
    return make<unsigned>("futex_wake", [=, word = &word](io_uring_sqe& e) {
      io_uring_prep_rw(op_futex_wake, &e, futex_32_private, word, 0, waiters);
      e.addr3 = futex_any;
    });
  }
  auto waitid(idtype_t type, id_t id, siginfo_t& to, int options) {
    return make<void>("waitid", [=, to = &to](io_uring_sqe& e) {
      io_uring_prep_rw(op_waitid, &e, static_cast<int>(id), nullptr, static_cast<unsigned>(type),
                       0);
      e.file_index = static_cast<unsigned>(options);
      e.addr2 = reinterpret_cast<std::uintptr_t>(to);
    });
  }

 private:
  static constexpr unsigned any_slot = IORING_FILE_INDEX_ALLOC - 1;  // the function adds one
  static constexpr int futex_32_private = 0x82;           // FUTEX2_SIZE_U32 | FUTEX2_PRIVATE
  static constexpr std::uint64_t futex_any = 0xFFFFFFFF;  // FUTEX_BITSET_MATCH_ANY
};

}  // namespace uring
