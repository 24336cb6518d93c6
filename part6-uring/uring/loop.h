#pragma once

#include <fcntl.h>
#include <liburing.h>
#include <linux/stat.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <utility>

#include "uring/awaitable.h"
#include "uring/buffers.h"
#include "uring/loop_core.h"
#include "uring/request/operation_of.h"
#include "uring/request/request.h"
#include "uring/ring.h"
#include "uring/scope.h"
#include "uring/task.h"
#include "uring/time/deadline.h"
#include "uring/trace.h"
#include "uring/why_no_ring.h"

namespace uring {

/// Runs coroutines on one thread and does their input and output through one ring.
///
///     auto loop = Loop::create({});
///     if (!loop) { … why_no_ring(loop.error()) … }
///     (*loop)->run(serve(**loop, listener));
///
/// Make and run a loop in one thread, because the ring takes requests from no other. Or make a
/// `disabled` loop (Setup), and run it in another thread, which calls enable() first. Other threads
/// wake the loop by writing to an eventfd or a pipe that a coroutine reads.
class Loop final : public LoopCore {
 public:
  /// Errors: those of Ring::create(), which why_no_ring() explains.
  static Result<std::unique_ptr<Loop>> create(const Setup& setup);

  /// Cancels unfinished tasks and waits for them, like ~Scope(). In any thread other than run()'s
  /// that is impossible, and ends the process with a message.
  ~Loop();

  /// Runs the task, with all that the task spawns in its own scopes, until the end. Don't call
  /// run() from a coroutine, which can await the task. In a different thread than the loop's, run()
  /// ends the process with a message.
  template <typename T>
  T run(Task<T> task);

  /// Limits the io workers, which take operations that can't be done immediately: `bounded` may
  /// wait for files at the same time, `unbounded` for anything else. The defaults are, for files,
  /// four for each processor, but no more than the thread's first ring has entries, and for
  /// anything else, as many as RLIMIT_NPROC allows. For this thread's rings, before they are
  /// restricted. io_uring_register(2), IORING_REGISTER_IOWQ_MAX_WORKERS
  Status register_iowq_max_workers(unsigned bounded, unsigned unbounded);

  /// Registers memory for read_fixed() and write_fixed(), which use its place in `buffers`. Once.
  Status register_buffers(std::span<const iovec> buffers);

  // Every operation of the loop, by the name of the replaced system call, with the same arguments
  // in the same order. Each yields a Result of the call's return value.
  //
  // Memory that is passed by pointer, span or reference must live until the operation has ended.
  // That's no burden, because `co_await` doesn't return earlier. A path may be a temporary of that
  // expression. To add an operation, write three lines here; or, outside, an AnyRequest for
  // start().

  static constexpr std::uint64_t at_position = static_cast<std::uint64_t>(-1);

  /// Any operation at all: see AnyRequest.
  template <AnyRequest R>
  Awaitable<OperationOf<R>> start(R request) {
    return Awaitable<OperationOf<R>>(OperationSource<R>(*this, std::move(request)));
  }

 private:
  // Helpers for the table.

  template <typename T>
  static unsigned count(std::span<T> items) {
    return static_cast<unsigned>(items.size());
  }
  template <typename Value, typename Prepare>
  auto make(const char* what, Prepare prepare) {
    return start(Request<Value, Prepare>(what, std::move(prepare)));
  }
  /// Calls liburing's io_uring_prep_…() for the entry, with these arguments.
  template <auto prepare, typename... T>
  static auto by(T... arguments) {
    return [=](io_uring_sqe& e) { prepare(&e, arguments...); };
  }
  /// An operation on a descriptor, prepared likewise.
  template <typename Value, auto prepare, typename... T>
  auto on(Descriptor fd, const char* what, T... arguments) {
    return make<Value>(what, by<prepare>(fd.number(), arguments...));
  }

 public:
  auto nop() { return make<void>("nop", by<io_uring_prep_nop>()); }

  // Files. Without an offset, reading and writing go on at the file's position. Writing to a pipe
  // or a socket that nobody reads any more gives EPIPE, after a SIGPIPE, as with write(2). So
  // ignore the signal or, for a socket, use send().

  auto read(Descriptor fd, Bytes to, std::uint64_t offset = at_position) {
    return on<std::size_t, io_uring_prep_read>(fd, "read", to.data(), length_of(to), offset);
  }
  auto write(Descriptor fd, ConstBytes from, std::uint64_t offset = at_position) {
    return on<std::size_t, io_uring_prep_write>(fd, "write", from.data(), length_of(from), offset);
  }
  auto readv(Descriptor fd, std::span<const iovec> to, std::uint64_t offset = at_position) {
    return on<std::size_t, io_uring_prep_readv>(fd, "readv", to.data(), count(to), offset);
  }
  auto writev(Descriptor fd, std::span<const iovec> from, std::uint64_t offset = at_position) {
    return on<std::size_t, io_uring_prep_writev>(fd, "writev", from.data(), count(from), offset);
  }
  /// `to` lies in the registered buffer of that number: see register_buffers().
  auto read_fixed(Descriptor fd, Bytes to, std::uint64_t offset, int buffer) {
    return on<std::size_t, io_uring_prep_read_fixed>(fd, "read_fixed", to.data(), length_of(to),
                                                     offset, buffer);
  }
  auto write_fixed(Descriptor fd, ConstBytes from, std::uint64_t offset, int buffer) {
    return on<std::size_t, io_uring_prep_write_fixed>(fd, "write_fixed", from.data(),
                                                      length_of(from), offset, buffer);
  }
  auto fsync(Descriptor fd, unsigned flags = 0) {
    return on<void, io_uring_prep_fsync>(fd, "fsync", flags);
  }
  auto fallocate(Descriptor fd, int mode, off_t offset, off_t length) {
    return on<void, io_uring_prep_fallocate>(fd, "fallocate", mode, offset, length);
  }
  auto splice(Descriptor in, std::int64_t in_offset, Descriptor out, std::int64_t out_offset,
              unsigned length, unsigned flags = 0) {
    return make<std::size_t>(
        "splice",
        by<io_uring_prep_splice>(in.number(), in_offset, out.number(), out_offset, length, flags));
  }
  auto tee(Descriptor in, Descriptor out, unsigned length, unsigned flags = 0) {
    return make<std::size_t>("tee",
                             by<io_uring_prep_tee>(in.number(), out.number(), length, flags));
  }

  // Names. `dir` is a directory, or working_dir.

  static Descriptor working_dir() { return Descriptor::borrowed(AT_FDCWD); }

  auto openat(Descriptor dir, const char* path, int flags, mode_t mode = 0) {
    return make<Fd>("openat",
                    by<io_uring_prep_openat>(dir.number(), path, flags | O_CLOEXEC, mode));
  }
  auto openat2(Descriptor dir, const char* path, const open_how& how) {
    return make<Fd>("openat2", [=, how = how](io_uring_sqe& e) mutable {
      io_uring_prep_openat2(&e, dir.number(), path, &how);
    });
  }
  auto close(Fd fd) { return start(CloseRequest(std::move(fd), ring().permits(IORING_OP_CLOSE))); }
  auto statx(Descriptor dir, const char* path, int flags, unsigned mask, struct ::statx& to) {
    return make<void>("statx", by<io_uring_prep_statx>(dir.number(), path, flags, mask, &to));
  }
  auto renameat(Descriptor from_dir, const char* from, Descriptor to_dir, const char* to,
                unsigned flags = 0) {
    return make<void>("renameat", by<io_uring_prep_renameat>(from_dir.number(), from,
                                                             to_dir.number(), to, flags));
  }
  auto unlinkat(Descriptor dir, const char* path, int flags = 0) {
    return make<void>("unlinkat", by<io_uring_prep_unlinkat>(dir.number(), path, flags));
  }
  auto mkdirat(Descriptor dir, const char* path, mode_t mode) {
    return make<void>("mkdirat", by<io_uring_prep_mkdirat>(dir.number(), path, mode));
  }
  auto symlinkat(const char* target, Descriptor dir, const char* path) {
    return make<void>("symlinkat", by<io_uring_prep_symlinkat>(target, dir.number(), path));
  }
  auto linkat(Descriptor from_dir, const char* from, Descriptor to_dir, const char* to,
              int flags = 0) {
    return make<void>(
        "linkat", by<io_uring_prep_linkat>(from_dir.number(), from, to_dir.number(), to, flags));
  }

  // Sockets. Sending to a peer that is gone gives EPIPE, never SIGPIPE.

  auto socket(int domain, int type, int protocol) {
    return make<Fd>("socket", by<io_uring_prep_socket>(domain, type | SOCK_CLOEXEC, protocol, 0U));
  }
  /// The address is copied.
  auto connect(Descriptor fd, const Address& peer) {
    return make<void>("connect", [=, to = peer](io_uring_sqe& e) {
      io_uring_prep_connect(&e, fd.number(), to.data(), to.size());
    });
  }
  /// On a Unix socket the peer's address says nothing.
  auto accept(Descriptor listener) { return start(AcceptRequest(listener)); }
  auto recv(Descriptor fd, Bytes to, int flags = 0) {
    return on<std::size_t, io_uring_prep_recv>(fd, "recv", to.data(), length_of(to), flags);
  }
  /// Receives into a buffer that the kernel chooses.
  auto recv(Descriptor fd, Buffers& buffers, ReceiveWhen when = ReceiveWhen::now) {
    return start(RecvLease(fd, buffers, when));
  }
  auto send(Descriptor fd, ConstBytes from, int flags = 0) {
    return on<std::size_t, io_uring_prep_send>(fd, "send", from.data(), length_of(from),
                                               flags | MSG_NOSIGNAL);
  }
  /// Sends one datagram. The address is copied.
  auto sendto(Descriptor fd, ConstBytes from, const Address& peer, int flags = 0) {
    return make<std::size_t>("sendto", [=, to = peer](io_uring_sqe& e) {
      io_uring_prep_send(&e, fd.number(), from.data(), length_of(from), flags | MSG_NOSIGNAL);
      io_uring_prep_send_set_addr(&e, to.data(), static_cast<std::uint16_t>(to.size()));
    });
  }
  /// To get the sender's address, pass an Address: data() as msg_name, capacity() as msg_namelen.
  auto recvmsg(Descriptor fd, msghdr& message, unsigned flags = 0) {
    return on<std::size_t, io_uring_prep_recvmsg>(fd, "recvmsg", &message, flags);
  }
  auto sendmsg(Descriptor fd, const msghdr& message, unsigned flags = 0) {
    return on<std::size_t, io_uring_prep_sendmsg>(fd, "sendmsg", &message, flags | MSG_NOSIGNAL);
  }
  auto shutdown(Descriptor fd, int how) {
    return on<void, io_uring_prep_shutdown>(fd, "shutdown", how);
  }

  // Readiness, for calls that have no operation of their own.

  auto poll(Descriptor fd, unsigned events) {
    return on<unsigned, io_uring_prep_poll_add>(fd, "poll", events);
  }
  auto epoll_ctl(Descriptor epoll, int what, Descriptor fd, epoll_event& event) {
    return make<void>("epoll_ctl",
                      by<io_uring_prep_epoll_ctl>(epoll.number(), fd.number(), what, &event));
  }

  // Time. To sleep until a point in time, use sleep(due - Clock::now()). We don't use
  // IORING_TIMEOUT_ABS, because the kernel reads that time by the host's clock, which differs from
  // ours in a container with a time namespace (time_namespaces(7)).

  auto sleep(std::chrono::nanoseconds timeout) { return start(SleepRequest(timeout)); }

  // These act on the first operation that a Canceller holds. A removed operation ends with
  // Error::cancelled, or on Linux 6.1 with EINTR if it was in an io worker. Errors here: ENOENT if
  // there is no operation, or its result is there, or the kernel is just handing it to another
  // thread; EALREADY if the operation is about to end.

  auto cancel(const Canceller& other) {
    return make<void>("cancel", by<io_uring_prep_cancel64>(other.user_data(), 0));
  }
  auto poll_remove(const Canceller& other) {
    return make<void>("poll_remove", by<io_uring_prep_poll_remove>(other.user_data()));
  }
  auto poll_update(const Canceller& other, unsigned events) {
    return make<void>("poll_update", by<io_uring_prep_poll_update>(other.user_data(), 0U, events,
                                                                   IORING_POLL_UPDATE_EVENTS));
  }
  auto timeout_remove(const Canceller& other) {
    return make<void>("timeout_remove", by<io_uring_prep_timeout_remove>(other.user_data(), 0U));
  }

  // Provided buffers, as before buffer rings: see buffers.h for those.

  auto provide_buffers(std::byte* first, int bytes_each, int buffers, int group, int first_number) {
    return make<void>("provide_buffers", by<io_uring_prep_provide_buffers>(
                                             first, bytes_each, buffers, group, first_number));
  }
  /// Yields how many were removed.
  auto remove_buffers(int buffers, int group) {
    return make<unsigned>("remove_buffers", by<io_uring_prep_remove_buffers>(buffers, group));
  }

 private:
  Loop(const Setup& setup, Ring ring);

  Scope tasks_{*this};  ///< The tasks of run().
};

namespace detail {

template <typename T>
Task<> keep_value(Task<T> task, std::optional<T>& value) {
  value.emplace(co_await std::move(task));
}

inline Task<> keep_value(Task<> task, std::optional<bool>& ended) {
  co_await std::move(task);
  ended = true;
}

}  // namespace detail

template <typename T>
T Loop::run(Task<T> task) {
  using Kept = std::conditional_t<std::is_void_v<T>, bool, T>;
  std::optional<Kept> value;
  check_thread();
  now_ = Clock::now();
  tasks_.spawn(detail::keep_value(std::move(task), value));
  while (!value) turn();
  if constexpr (!std::is_void_v<T>) return std::move(*value);
}

}  // namespace uring
