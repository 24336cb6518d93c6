#include "finger/server/conversation.h"

#include <string>
#include <string_view>
#include <utility>

#include "finger/accounts/accounts.h"
#include "finger/protocol/error.h"
#include "finger/protocol/query.h"
#include "finger/server/plan.h"

namespace finger {
namespace {

/// Errors: those that the peer must still be told; of send_plan().
uring::Task<Status> answer(Conversation& conversation, const Query& query) {
  const Options& options = conversation.context().options;
  const Roster& roster = conversation.context().roster;
  const bool is_for_another = query.host && !conversation.was_asked_at(*query.host);
  if (is_for_another) co_return failure(Error::relay_denied);
  if (query.user.empty()) {
    if (!options.list) co_return failure(Error::list_denied);
    co_return co_await conversation.send(roster.list);
  }
  const Account* const account = roster.accounts.find(query.user);
  if (account == nullptr) co_return failure(Error::no_such_user);

  const bool with_name = query.verbose || options.full_name;
  auto head = with_name ? name_line(*account) : std::string();
  co_return co_await send_plan(conversation, *account, std::move(head), query.verbose);
}

uring::Task<Status> converse(Conversation& conversation, QueryReader& reader) {
  const auto line = co_await conversation.read_line(reader);
  if (!line) co_return std::unexpected(line.error());
  const auto query = parse_query(*line);
  if (!query) co_return std::unexpected(query.error());
  co_return co_await answer(conversation, *query);
}

}  // namespace

uring::Task<> serve(Conversation& conversation) {
  QueryReader reader;
  auto ended = co_await converse(conversation, reader);
  if (!ended) {
    if (const auto text = error_line(ended.error()); !text.empty()) {
      const auto told = co_await conversation.send(text);
      if (!told) ended = told;
    }
  }
  co_await conversation.end(ended);
}

}  // namespace finger
