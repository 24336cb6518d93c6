#include "server.h"

#include <cassert>
#include <chrono>
#include <functional>
#include <string_view>
#include <utility>

#include "common/http/protocol.h"
#include "common/server/constants.h"
#include "common/session.h"
#include "in_place_echo.h"
#include "ring_server/probes.h"
#include "ring_server/proxied.h"
#include "uring/deadline.h"
#include "uring/scope.h"

namespace stage {
namespace {

/// How a connection ends.
enum class Outcome { left, timed_out, cut_short, too_long, malformed, failed };

constexpr std::string_view outcomes[] = {"left",     "timed_out", "cut_short",
                                         "too_long", "malformed", "failed"};

Outcome outcome_of(std::error_code reason) {
  if (!reason) return Outcome::left;
  if (reason == common::Error::timed_out) return Outcome::timed_out;
  if (reason == common::Error::cut_short) return Outcome::cut_short;
  if (reason == common::Error::too_long) return Outcome::too_long;
  if (reason == common::Error::malformed) return Outcome::malformed;
  return Outcome::failed;
}

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
    if (const auto sent = co_await connection.send_all(output.view()); !sent) co_return sent;
    output.clear();
    if (!completed) co_return std::unexpected(completed.error());
    if (*completed > 0) connection.restart_timeout();
  }
  co_return {};
}

/// Whether `serve` has returned only to give its coroutine back: too many of them were waiting.
bool asked_to_rest(const common::Status& outcome) {
  return !outcome && outcome.error() == std::errc::operation_would_block;
}

}  // namespace

/// Serves a peer that has sent something, until it has left or may rest: coroutine and session then
/// go, and are made anew when bytes come.
template <typename Session, typename... Arguments>
uring::Task<> Server::serve_client(Connection& connection, Arguments... arguments) {
  Session session(arguments...);
  ++context_.conversations_count;
  common::Status outcome;
  do {
    outcome = co_await serve(connection, session);
    // Inside a message it must not rest; the next receive() waits, since may_rest_ is off until a
    // message is completed.
  } while (asked_to_rest(outcome) && session.inside_message());
  --context_.conversations_count;
  if (asked_to_rest(outcome)) {
    connection.rest();
    co_return;
  }

  if (const auto sent = co_await connection.flush(); !sent) outcome = sent;
  // Our stop may have cut a message short.
  const bool goodbye =
      outcome || (context_.draining && outcome.error() == common::Error::cut_short);
  const auto reason = goodbye ? std::error_code() : outcome.error();
  log_.closed(connection.peer(), reason, session.inside_message());
  const auto ended = static_cast<std::size_t>(outcome_of(reason));
  counters_.outcomes[ended].add();
  uring::probes::ended(&connection, outcomes[ended]);
  co_await connection.close_gracefully();
  close(connection);
}

uring::MetricsProfile Server::metrics_profile() {
  return {.prefix = "echo",
          .exchange = "connections_ended_total",
          .outcomes = outcomes,
          .answers = true,
          .buffers = true};
}

common::Result<std::unique_ptr<Server>> Server::create(Shared& shared, std::size_t i,
                                                       const std::string& trace_file,
                                                       common::Fd listener,
                                                       const common::Fd& wake) {
  const uring::Setup& setup = shared.options.ring;
  auto loop = uring::Loop::create(setup, trace_file.empty() ? nullptr : trace_file.c_str());
  if (!loop) return std::unexpected(loop.error());
  auto buffers = uring::Buffers::create(**loop, setup.buffers, setup.buffer_bytes);
  if (!buffers) return std::unexpected(buffers.error());
  return std::unique_ptr<Server>(
      new Server(shared, i, std::move(*loop), std::move(*buffers), std::move(listener), wake));
}

Server::Server(Shared& shared, std::size_t i, std::unique_ptr<uring::Loop> loop,
               std::unique_ptr<uring::Buffers> buffers, common::Fd listener, const common::Fd& wake)
    : shared_(shared),
      counters_(shared.metrics.of_worker(i)),
      is_first_(i == 0),
      options_(shared.options),
      log_(options_.verbose),
      loop_(std::move(loop)),
      buffers_(std::move(buffers)),
      listener_(std::move(listener)),
      background_(*loop_, wake),
      acceptor_(*loop_, listener_, shared.connection_limit, background_),
      context_{.loop = *loop_,
               .buffers = *buffers_,
               .read_timeout = common::loop_read_timeout(options_.read_timeout)} {
  context_.make_conversation = [this](Connection& connection) {
    return common::visit_protocol<InPlaceEchoSession>(
        options_.protocol, options_.max_message, [&]<typename Session>(auto... arguments) {
          return serve_client<Session>(connection, arguments...);
        });
  };
  loop_->at_end_of_turn([this] { publish(); });
}

common::Status Server::run(uring::LogWriter* log_writer) {
  if (log_writer == nullptr) return loop_->run(work());
  return loop_->run(log_writer->write_during(*loop_, work()));
}

uring::Task<common::Status> Server::work() {
  uring::Scope conversations(*loop_);
  context_.conversations = &conversations;
  uring::Scope tasks(*loop_);
  background_.run(tasks, background_.watch_eventfd());
  background_.run(tasks, enforce_read_timeout());
  uring::Scope headers(*loop_);
  awaiting_header_ = &headers;

  co_await accept_clients();
  while (!shared_.stopping && !background_.fault() && headers.size() + clients_.size() > 0) {
    (void)co_await background_.change();
  }
  if (background_.fault()) {
    context_.conversations = nullptr;  // what else has come in this turn starts none
    co_return std::unexpected(background_.fault());
  }
  tasks.cancel();
  co_await tasks.join();
  headers.cancel();
  co_await headers.join();
  begin_drain();
  while (clients_.size() > 0) (void)co_await background_.change();
  co_await conversations.join();
  co_return {};
}

/// Until the server is to stop, or a successor accepts.
uring::Task<> Server::accept_clients() {
  uring::Scope accepting(*loop_);
  background_.run(accepting, acceptor_.accept_each(std::bind_front(&Server::admit, this)));
  // No longer than it accepts: after that it may have a successor, which counts from 0.
  if (is_first_) shared_.metrics.run(*loop_, accepting, background_);
  while (!shared_.stopping && !shared_.retiring && !background_.fault()) {
    (void)co_await background_.change();
  }
  // Closed while the ring polls it, the listener would stay open, and nothing would accept from it.
  accepting.cancel();
  co_await accepting.join();
  listener_ = common::Fd();  // without a successor, what waits in the backlog is turned away
}

void Server::admit(common::Accepted accepted) {
  if (!options_.proxies.contains(accepted.peer)) return add(std::move(accepted));
  awaiting_header_->spawn(add_after_header(std::move(accepted)));
}

uring::Task<> Server::add_after_header(common::Accepted accepted) {
  uring::Deadline deadline(*loop_, loop_->now() + context_.read_timeout);
  const auto received = co_await uring::receive_proxy_header(*loop_, accepted, deadline);
  if (received) co_return add(std::move(accepted));
  acceptor_.release();
  if (shared_.retiring) background_.notify();
}

void Server::add(common::Accepted accepted) {
  log_.opened(accepted.peer);
  counters_.accepted.add();
  const auto token = clients_.emplace(context_, std::move(accepted));
  Connection* const client = clients_.find(token);
  uring::probes::accepted(client);
  client->open(token);
}

void Server::close(Connection& connection) {
  assert(context_.output.empty());  // or one client would get what is for another
  clients_.erase(connection.token());
  counters_.closed.add();
  acceptor_.release();
  if (context_.draining || shared_.retiring) background_.notify();
}

/// Every deadline is the same time away when it is set. So while this sleeps, no new one can be due
/// before the first that was in the list or, if it was empty, before a whole time bound from now.
uring::Task<common::Status> Server::enforce_read_timeout() {
  common::DeadlineList& deadlines = context_.deadlines;
  while (true) {
    const auto next = deadlines.soonest().value_or(loop_->now() + context_.read_timeout);
    if (const auto slept = co_await loop_->sleep_until(next); !slept) co_return slept;
    // Bytes that arrived by then count, and some came together with the end of this sleep: one turn
    // more, in which they are received.
    if (const auto turned = co_await loop_->nop(); !turned) co_return turned;
    while (const auto token = deadlines.overdue(loop_->now())) clients_.find(*token)->expire();
  }
}

void Server::begin_drain() {
  context_.draining = true;
  clients_.for_each([](common::Token, Connection& client) { client.begin_drain(); });
  context_.lingering.cancel();
}

/// Shows what was counted to those who ask: once a turn, so that a message costs no more for it.
/// The time to answer is that from the wake-up which brought the messages to the call that sends
/// their answers: it comes next.
void Server::publish() {
  uring::WorkerCounters& counters = counters_;  // stays in a register
  const Traffic& traffic = context_.traffic;
  if (const auto answered = traffic.answers - counters.answers.value(); answered > 0) {
    const auto took = common::Clock::now() - loop_->now();
    uring::probes::answered(answered, took, traffic.sent_bytes - counters.sent_bytes.value());
    counters.answer_time.add(took, answered);
    counters.answers.set(traffic.answers);
  }
  counters.sent_bytes.set(traffic.sent_bytes);
  uring::catch_up(counters.received_bytes, buffers_->received_bytes());
  counters.waits.set(acceptor_.waits());
  counters.buffers_out.set(buffers_->lent());
  counters.take(loop_->ring());
}

}  // namespace stage
