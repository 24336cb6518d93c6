#include "finger/server/plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <span>
#include <utility>

#include "finger/accounts/gecos.h"
#include "finger/protocol/crlf.h"
#include "finger/protocol/utf8.h"
#include "finger/server/home_file.h"

namespace finger {
namespace {

/// Size of the buffer in which a file is read and converted, and which exists only during a send.
constexpr std::size_t plan_buffer_bytes = 16 * 1024;

/// A longer first line of a .project is cut, as the manual says.
constexpr std::size_t project_bytes_max = 1024;

/// The lines before a file fit, and its beginning, even if that is line feeds alone.
static_assert(2 * (full_name_bytes_max + project_bytes_max) +
                  CrlfConverter::growth_max * beginning_bytes <
              plan_buffer_bytes);

uring::Task<Result<SharedFile>> load_or_share(Conversation& conversation, Home& home,
                                              const Account& account, FileKind kind) {
  co_return co_await home.load_or_share(kind, conversation.deadline(), [&, kind] {
    return open_home_file(conversation, home, account, kind);
  });
}

/// The line made from the .project, with CRLF; empty if there is none. Lets go of the file before
/// the next one is opened. Errors: of open_home_file(), if they aren't about the file.
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
uring::Task<Status> send_file(Conversation& conversation, SharedFile file, std::string_view head) {
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
      file.reset();  // the last conversation that needs the file closes it
      filled += converter.finish(buffer.subspan(filled));
    }
    const auto sent = co_await conversation.send(buffer.first(filled));
    if (!sent || ended) co_return sent;

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
      const auto sent = co_await send_file(conversation, std::move(*pubkey), head);
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
  co_return co_await send_file(conversation, std::move(*plan), head);
}

}  // namespace finger
