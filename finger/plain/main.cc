// The finger daemon, plain: everything that a query needs, in coroutines on the loop, in one file
// to be read from top to bottom. finger/server has the same daemon, hardened.
// Try it: ./fingerd-plain --port 7979 --users finger/users   then, in another terminal:
//         printf 'alice\r\n' | ncat 127.0.0.1 7979

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "common/net/accept.h"
#include "common/net/listen.h"
#include "common/server/limits_and_timeouts.h"
#include "common/server/options.h"
#include "common/server/process.h"
#include "finger/accounts/accounts.h"
#include "finger/accounts/user_list.h"
#include "finger/protocol/crlf.h"
#include "finger/protocol/error.h"
#include "finger/protocol/query.h"
#include "uring/loop.h"
#include "uring/scope.h"
#include "uring/wait/deadline.h"

namespace {

using common::Fd;
using finger::Account;
using finger::Result;
using finger::Status;
using uring::Task;
using namespace std::chrono_literals;

/// What all conversations share.
struct Daemon {
  uring::Loop& loop;
  std::chrono::milliseconds timeout;
  Fd users;  ///< The directory of --users.
  finger::Accounts accounts;
};

/// One client, from accept to close. A single deadline holds for all of it.
struct Conversation {
  Conversation(Daemon& shared, Fd accepted)
      : daemon(shared),
        client(std::move(accepted)),
        deadline(daemon.loop, daemon.loop.now() + daemon.timeout) {}

  Daemon& daemon;
  uring::Loop& loop = daemon.loop;
  Fd client;
  uring::Deadline deadline;
};

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

// [receive]
/// The query without its end, however many receives it takes. Errors: of QueryReader, of recv(2).
Task<Result<std::string_view>> receive_line(Conversation& conversation,
                                            finger::QueryReader& reader) {
  while (true) {
    const auto line = reader.line();
    if (!line) co_return std::unexpected(line.error());
    if (*line) co_return **line;

    const auto received = co_await conversation.loop.recv(conversation.client, reader.space())
                              .until(conversation.deadline);
    if (!received) co_return std::unexpected(received.error());
    if (*received == 0) co_return std::unexpected(reader.finish().error());
    reader.commit(*received);
  }
}

Task<Status> send_all(Conversation& conversation, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const auto sent = co_await conversation.loop.send(conversation.client, bytes, MSG_WAITALL)
                          .until(conversation.deadline);
    if (!sent) co_return std::unexpected(sent.error());
    bytes = bytes.subspan(*sent);
  }
  co_return Status();
}
// [/receive]

// [open]
/// A user may put anything in the place of a plan. No link is followed, wherever it leads; a FIFO
/// is opened without waiting for a process that writes to it.
constexpr open_how how_to_open_home{.flags = O_PATH | O_DIRECTORY | O_CLOEXEC,
                                    .mode = 0,
                                    .resolve = RESOLVE_NO_SYMLINKS | RESOLVE_BENEATH};
constexpr open_how how_to_open_plan{.flags = O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC,
                                    .mode = 0,
                                    .resolve = RESOLVE_NO_SYMLINKS | RESOLVE_BENEATH};

/// The plan of this account, if it is a regular file with something in it. Errors: of openat2(2),
/// of fstat(2), not_regular, empty_plan; timed_out.
Task<Result<Fd>> open_plan(Conversation& conversation, const Account& account) {
  uring::Loop& loop = conversation.loop;
  const Fd& users = conversation.daemon.users;
  const auto home = co_await loop.openat2(users, account.login.c_str(), how_to_open_home)
                        .until(conversation.deadline);
  if (!home) co_return std::unexpected(home.error());
  auto plan = co_await loop.openat2(*home, ".plan", how_to_open_plan).until(conversation.deadline);
  if (!plan) co_return std::unexpected(plan.error());

  struct stat about {};
  if (::fstat(plan->get(), &about) < 0) co_return common::last_error();
  if (!S_ISREG(about.st_mode)) co_return finger::failure(finger::Error::not_regular);
  if (about.st_size == 0) co_return finger::failure(finger::Error::empty_plan);
  if (::fcntl(plan->get(), F_SETFL, 0) < 0) co_return common::last_error();
  co_return std::move(*plan);
}
// [/open]

// [send]
/// The plan after `head`, in pieces: of a long plan, no more than one piece is in memory.
Task<Status> send_plan(Conversation& conversation, const Account& account, std::string head) {
  const auto plan = co_await open_plan(conversation, account);
  if (!plan && !finger::says_no_plan(plan.error())) co_return std::unexpected(plan.error());
  if (!plan) head += finger::no_plan;
  const auto begun = co_await send_all(conversation, bytes_of(head));
  if (!begun || !plan) co_return begun;

  finger::CrlfConverter converter;
  std::array<std::byte, 8192> buffer;
  const auto in = finger::CrlfConverter::spare_part(buffer);
  std::uint64_t offset = 0;
  while (true) {
    const auto got =
        co_await conversation.loop.read(*plan, in, offset).until(conversation.deadline);
    if (!got) co_return std::unexpected(got.error());
    offset += *got;
    const bool ended = *got == 0;
    const std::size_t filled =
        ended ? converter.finish(buffer) : converter.convert(in.first(*got), buffer);
    const auto sent = co_await send_all(conversation, std::span(buffer).first(filled));
    if (!sent || ended) co_return sent;
  }
}
// [/send]

// [serve]
/// Errors: those that the client is told; of send_all().
Task<Status> answer(Conversation& conversation) {
  finger::QueryReader reader;
  const auto line = co_await receive_line(conversation, reader);
  if (!line) co_return std::unexpected(line.error());
  const auto query = finger::parse_query(*line);
  if (!query) co_return std::unexpected(query.error());

  const finger::Accounts& accounts = conversation.daemon.accounts;
  if (query->user.empty()) {
    const std::string list = finger::list_answer(accounts, false);
    co_return co_await send_all(conversation, bytes_of(list));
  }
  const Account* const account = accounts.find(query->user);
  if (account == nullptr) co_return finger::failure(finger::Error::no_such_user);
  std::string head;
  if (query->verbose) head = finger::name_line(*account);
  co_return co_await send_plan(conversation, *account, std::move(head));
}

/// Ends our side of the stream, then discards what the client still sends, until it ends its own or
/// its time is up: closing with unread input sends a reset, which destroys an answer on its way.
Task<> close_gracefully(Conversation& conversation) {
  if (::shutdown(conversation.client.get(), SHUT_WR) < 0) co_return;  // ENOTCONN: it has gone
  std::array<std::byte, 4096> discarded;
  while (true) {
    const auto received = co_await conversation.loop.recv(conversation.client, discarded)
                              .until(conversation.deadline);
    if (!received || *received == 0) co_return;
  }
}

/// One client: its query, its answer or an error, its end.
Task<> serve(Daemon& daemon, Fd client) {
  Conversation conversation(daemon, std::move(client));
  const auto answered = co_await answer(conversation);
  if (!answered) {
    const std::string line = finger::error_line(answered.error());
    if (line.empty()) co_return;  // the client has gone or is too slow, or we have failed
    const auto told = co_await send_all(conversation, bytes_of(line));
    if (!told) co_return;
  }
  co_await close_gracefully(conversation);
}

/// Accepts for ever. Errors: of accept(2), if it is neither the client's nor a shortage.
Task<Status> accept_clients(Daemon& daemon, const Fd& listener) {
  uring::Scope conversations(daemon.loop);
  while (true) {
    auto accepted = co_await daemon.loop.accept(listener);
    if (accepted) {
      conversations.spawn(serve(daemon, std::move(accepted->fd)));
    } else if (common::is_transient_accept_error(accepted.error())) {
      (void)co_await daemon.loop.sleep(common::shortage_pause);
    } else {
      co_return std::unexpected(accepted.error());
    }
  }
}
// [/serve]

int complain(std::string_view what, std::error_code error) {
  return common::complain(std::string(what) + ": " + error.message());
}

}  // namespace

int main(int argc, char** argv) {
  common::Options options;
  options.port = 79;
  std::string users = "finger/users";
  std::chrono::milliseconds timeout = 10s;
  const common::Program program{
      .name = "fingerd-plain",
      .summary = "Answers finger queries (RFC 1288) with DIR/NAME/.plan.",
      .options = {common::address_option("--host", "address to listen on", options.host),
                  common::number_option("--port", "N", "port to listen on", options.port, 0,
                                        std::numeric_limits<std::uint16_t>::max()),
                  {.name = "--users",
                   .value_name = "DIR",
                   .fallback = users,
                   .meaning = "serve DIR/NAME/.plan",
                   .takes = "the name of a directory",
                   .set =
                       [&users](std::string_view name) {
                         users = name;
                         return !name.empty();
                       }},
                  common::duration_option("--deadline", "for a whole conversation", timeout)}};
  if (const auto status = common::parse_options(argc, argv, program)) return *status;
  common::prepare_process(common::default_max_connections);

  Fd directory(::open(users.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!directory) return complain(users, common::last_error().error());
  auto accounts = finger::Accounts::of_directory(directory, users);
  if (!accounts) return complain(users, accounts.error());
  const auto listener = common::listen_on(options.address(), common::SocketMode::blocking);
  if (!listener) return common::report_failure(options, listener.error());
  const auto loop = uring::Loop::create({});
  if (!loop) return common::complain(uring::why_no_ring(loop.error()));

  Daemon daemon{**loop, timeout, std::move(directory), std::move(*accounts)};
  common::announce(common::Address::of_socket(*listener)->to_string());
  const auto ended = (*loop)->run(accept_clients(daemon, *listener));
  return complain("cannot accept", ended.error());
}
