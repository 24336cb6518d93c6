#include "server.h"

#include <cassert>
#include <utility>

#include "common/http/protocol.h"
#include "common/server/limits_and_timeouts.h"
#include "common/session.h"
#include "in_place_echo.h"

namespace stage {
namespace {

/// Serves one client until it leaves, breaks the protocol or is slower than the limits allow.
/// Returns why it ended; no error: between two messages, as a client should leave.
/// Part 1 takes any Session by reference. Here it is in serve_client()'s frame, without an
/// allocation; its type is known, and take() is not a virtual call.
template <typename Session>
uring::Task<common::Status> serve(Connection& connection, Session& session) {
  common::SendBuffer& output = connection.output();
  while (!session.finished()) {  // an echo session never is; HTTP's may be
    const auto received = co_await connection.receive();
    if (!received) co_return std::unexpected(received.error());
    if (received->empty()) co_return session.end_of_stream();

    const auto completed = session.take(*received, output);
    // Sent even after an error: the messages before it get their answers.
    connection.send_all(output.view());  // which the next receive() submits
    output.clear();
    if (!completed) co_return std::unexpected(completed.error());
    if (*completed > 0) connection.restart_timeout();
  }
  co_return {};
}

/// Whether serve() has returned only to give its coroutine back.
bool gives_way(const common::Status& outcome) {
  return !outcome && outcome.error() == too_many_wait;
}

}  // namespace

/// Serves a peer that has sent something, until it has left, or until too many conversations wait:
/// coroutine and session then go, and are made anew when bytes come.
template <typename Session, typename... Arguments>
uring::Task<> Server::serve_client(Connection& connection, Arguments... arguments) {
  Session session(arguments...);
  ++context_.conversations_count;
  common::Status outcome;
  do {
    outcome = co_await serve(connection, session);
    // Inside a message the session is needed. The next receive() waits: too_many_wait comes again
    // only when a message has been completed.
  } while (gives_way(outcome) && session.inside_message());
  --context_.conversations_count;
  if (gives_way(outcome)) {
    connection.wait_for_input();
    co_return;
  }

  if (const auto sent = co_await connection.flush(); !sent) outcome = sent;
  // Our stop may have cut a message short.
  const bool goodbye =
      outcome || (context_.draining && outcome.error() == common::Error::cut_short);
  const auto reason = goodbye ? std::error_code() : outcome.error();
  log_.closed(connection.peer(), reason, session.inside_message());
  co_await connection.close_gracefully();
  close(connection);
}

common::Result<std::unique_ptr<Server>> Server::create(const Options& options,
                                                       ring_server::Shared& shared,
                                                       const std::string& trace_file,
                                                       common::Fd listener,
                                                       const common::Fd& wake) {
  const uring::Setup& setup = options.ring;
  auto loop = uring::Loop::create(setup, trace_file.empty() ? nullptr : trace_file.c_str());
  if (!loop) return std::unexpected(loop.error());
  auto buffers = uring::Buffers::create(**loop, setup.buffers, setup.buffer_bytes);
  if (!buffers) return std::unexpected(buffers.error());
  auto listeners = std::make_shared<std::vector<common::Fd>>(1);
  listeners->front() = std::move(listener);
  return std::unique_ptr<Server>(new Server(options, shared, std::move(*loop), std::move(*buffers),
                                            std::move(listeners), wake));
}

Server::Server(const Options& options, ring_server::Shared& shared,
               std::unique_ptr<uring::Loop> loop, std::unique_ptr<uring::Buffers> buffers,
               ring_server::SharedListeners listeners, const common::Fd& wake)
    : LoopServer(shared, std::move(loop), std::move(listeners), wake),
      options_(options),
      log_(options.verbose),
      buffers_(std::move(buffers)),
      context_{.loop = this->loop(),
               .buffers = *buffers_,
               .read_timeout = common::loop_read_timeout(options.read_timeout),
               .owner = *this} {}

uring::Task<> Server::converse(Connection& connection) {
  return common::visit_protocol<InPlaceEchoSession>(
      options_.protocol, options_.max_message, [&]<typename Session>(auto... arguments) {
        return serve_client<Session>(connection, arguments...);
      });
}

void Server::begin(uring::Scope& conversations, uring::Scope& tasks) {
  context_.conversations = &conversations;
  background().spawn(tasks, enforce_read_timeout());
}

void Server::abandon() {
  context_.conversations = nullptr;  // what else has come in this turn starts none
}

void Server::add(ring_server::Admitted admitted) {
  log_.opened(admitted.accepted.peer);
  const auto token = clients_.emplace(context_, std::move(admitted));
  clients_.find(token)->connection.open(token);
}

void Server::close(Connection& connection) {
  assert(context_.output.empty());  // or one client would get what is for another
  clients_.erase(connection.token());
  one_has_left();
}

/// Every deadline is the same time away when it is set. So while this sleeps, no new one can be due
/// before the first that was in the list or, if it was empty, before a whole time bound from now.
uring::Task<common::Status> Server::enforce_read_timeout() {
  uring::Loop& loop = context_.loop;
  common::DeadlineList& deadlines = context_.deadlines;
  while (true) {
    const auto next = deadlines.soonest().value_or(loop.now() + context_.read_timeout);
    if (const auto slept = co_await loop.sleep_until(next); !slept) co_return slept;
    // Bytes that arrived by now still count, also those that came together with the end of this
    // sleep: before a deadline passes, the loop collects all that has come.
    uring::Deadline over(loop, next);
    if (const auto passed = co_await over.passed(); !passed) co_return passed;
    if (context_.draining) co_return {};  // every stream ends now
    while (const auto token = deadlines.overdue(loop.now()))
      clients_.find(*token)->connection.expire();
  }
}

void Server::begin_drain() {
  context_.draining = true;
  clients_.for_each([](common::Token, Client& client) { client.connection.begin_drain(); });
  context_.lingering.cancel();
}

}  // namespace stage
