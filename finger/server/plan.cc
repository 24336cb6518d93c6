#include "finger/server/plan.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <span>
#include <utility>

#include "common/fd.h"
#include "finger/server/answer.h"
#include "finger/server/conversation.h"
#include "finger/server/crlf.h"
#include "finger/server/server.h"

namespace finger {
namespace {

using common::Fd;

/// How long to wait after an open found no descriptor or no memory.
constexpr auto shortage_pause = std::chrono::milliseconds(100);

/// Of what a user has put there nothing is followed, be it a symbolic link or a mount: a FUSE file
/// system could let us wait for ever.
constexpr std::uint64_t beneath =
    RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS | RESOLVE_BENEATH | RESOLVE_NO_XDEV;

/// O_NONBLOCK: or the open of a FIFO waits for somebody who writes. O_NOCTTY: or a terminal may
/// become ours.
constexpr open_how how_to_open_plan{
    .flags = O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, .mode = 0, .resolve = beneath};

/// The way to a home is the administrator's, links and all; below --users DIR it is not.
constexpr open_how how_to_open_home(bool below_users) {
  return {
      .flags = O_PATH | O_DIRECTORY | O_CLOEXEC, .mode = 0, .resolve = below_users ? beneath : 0};
}

/// Whether the plan is the reason: there is none, or it is nothing that a stranger may read.
bool says_no_plan(std::error_code error) {
  switch (error.value()) {
    case ENOENT:
    case ENOTDIR:
    case EACCES:
    case EPERM:
    case ELOOP:  // a symbolic link
    case EXDEV:  // a mount
    case ENXIO:  // a socket, or a device without a driver
    case ENODEV:
    case EAGAIN:  // its owner has a lease on it. fcntl(2), "Leases"
      return error.category() == std::system_category();
    default:
      return false;
  }
}

/// Whether it may go better when somebody else has closed something.
bool is_shortage(std::error_code error) {
  return error == std::errc::too_many_files_open ||
         error == std::errc::too_many_files_open_in_system || error == std::errc::not_enough_memory;
}

uring::Task<Result<Fd>> open_once(Conversation& exchange, const Account& account) {
  const Server& server = exchange.server();
  uring::Loop& loop = exchange.loop();
  const Fd& users = *exchange.roster().users;
  const auto start = users ? uring::Descriptor(users) : loop.working_dir();
  const char* const path = users ? account.login.c_str() : account.home.c_str();

  const std::uint16_t owner = server.credentials_of(exchange.roster(), account);

  const Conversation::HangUpInTime guard(exchange);
  const auto how = how_to_open_home(static_cast<bool>(users));
  const auto home = co_await loop.openat2(start, path, how).as(owner).until(exchange.deadline());
  if (!home) co_return std::unexpected(home.error());
  co_return co_await loop.openat2(*home, ".plan", how_to_open_plan)
      .as(owner)
      .until(exchange.deadline());
}

/// Where descriptors are short it waits for them, as newcomers do in the backlog.
uring::Task<Status> pause(Conversation& exchange) {
  uring::Canceller& closed = exchange.server().plan_closed();
  closed.reset();
  const auto paused = co_await exchange.loop()
                          .sleep(shortage_pause)
                          .until(exchange.deadline())
                          .cancelled_by(closed);
  if (!paused && paused.error() == uring::Error::timed_out) co_return paused;
  co_return Status();
}

/// True where a file system does not keep it.
bool is_same_birth(const struct ::statx& one, const struct ::statx& other) {
  if ((one.stx_mask & other.stx_mask & STATX_BTIME) == 0) return true;
  return one.stx_btime.tv_sec == other.stx_btime.tv_sec &&
         one.stx_btime.tv_nsec == other.stx_btime.tv_nsec;
}

/// The birth, too: the number of a file that is gone may be the next one's.
bool is_same_file(const struct ::statx& one, const struct ::statx& other) {
  return one.stx_ino == other.stx_ino && one.stx_dev_major == other.stx_dev_major &&
         one.stx_dev_minor == other.stx_dev_minor &&
         S_ISREG(one.stx_mode) == S_ISREG(other.stx_mode) && is_same_birth(one, other);
}

/// An account's plan, while it is open; or the right to open it.
class OpenPlan {
 public:
  OpenPlan(Conversation& exchange, const Account& account)
      : exchange_(exchange), account_(account) {}
  OpenPlan(const OpenPlan&) = delete;
  OpenPlan& operator=(const OpenPlan&) = delete;
  ~OpenPlan() { close(); }

  uring::Task<Status> open();

  /// After close(). Error: ESTALE, it is another file now.
  uring::Task<Status> open_again();

  void close() {
    if (std::exchange(permitted_, false)) exchange_.server().close_plan(std::move(file_));
  }

  const Fd& file() const { return file_; }
  bool is_regular() const { return S_ISREG(about_.stx_mode); }

  /// What it was known to have when it was opened.
  std::uint64_t size() const { return about_.stx_size; }

 private:
  Status keep(Fd file);

  Conversation& exchange_;
  const Account& account_;
  bool permitted_ = false;
  Fd file_;
  struct ::statx about_ {};
};

uring::Task<Status> OpenPlan::open() {
  while (true) {
    permitted_ = permitted_ || exchange_.server().take_plan();
    if (permitted_) {
      auto opened = co_await open_once(exchange_, account_);
      if (opened) co_return keep(std::move(*opened));
      if (!is_shortage(opened.error())) co_return std::unexpected(opened.error());
    }
    const auto paused = co_await pause(exchange_);
    if (!paused) co_return paused;
  }
}

uring::Task<Status> OpenPlan::open_again() {
  const auto before = about_;
  const auto opened = co_await open();
  if (!opened) co_return opened;
  if (!is_same_file(before, about_)) {
    co_return std::unexpected(std::error_code(ESTALE, std::system_category()));
  }
  co_return Status();
}

/// With what is known of it already: fstat(2) may ask the other end of a network, and would wait.
Status OpenPlan::keep(Fd file) {
  file_ = std::move(file);
  constexpr int flags = AT_EMPTY_PATH | AT_STATX_DONT_SYNC;
  constexpr unsigned what = STATX_TYPE | STATX_SIZE | STATX_INO | STATX_BTIME;
  if (::statx(file_.get(), "", flags, what, &about_) < 0) return common::last_error();
  return {};
}

/// O_NONBLOCK has done its duty at the open. Where a file system cannot tell beforehand whether a
/// read would wait, the ring now refuses to read, instead of waiting in a thread of its own.
void allow_waiting(const Fd& file) { (void)::fcntl(file.get(), F_SETFL, 0); }

std::size_t put(std::string_view text, std::span<std::byte> to) {
  std::memcpy(to.data(), text.data(), text.size());
  return text.size();
}

uring::Task<Result<std::size_t>> read_at(Conversation& exchange, const Fd& file,
                                         std::uint64_t offset, std::span<std::byte> to) {
  const Conversation::HangUpInTime guard(exchange);
  auto got = co_await exchange.loop().read(file, to, offset).until(exchange.deadline());
  if (!got && got.error() == std::errc::resource_unavailable_try_again) {
    allow_waiting(file);
    got = co_await exchange.loop().read(file, to, offset).until(exchange.deadline());
  }
  co_return got;
}

/// The buffer has room for `head`, for `No Plan.` and more.
uring::Task<Status> send_file(Conversation& exchange, OpenPlan& plan, std::string_view head,
                              std::span<std::byte> buffer) {
  CrlfConverter converter;
  std::size_t filled = put(head, buffer);
  std::uint64_t offset = 0;
  bool ended = false;
  while (!ended) {
    if (!plan.file()) {
      const auto opened = co_await plan.open_again();
      if (!opened) co_return opened;
    }
    const auto out = buffer.subspan(filled);
    const auto in = out.last(out.size() / CrlfConverter::growth_max);
    const auto got = co_await read_at(exchange, plan.file(), offset, in);
    if (!got) co_return std::unexpected(got.error());
    offset += *got;
    // A read falls short where the file ends: to ask once more would only be told so.
    ended = *got == 0 || (*got < in.size() && offset >= plan.size());

    filled += converter.convert(in.first(*got), out);
    if (ended) filled += converter.finish(buffer.subspan(filled));
    if (ended && converter.empty()) filled += put(no_plan, buffer.subspan(filled));

    // A peer may take its time. Meanwhile the last plan that may be open is somebody else's.
    if (ended || exchange.server().plans_are_short()) plan.close();
    const auto sent = co_await exchange.send(buffer.first(filled));
    if (!sent) co_return sent;
    filled = 0;
  }
  co_return Status();
}

uring::Task<Status> send_no_plan(Conversation& exchange, std::string_view head) {
  const auto text = std::string(head) += no_plan;
  co_return co_await exchange.send(std::as_bytes(std::span(text)));
}

}  // namespace

uring::Task<Status> send_plan(Conversation& exchange, const Account& account,
                              std::string_view head) {
  OpenPlan plan(exchange, account);
  const auto opened = co_await plan.open();
  if (!opened && says_no_plan(opened.error())) co_return co_await send_no_plan(exchange, head);
  if (!opened) co_return opened;
  if (!plan.is_regular()) co_return co_await send_no_plan(exchange, head);

  const auto lent = exchange.server().lend_buffer();
  if (head.size() > lent->size() / 2) {
    const auto sent = co_await exchange.send(std::as_bytes(std::span(head)));
    if (!sent) co_return sent;
    head = {};
  }
  co_return co_await send_file(exchange, plan, head, *lent);
}

}  // namespace finger
