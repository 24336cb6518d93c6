#include "finger/server/plan.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>

#include <cassert>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "common/fd.h"
#include "finger/protocol/crlf.h"
#include "finger/server/homes_and_mounts.h"

namespace finger {
namespace {

using common::Fd;

/// So much of a plan is read as soon as it is open. It fits plan_buffer_bytes after any head, even
/// if it is line feeds alone.
constexpr std::size_t plan_beginning_bytes = 4 * 1024;

/// Below --users DIR nothing is followed, neither a symbolic link nor a mount: a FUSE file system
/// could keep us waiting for ever.
constexpr std::uint64_t beneath =
    RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS | RESOLVE_BENEATH | RESOLVE_NO_XDEV;

/// Finds what is at a plan's place, and opens nothing: of a FIFO, a process that waits at its other
/// end would notice, and a device may do anything. A link is found as a link. The path to a home is
/// the administrator's, links and all.
constexpr open_how how_to_find(bool below_users) {
  return {
      .flags = O_PATH | O_NOFOLLOW | O_CLOEXEC, .mode = 0, .resolve = below_users ? beneath : 0};
}

/// Opens what was found, which is a regular file. O_NONBLOCK: without it the open waits for an
/// owner who has a lease on it.
constexpr open_how how_to_open{.flags = O_RDONLY | O_NONBLOCK | O_CLOEXEC, .mode = 0, .resolve = 0};

/// Whether trying again makes sense once something has been closed, or a thread has ended: if the
/// kernel can make no thread for an open, it cancels it.
bool is_shortage(std::error_code error) {
  return error == std::errc::too_many_files_open ||
         error == std::errc::too_many_files_open_in_system ||
         error == std::errc::not_enough_memory || error == uring::Error::cancelled;
}

/// Whether what was found may be opened. Errors: not_regular; ELOOP, it is a link; EXDEV, a mount.
Status check(const struct statx& found) {
  const auto failed = [](int error) {
    return std::unexpected(std::error_code(error, std::system_category()));
  };
  if (S_ISLNK(found.stx_mode)) return failed(ELOOP);
  if ((found.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0) return failed(EXDEV);
  if (!S_ISREG(found.stx_mode)) return failure(Error::not_regular);
  return {};
}

/// Whether its owner has the right to read what was found. The mode says nothing about a plan that
/// is another's, or root's, which is opened with a stranger's rights.
bool owner_may_read(const struct statx& found, const Account& account) {
  const bool below_users = account.uid == static_cast<uid_t>(-1);
  const uid_t reader = below_users ? ::geteuid() : account.uid;
  return reader != 0 && found.stx_uid == reader && (found.stx_mode & S_IRUSR) != 0;
}

/// Before trying again. If the conversation itself was cancelled, it does not sleep either.
uring::Task<Status> pause(Conversation& conversation) {
  constexpr auto retry_pause = std::chrono::milliseconds(100);
  co_return co_await conversation.loop().sleep(retry_pause).until(conversation.deadline());
}

/// What is at a plan's place, not open, and its size.
struct Found {
  Fd path;
  std::uint64_t size = 0;
  bool owner_may_read = false;
};

/// To find a plan takes the right to search its home, and none to the plan itself.
std::error_code why_not_found(std::error_code error) {
  return error == std::errc::permission_denied ? make_error_code(Error::home_refused) : error;
}

/// Landlock does not mind that a file is found, only that it is opened.
std::error_code why_not_open(const Found& found, std::error_code error) {
  const bool is_refused = error == std::errc::permission_denied && found.owner_may_read;
  return is_refused ? make_error_code(Error::refused_to_owner) : error;
}

/// Not async(): nothing is opened, and inline the kernel only looks into its cache of names. Where
/// that does not have all of them, a thread of the kernel's asks the file system.
/// Errors: of openat2(2) and statx(2); home_refused; of check(); timed_out.
uring::Task<Result<Found>> find(Conversation& conversation, const Account& account,
                                std::uint16_t owner) {
  uring::Loop& loop = conversation.loop();
  const Fd& users = *conversation.roster().users;
  const auto start = users ? uring::Descriptor(users) : loop.working_dir();
  // Without a home it would be the root directory's.
  const bool has_home = users || !account.home.empty();
  if (!has_home) co_return std::unexpected(std::error_code(ENOENT, std::system_category()));
  const std::string path = (users ? account.login : account.home) + "/.plan";
  const auto how = how_to_find(static_cast<bool>(users));
  auto found =
      co_await loop.openat2(start, path.c_str(), how).as(owner).until(conversation.deadline());
  if (!found) co_return std::unexpected(why_not_found(found.error()));

  struct statx about {};
  // From what is cached: fstat(2) may ask the other end of a network, and would wait.
  constexpr int flags = AT_EMPTY_PATH | AT_STATX_DONT_SYNC;
  if (::statx(found->get(), "", flags, STATX_BASIC_STATS, &about) < 0) {
    co_return common::last_error();
  }
  if (const auto checked = check(about); !checked) co_return std::unexpected(checked.error());
  co_return Found{.path = std::move(*found),
                  .size = about.stx_size,
                  .owner_may_read = owner_may_read(about, account)};
}

/// A plan that is open, and its size when it was found.
struct Opened {
  Fd file;
  std::uint64_t size = 0;
};

/// Found first, then opened by the way that /proc has to what is found already: so it is the same
/// file, whatever its owner has put in its place meanwhile.
///
/// The open itself is async(): inline it would wait, in the thread that asks for it, for whatever
/// answers for FUSE or NFS, and on any disk for a virus scanner. fanotify(7)
uring::Task<Result<Opened>> open_once(Conversation& conversation, const Account& account) {
  uring::Loop& loop = conversation.loop();
  const std::uint16_t owner =
      conversation.context().owner.credentials_of(conversation.roster(), account);

  const Conversation::EndAtDeadline guard(conversation);
  const auto found = co_await find(conversation, account, owner);
  if (!found) co_return std::unexpected(found.error());
  const std::string way = fmt::format("/proc/self/fd/{}", found->path.get());
  auto file = co_await loop.openat2(loop.working_dir(), way.c_str(), how_to_open)
                  .as(owner)
                  .async()
                  .until(conversation.deadline());
  if (!file) co_return std::unexpected(why_not_open(*found, file.error()));
  co_return Opened{.file = std::move(*file), .size = found->size};
}

/// O_NONBLOCK was for the open. With it, where a file system cannot tell beforehand whether a read
/// would wait, the ring refuses to read instead of waiting in a thread of its own.
/// O_APPEND means nothing for a file that is only read. The filter of system calls permits this
/// value alone, since an intruder could take the flag from a log, and then overwrite it.
bool allow_waiting(const Fd& file) { return ::fcntl(file.get(), F_SETFL, O_APPEND) == 0; }
bool may_wait(const Fd& file) { return (::fcntl(file.get(), F_GETFL) & O_NONBLOCK) == 0; }

/// async(), since inline a read waits for a virus scanner, which may be asked before each.
uring::Task<Result<std::size_t>> read_at(Conversation& conversation, const Fd& file,
                                         std::uint64_t offset, std::span<std::byte> to) {
  const Conversation::EndAtDeadline guard(conversation);
  uring::Loop& loop = conversation.loop();
  while (true) {
    const auto got = co_await loop.read(file, to, offset).async().until(conversation.deadline());
    if (!got && got.error() == std::errc::resource_unavailable_try_again && !may_wait(file)) {
      if (!allow_waiting(file)) co_return got;
    } else if (!got && is_shortage(got.error())) {
      const auto slept = co_await pause(conversation);
      if (!slept) co_return std::unexpected(slept.error());
    } else {
      co_return got;
    }
  }
}

std::size_t put(std::string_view text, std::span<std::byte> to) {
  std::memcpy(to.data(), text.data(), text.size());
  return text.size();
}

}  // namespace

/// A plan that is open, and what it begins with. The clients that asked for it together share it.
class OpenPlan {
 public:
  OpenPlan(const Context& context, std::shared_ptr<Home> home, Opened opened)
      : context_(context),
        home_(std::move(home)),
        file_(std::move(opened.file)),
        size_(opened.size) {}
  OpenPlan(const OpenPlan&) = delete;
  OpenPlan& operator=(const OpenPlan&) = delete;
  ~OpenPlan() { close(); }

  /// Reads the first bytes; of a plan that is no longer than those, all. Errors: of read(2);
  /// timed_out.
  uring::Task<Status> begin(Conversation& conversation);

  /// Whether what was read at this offset, into a buffer of `room` bytes, is the plan's end.
  bool ends(std::uint64_t offset, std::size_t got, std::size_t room) const {
    // A short read ends at the end of the file: another read would only confirm it.
    return got == 0 || (got < room && offset + got >= size_);
  }

  common::ByteView beginning() const { return beginning_; }
  bool is_whole() const { return !file_; }
  bool is_empty() const { return is_whole() && beginning_.empty(); }
  const Fd& file() const { return file_; }

 private:
  void close() {
    if (file_) context_.owner.close_file(std::move(file_), home_);
  }

  const Context& context_;
  const std::shared_ptr<Home> home_;
  Fd file_;
  const std::uint64_t size_;
  std::unique_ptr<std::byte[]> buffer_;
  common::ByteView beginning_;  ///< In the buffer.
};

uring::Task<Status> OpenPlan::begin(Conversation& conversation) {
  buffer_ = std::make_unique_for_overwrite<std::byte[]>(plan_beginning_bytes);
  const std::span buffer(buffer_.get(), plan_beginning_bytes);
  const auto got = co_await read_at(conversation, file_, 0, buffer);
  if (!got) co_return std::unexpected(got.error());
  beginning_ = buffer.first(*got);
  if (ends(0, *got, plan_beginning_bytes)) close();  // submitted together with what is sent
  co_return Status();
}

namespace {

/// The open and the read are a trip to a thread of the kernel's each. Linked, they would be so all
/// the same: with deferred task work the second of a link is begun in the loop's thread, when the
/// first has completed there.
///
/// --max-clients is lowered to what the descriptors allow, so none may be left only where the
/// system is short of them, or where closes and deaf file systems keep what earlier clients opened.
/// Errors: of openat2(2), statx(2) and read(2); not_regular, home_refused, refused_to_owner;
/// timed_out.
uring::Task<Result<SharedPlan>> load(Conversation& conversation, std::shared_ptr<Home> home,
                                     const Account& account) {
  auto opened = co_await open_once(conversation, account);
  while (!opened && is_shortage(opened.error())) {
    const auto slept = co_await pause(conversation);
    if (!slept) co_return std::unexpected(slept.error());
    opened = co_await open_once(conversation, account);
  }
  if (!opened) co_return std::unexpected(opened.error());
  const auto plan =
      std::make_shared<OpenPlan>(conversation.context(), std::move(home), std::move(*opened));
  const auto begun = co_await plan->begin(conversation);
  if (!begun) co_return std::unexpected(begun.error());
  co_return plan;
}

/// The buffer has room for `head`, the plan's beginning and much more.
uring::Task<Status> send_file(Conversation& conversation, Home& home, SharedPlan plan,
                              std::string_view head, std::span<std::byte> buffer) {
  CrlfConverter converter;
  std::size_t filled = put(head, buffer);
  filled += converter.convert(plan->beginning(), buffer.subspan(filled));
  std::uint64_t offset = plan->beginning().size();
  bool ended = plan->is_whole();
  while (true) {
    if (ended) {
      plan.reset();  // the last who needs the file closes it
      filled += converter.finish(buffer.subspan(filled));
    }
    const auto sent = co_await conversation.send(buffer.first(filled));
    if (!sent || ended) co_return sent;

    const auto lock = co_await home.lock(conversation.deadline());
    if (!lock) co_return std::unexpected(lock.error());
    const auto in = CrlfConverter::spare_part(buffer);
    const auto got = co_await read_at(conversation, plan->file(), offset, in);
    if (!got) co_return std::unexpected(got.error());
    ended = plan->ends(offset, *got, in.size());
    offset += *got;
    filled = converter.convert(in.first(*got), buffer);
  }
}

uring::Task<Status> send_no_plan(Conversation& conversation, std::string_view head,
                                 std::error_code why) {
  conversation.note_no_plan(why);
  const auto text = std::string(head) += no_plan;
  co_return co_await conversation.send(std::as_bytes(std::span(text)));
}

}  // namespace

uring::Task<Status> send_plan(Conversation& conversation, const Account& account,
                              std::string_view head) {
  assert(head.size() < plan_buffer_bytes / 2);
  const auto home = conversation.context().homes.of(account);
  auto plan = co_await home->load_or_share(conversation.deadline(),
                                           [&] { return load(conversation, home, account); });
  if (!plan && says_no_plan(plan.error())) {
    co_return co_await send_no_plan(conversation, head, plan.error());
  }
  if (!plan) co_return std::unexpected(plan.error());
  if ((*plan)->is_empty()) co_return co_await send_no_plan(conversation, head, Error::empty_plan);

  const auto buffer = std::make_unique_for_overwrite<std::byte[]>(plan_buffer_bytes);
  co_return co_await send_file(conversation, *home, std::move(*plan), head,
                               {buffer.get(), plan_buffer_bytes});
}

}  // namespace finger
