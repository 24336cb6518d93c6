#include "finger/server/plan.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/openat2.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <span>
#include <utility>

#include "finger/accounts/gecos.h"
#include "finger/protocol/crlf.h"
#include "finger/protocol/utf8.h"
#include "finger/server/open_file.h"

namespace finger {
namespace {

using common::Fd;

/// Where a file is read and converted; it exists only while one is sent.
constexpr std::size_t plan_buffer_bytes = 16 * 1024;

/// A longer first line of a .project is cut, as the manual says.
constexpr std::size_t project_bytes_max = 1024;

/// The lines that come before a file, and its beginning, even if that is line feeds alone.
static_assert(2 * (full_name_bytes_max + project_bytes_max) +
                  CrlfConverter::growth_max * beginning_bytes <
              plan_buffer_bytes);

/// Below --users DIR nothing is followed, neither a symbolic link nor a mount: a FUSE file system
/// could keep us waiting for ever.
constexpr std::uint64_t beneath =
    RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS | RESOLVE_BENEATH | RESOLVE_NO_XDEV;

/// Finds what is at a file's place, and opens nothing: of a FIFO, a process that waits at its other
/// end would notice, and a device may do anything. A link is found as a link. The path to a home is
/// the administrator's, links and all.
constexpr open_how how_to_find(bool below_users) {
  return {
      .flags = O_PATH | O_NOFOLLOW | O_CLOEXEC, .mode = 0, .resolve = below_users ? beneath : 0};
}

/// Opens what was found, which is a regular file.
constexpr open_how how_to_open{.flags = O_RDONLY | O_CLOEXEC, .mode = 0, .resolve = 0};

std::unexpected<std::error_code> failed(int error) {
  return std::unexpected(std::error_code(error, std::system_category()));
}

/// Whether what was found may be opened. Errors: not_regular; symbolic_link; EXDEV, a mount.
Status check_kind(const struct statx& found) {
  if (S_ISLNK(found.stx_mode)) return failure(Error::symbolic_link);
  if ((found.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0) return failed(EXDEV);
  if (!S_ISREG(found.stx_mode)) return failure(Error::not_regular);
  return {};
}

/// From what is cached: fstat(2) may ask the other end of a network, and would wait.
Result<struct statx> look_at(const Fd& file) {
  struct statx about {};
  constexpr int flags = AT_EMPTY_PATH | AT_STATX_DONT_SYNC;
  if (::statx(file.get(), "", flags, STATX_BASIC_STATS, &about) < 0) return common::last_error();
  return about;
}

/// The lookup is not async(): nothing is opened, and inline the kernel only looks into its cache of
/// names. Where the cache does not have all of them, a thread of the kernel's asks the file system.
/// Errors: of openat2(2) and statx(2); home_refused; of check_kind(); timed_out.
uring::Task<Result<Fd>> look_up(Conversation& conversation, const Account& account, FileKind kind) {
  uring::Loop& loop = conversation.loop();
  const Fd& users = conversation.context().roster.users;
  const auto start = users ? uring::Descriptor(users) : loop.working_dir();
  if (account.home.empty()) co_return failed(ENOENT);  // it would be the root directory's
  const auto path = fmt::format("{}/{}", account.home, file_names[static_cast<std::size_t>(kind)]);
  const auto how = how_to_find(static_cast<bool>(users));
  auto found = co_await loop.openat2(start, path.c_str(), how)
                   .as(*account.owner)
                   .until(conversation.deadline());
  if (!found && found.error() == std::errc::permission_denied) {
    co_return failure(Error::home_refused);
  }
  if (!found) co_return std::unexpected(found.error());

  const auto about = look_at(*found);
  if (!about) co_return std::unexpected(about.error());
  if (const auto checked = check_kind(*about); !checked) co_return std::unexpected(checked.error());
  co_return std::move(*found);
}

/// Found first, then opened by the way that /proc has to what is found already: so it is the same
/// file, whatever its owner has put in its place meanwhile.
///
/// The open itself is async(): inline it would wait, in the thread that asks for it, for whatever
/// answers for FUSE or NFS, and on any disk for a virus scanner. fanotify(7)
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
  const auto about = look_at(*file);  // now: it may have become shorter since it was found
  if (!about) co_return std::unexpected(about.error());
  co_return std::make_shared<OpenFile>(conversation.context(), home, std::move(*file),
                                       about->stx_size);
}

/// Errors: of open() and begin(); empty_plan.
uring::Task<Result<SharedFile>> load(Conversation& conversation, Home& home, const Account& account,
                                     FileKind kind) {
  auto file = co_await open(conversation, home, account, kind);
  if (!file) co_return file;
  const auto begun = co_await (*file)->begin(conversation);
  if (!begun) co_return std::unexpected(begun.error());
  const bool is_empty = (*file)->is_whole() && (*file)->beginning().empty();
  if (is_empty) co_return failure(Error::empty_plan);
  co_return file;
}

uring::Task<Result<SharedFile>> load_or_share(Conversation& conversation, Home& home,
                                              const Account& account, FileKind kind) {
  co_return co_await home.load_or_share(
      kind, conversation.deadline(), [&, kind] { return load(conversation, home, account, kind); });
}

/// The line that the .project becomes, with its CRLF; empty: there is none. The file is let go of
/// before the next is asked for. Errors: of load(), where they say nothing about the file.
uring::Task<Result<std::string>> load_project(Conversation& conversation, Home& home,
                                              const Account& account) {
  const auto project = co_await load_or_share(conversation, home, account, FileKind::project);
  if (!project && says_no_plan(project.error())) co_return "";
  if (!project) co_return std::unexpected(project.error());
  const auto bytes = (*project)->beginning();
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  const auto line = beginning(text.substr(0, text.find_first_of("\r\n")), project_bytes_max);
  co_return line.empty() ? std::string() : fmt::format("Project: {}\r\n", line);
}

/// Sends `head` and the file.
uring::Task<Status> send_file(Conversation& conversation, Home& home, SharedFile file,
                              std::string_view head) {
  const auto owned = std::make_unique_for_overwrite<std::byte[]>(plan_buffer_bytes);
  const std::span buffer(owned.get(), plan_buffer_bytes);
  CrlfConverter converter;
  std::ranges::copy(std::as_bytes(std::span(head)), buffer.begin());
  std::size_t filled = head.size();
  filled += converter.convert(file->beginning(), buffer.subspan(filled));
  std::uint64_t offset = file->beginning().size();
  bool ended = file->is_whole();
  while (true) {
    if (ended) {
      file.reset();  // the last who needs the file closes it
      filled += converter.finish(buffer.subspan(filled));
    }
    const auto sent = co_await conversation.send(buffer.first(filled));
    if (!sent || ended) co_return sent;

    const auto lock = co_await home.lock(conversation.deadline());
    if (!lock) co_return std::unexpected(lock.error());
    const auto in = CrlfConverter::spare_part(buffer);
    const auto piece = co_await file->read(conversation, offset, in);
    if (!piece) co_return std::unexpected(piece.error());
    ended = piece->is_last;
    offset += piece->bytes;
    filled = converter.convert(in.first(piece->bytes), buffer);
  }
}

}  // namespace

uring::Task<Status> send_plan(Conversation& conversation, const Account& account, std::string head,
                              bool verbose) {
  auto& homes = conversation.context().homes;
  Home& home = homes.try_emplace(&account, conversation.loop()).first->second;
  const auto project = co_await load_project(conversation, home, account);
  if (!project) co_return std::unexpected(project.error());
  head += *project;
  if (verbose) {
    auto pubkey = co_await load_or_share(conversation, home, account, FileKind::pubkey);
    if (!pubkey && !says_no_plan(pubkey.error())) co_return std::unexpected(pubkey.error());
    if (pubkey) {
      const auto sent = co_await send_file(conversation, home, std::move(*pubkey), head);
      if (!sent) co_return sent;
      head.clear();
    }
  }
  auto plan = co_await load_or_share(conversation, home, account, FileKind::plan);
  if (!plan && says_no_plan(plan.error())) {
    conversation.note_no_plan(plan.error());
    head += no_plan;
    co_return co_await conversation.send(head);
  }
  if (!plan) co_return std::unexpected(plan.error());
  co_return co_await send_file(conversation, home, std::move(*plan), head);
}

}  // namespace finger
