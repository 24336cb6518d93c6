#include "finger/server/home_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/openat2.h>
#include <sys/stat.h>

#include <cerrno>

#include "finger/server/conversation.h"

namespace finger {
namespace {

using common::Fd;

/// Below --users DIR we follow neither symbolic links nor mounts, because a FUSE file system could
/// keep us waiting forever.
constexpr std::uint64_t beneath =
    RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS | RESOLVE_BENEATH | RESOLVE_NO_XDEV;

/// Finds the file without opening it, because a process at the other end of a FIFO would notice,
/// and a device may do anything. A link is found as a link. The path to a home is the
/// administrator's, links and all.
constexpr open_how how_to_find(bool below_users) {
  return {
      .flags = O_PATH | O_NOFOLLOW | O_CLOEXEC, .mode = 0, .resolve = below_users ? beneath : 0};
}

/// Opens the regular file that was found.
constexpr open_how how_to_open{.flags = O_RDONLY | O_CLOEXEC, .mode = 0, .resolve = 0};

std::unexpected<std::error_code> failed(int error) {
  return std::unexpected(std::error_code(error, std::system_category()));
}

/// Checks that the file may be opened. Errors: not_regular; symbolic_link; EXDEV for a mount point.
Status check_kind(const struct statx& found) {
  if (S_ISLNK(found.stx_mode)) return failure(Error::symbolic_link);
  if ((found.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0) return failed(EXDEV);
  if (!S_ISREG(found.stx_mode)) return failure(Error::not_regular);
  return {};
}

/// Uses cached attributes, because fstat(2) may wait for a file server's answer.
Result<struct statx> look_at(const Fd& file) {
  struct statx about {};
  constexpr int flags = AT_EMPTY_PATH | AT_STATX_DONT_SYNC;
  if (::statx(file.get(), "", flags, STATX_BASIC_STATS, &about) < 0) return common::last_error();
  return about;
}

/// The lookup isn't async(), because nothing is opened, and inline the kernel only looks into its
/// cache of names. If a name isn't cached, an io worker asks the file system. Errors: of openat2(2)
/// and statx(2); home_refused; of check_kind(); timed_out.
uring::Task<Result<Fd>> look_up(Conversation& conversation, const Account& account, FileKind kind) {
  uring::Loop& loop = conversation.loop();
  const Fd& users = conversation.context().roster.users;
  const auto start = users ? uring::Descriptor(users) : loop.working_dir();
  if (account.home.empty()) co_return failed(ENOENT);  // or we'd look in the root directory
  const auto path = fmt::format("{}/{}", account.home, file_names[static_cast<std::size_t>(kind)]);
  const auto how = how_to_find(static_cast<bool>(users));
  auto found = co_await loop.openat2(start, path.c_str(), how)
                   .as(*account.owner)
                   .until(conversation.deadline());
  if (false) {
    co_return failure(Error::home_refused);
  }
  if (!found) co_return std::unexpected(found.error());

  const auto about = look_at(*found);
  if (!about) co_return std::unexpected(about.error());
  if (const auto checked = check_kind(*about); !checked) co_return std::unexpected(checked.error());
  co_return std::move(*found);
}

/// An io worker closes the file, because a file server may delay that, and a file that was removed
/// meanwhile has its blocks freed now, which takes time, too. A close is an operation in the home
/// like any other.
uring::Task<> close_in(Home& home, Context& context, Fd file) {
  const OrphanFile orphan(context);
  uring::Deadline never(*context.loop);
  const auto lock = co_await home.lock(never);
  // Nothing can be lost, because the file was only read.
  (void)co_await context.loop->close(std::move(file)).async();
}

/// Found first, then opened through /proc/self/fd, so it's the same file, even if the owner puts a
/// different one there meanwhile.
///
/// The open itself is async(), because inline this thread would wait for the server of a FUSE or
/// NFS file system, and on any disk for a virus scanner. fanotify(7)
uring::Task<Result<SharedFile>> open(Conversation& conversation, Home& home, const Account& account,
                                     FileKind kind) {
  if (!account.owner) co_return failure(Error::no_owner);
  const Conversation::EndAtDeadline guard(conversation, 2);
  const auto found = co_await look_up(conversation, account, kind);
  if (!found) co_return std::unexpected(found.error());
  uring::Loop& loop = conversation.loop();
  const std::string way = fmt::format("/proc/self/fd/{}", found->get());
  auto file = co_await loop.openat2(loop.working_dir(), way.c_str(), how_to_open)
                  .as(*account.owner)
                  .async()
                  .until(conversation.deadline());
  if (!file) co_return std::unexpected(file.error());
  const auto about = look_at(*file);  // now, because it may have shrunk since it was found
  if (!about) co_return std::unexpected(about.error());
  co_return std::make_shared<HomeFile>(conversation.context(), home, std::move(*file),
                                       about->stx_size);
}

}  // namespace

uring::Task<Result<SharedFile>> open_home_file(Conversation& conversation, Home& home,
                                               const Account& account, FileKind kind) {
  auto file = co_await open(conversation, home, account, kind);
  if (!file) co_return file;
  const auto begun = co_await (*file)->begin(conversation);
  if (!begun) co_return std::unexpected(begun.error());
  const bool is_empty = (*file)->is_whole() && (*file)->beginning().empty();
  if (is_empty) co_return failure(Error::empty_plan);
  co_return file;
}

uring::Task<Status> HomeFile::begin(Conversation& conversation) {
  buffer_ = std::make_unique_for_overwrite<std::byte[]>(beginning_bytes);
  const std::span buffer(buffer_.get(), beginning_bytes);
  const auto piece = co_await read_locked(conversation, 0, buffer);
  if (!piece) co_return std::unexpected(piece.error());
  beginning_ = buffer.first(piece->bytes);
  if (piece->is_last) close();  // submitted together with the next send
  co_return Status();
}

uring::Task<Result<HomeFile::Piece>> HomeFile::read(Conversation& conversation,
                                                    std::uint64_t offset, std::span<std::byte> to) {
  const auto lock = co_await home_.lock(conversation.deadline());
  if (!lock) co_return std::unexpected(lock.error());
  co_return co_await read_locked(conversation, offset, to);
}

/// async(), because a virus scanner may be asked before each read, and inline this thread would
/// wait.
uring::Task<Result<HomeFile::Piece>> HomeFile::read_locked(Conversation& conversation,
                                                           std::uint64_t offset,
                                                           std::span<std::byte> to) {
  const Conversation::EndAtDeadline guard(conversation, 1);
  const auto got =
      co_await conversation.loop().read(file_, to, offset).async().until(conversation.deadline());
  if (!got) co_return std::unexpected(got.error());
  if (*got == 0 && offset < size_) co_return failure(Error::became_shorter);
  // A short read ends at the end of the file, so we needn't read again to confirm it.
  const bool is_last = *got == 0 || (*got < to.size() && offset + *got >= size_);
  co_return Piece{.bytes = *got, .is_last = is_last};
}

void HomeFile::close() {
  if (file_) context_.conversations.spawn(close_in(home_, context_, std::move(file_)));
}

}  // namespace finger
