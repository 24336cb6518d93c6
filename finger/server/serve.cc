#include "finger/server/serve.h"

#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "finger/server/answer.h"
#include "finger/server/conversation.h"
#include "finger/server/conversation_log.h"
#include "finger/server/plan.h"
#include "finger/server/query.h"
#include "finger/server/server.h"

namespace finger {
namespace {

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

/// Up to the end of the line, however it is sliced. Errors: of QueryReader, of receive().
uring::Task<Result<std::string_view>> read_line(Conversation& exchange, QueryReader& reader) {
  while (true) {
    const auto line = reader.line();
    if (!line) co_return std::unexpected(line.error());
    if (*line) co_return **line;

    const auto received = co_await exchange.receive(reader.space());
    if (!received) co_return std::unexpected(received.error());
    if (*received == 0) co_return std::unexpected(reader.finish().error());
    reader.commit(*received);
  }
}

/// Errors: those of the contract, whose text the peer has yet to be told; of send_plan().
uring::Task<Status> answer(Conversation& exchange, const Query& query) {
  const Options& options = exchange.server().options();
  const Roster& roster = exchange.roster();
  if (query.user.empty()) {
    if (!options.list) co_return failure(Error::list_denied);
    co_return co_await exchange.send(bytes_of(roster.list));
  }
  const Account* const account = roster.accounts.find(query.user);
  if (account == nullptr) co_return failure(Error::no_such_user);

  const bool with_name = query.verbose || options.full_name;
  const auto head = with_name ? name_line(*account) : std::string();
  co_return co_await send_plan(exchange, *account, head);
}

uring::Task<Status> converse(Conversation& exchange, QueryReader& reader) {
  const auto line = co_await read_line(exchange, reader);
  if (!line) co_return std::unexpected(line.error());
  const auto query = parse_query(*line);
  if (!query) co_return std::unexpected(query.error());
  co_return co_await answer(exchange, *query);
}

/// Whether time is up, or an answer that was begun ends here: it must not look as if it were whole.
bool breaks_off(const Conversation& exchange, const Status& ended) {
  if (ended || !text_for_peer(ended.error()).empty()) return false;
  return ended.error() == uring::Error::timed_out || exchange.sent_bytes() > 0;
}

}  // namespace

uring::Task<> serve(Server& server, common::Accepted accepted) {
  Conversation exchange(server, std::move(accepted));
  QueryReader reader;
  auto ended = co_await converse(exchange, reader);
  if (!ended) {
    if (const auto text = error_line(ended.error()); !text.empty()) {
      const auto told = co_await exchange.send(bytes_of(text));
      if (!told) ended = told;
    }
  }
  if (!server.options().quiet) log_exchange(exchange, reader.begun(), ended);
  if (breaks_off(exchange, ended)) {
    exchange.cut_off();
  } else {  // also after a failure inside, about which the peer is told nothing
    co_await exchange.close_gracefully();
  }
}

}  // namespace finger
