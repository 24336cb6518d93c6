#include "server.h"

#include <sys/eventfd.h>

#include <algorithm>
#include <cassert>
#include <chrono>
#include <optional>
#include <span>
#include <utility>

#include "common/http/http_session.h"
#include "common/server/listen.h"
#include "common/session.h"

namespace stage {
namespace {

using common::Clock;

/// The clock is read once a turn, and a message may be younger than that: nobody is closed too
/// early as long as a turn takes less than this.
constexpr auto turn_time = std::chrono::milliseconds(100);

constexpr auto a_century = std::chrono::years(100);

/// So many conversations keep their coroutine while they wait for the peer's next words, which
/// spares making it anew for each message. Beyond that, it ends as soon as nothing is left to do.
/// One takes some 670 bytes: these are 34 more for each of ten thousand that once have spoken.
constexpr std::size_t conversations_kept_max = 512;

}  // namespace

/// Serves one client until it leaves, breaks the protocol or is slower than the limits allow.
/// An error says why it ended: none is a goodbye on a message boundary, or a rest.
template <typename Session>
uring::Task<common::Result<Server::Then>> Server::serve(Connection& peer, Session& session) {
  while (true) {
    const auto received = co_await peer.exchange();  // sends the answers, and receives what is next
    if (!received) {
      const auto recovered = co_await peer.recover(received.error());
      if (!recovered) co_return std::unexpected(recovered.error());
      continue;
    }
    if (received->empty()) break;

    const auto completed = session.take(*received, peer.answers());
    if (!completed || session.finished()) {
      if (const auto sent = co_await peer.send_all(); !sent) {
        co_return std::unexpected(sent.error());
      }
      if (!completed) co_return std::unexpected(completed.error());
      co_return Then::close;
    }
    if (*completed == 0) continue;
    peer.message_completed();
    if (talking_ > conversations_kept_max && session.end_of_stream()) co_return Then::rest;
  }
  if (const auto ended = session.end_of_stream(); !ended) co_return std::unexpected(ended.error());
  co_return Then::close;
}

/// A conversation from its first words on, until it rests or has ended.
template <typename Session, typename... Arguments>
uring::Task<> Server::converse(Connection& peer, Arguments... arguments) {
  Session session(arguments...);
  ++talking_;
  const auto ended = co_await serve(peer, session);
  --talking_;
  if (ended && *ended == Then::rest) {
    peer.rest();
    co_return;
  }
  // Our stop may have cut a message short.
  const bool goodbye = ended || (draining_ && ended.error() == common::Error::cut_short);
  log_.closed(peer.peer(), goodbye ? std::error_code() : ended.error(), !session.end_of_stream());
  co_await peer.close_gracefully();
  close(peer);
}

common::Result<std::unique_ptr<Server>> Server::create(Shared& shared, const uring::Setup& setup,
                                                       const std::string& trace_file,
                                                       common::Fd listener,
                                                       const common::Fd& wake) {
  auto loop = uring::Loop::create(setup, trace_file.empty() ? nullptr : trace_file.c_str());
  if (!loop) return std::unexpected(loop.error());
  auto buffers = uring::Buffers::create(**loop, setup.buffers, setup.buffer_bytes);
  if (!buffers) return std::unexpected(buffers.error());
  return std::unique_ptr<Server>(
      new Server(shared, std::move(*loop), std::move(*buffers), std::move(listener), wake));
}

Server::Server(Shared& shared, std::unique_ptr<uring::Loop> loop,
               std::unique_ptr<uring::Buffers> buffers, common::Fd listener, const common::Fd& wake)
    : shared_(shared),
      options_(shared.options),
      log_(options_.verbose),
      time_bound_(options_.read_timeout.count() == 0 ? Clock::duration(a_century)
                                                     : options_.read_timeout + turn_time),
      loop_(std::move(loop)),
      buffers_(std::move(buffers)),
      listener_(std::move(listener)),
      wake_(wake),
      look_again_(*loop_),
      acceptor_(*loop_, listener_, shared.connection_limit, wake_) {}

common::Status Server::run(uring::LogWriter* log_writer) { return loop_->run(work(log_writer)); }

uring::Task<common::Status> Server::work(uring::LogWriter* log_writer) {
  uring::Scope logging(*loop_);  // first in, last out: there is something to say till the end
  if (log_writer != nullptr) logging.spawn(log_writer->run(*loop_));
  uring::Scope conversations(*loop_);
  conversations_ = &conversations;
  uring::Scope chores(*loop_);
  chores.spawn(run_background(watch_eventfd()));
  chores.spawn(run_background(accept_clients()));
  chores.spawn(run_background(enforce_time_bound()));

  while (!shared_.stopping && !fault_) (void)co_await look_again_.wait();  // nobody cancels it
  if (fault_) co_return std::unexpected(fault_);
  chores.cancel();
  co_await chores.join();
  begin_drain();
  while (clients_.size() > 0) (void)co_await look_again_.wait();
  co_await conversations.join();
  logging.cancel();
  co_await logging.join();
  co_return {};
}

/// A chore that fails takes the server with it, which would else seem to be alive.
uring::Task<> Server::run_background(uring::Task<common::Status> chore) {
  const auto ended = co_await std::move(chore);
  if (ended || ended.error() == uring::Error::cancelled) co_return;
  fault_ = ended.error();
  look_again_.notify_all();
}

/// Somebody asks us to stop, or has given a place back.
uring::Task<common::Status> Server::watch_eventfd() {
  std::uint64_t wake_ups = 0;
  while (true) {
    const auto heard = co_await loop_->read(wake_, std::as_writable_bytes(std::span(&wake_ups, 1)));
    if (!heard) co_return std::unexpected(heard.error());
    look_again_.notify_all();
    acceptor_.look_again();
  }
}

uring::Task<common::Status> Server::accept_clients() {
  while (true) {
    auto accepted = co_await acceptor_.next();
    if (!accepted) co_return std::unexpected(accepted.error());
    add(std::move(*accepted));
  }
}

void Server::add(common::Accepted accepted) {
  log_.opened(accepted.peer);
  const auto token = clients_.emplace(*this, *loop_, *buffers_, std::move(accepted));
  clients_.find(token)->listen(token);
}

void Server::close(Connection& connection) {
  assert(answers_.empty());  // whose are they?
  clients_.erase(connection.token());
  acceptor_.give_back();
  if (draining_) look_again_.notify_all();
}

void Server::begin_conversation(Connection& connection) {
  switch (options_.protocol) {
    case common::Protocol::echo:
      return conversations_->spawn(converse<common::EchoSession>(connection, options_.max_message));
    case common::Protocol::discard:
      return conversations_->spawn(converse<common::DiscardSession>(connection));
    case common::Protocol::http:
      return conversations_->spawn(converse<common::HttpSession>(connection));
  }
}

/// All are as far away when they are set. So while it sleeps, none can come before the first there
/// was, or when there was none, before a whole time bound from now.
uring::Task<common::Status> Server::enforce_time_bound() {
  while (true) {
    const auto next = time_bounds_.soonest().value_or(loop_->now() + time_bound_);
    if (const auto slept = co_await loop_->sleep_until(next); !slept) co_return slept;
    // What peers have said by then counts: a turn for those whose bytes came together with the end.
    if (const auto turned = co_await loop_->nop(); !turned) co_return turned;
    while (const auto token = time_bounds_.overdue(loop_->now())) clients_.find(*token)->expire();
  }
}

void Server::begin_drain() {
  draining_ = true;
  listener_ = common::Fd();  // who waits in the backlog is turned away
  clients_.for_each([](common::Token, Connection& client) { client.begin_drain(); });
  lingering_.cancel();
}

void Server::add_lent() {
  all_lent_.push_back(std::make_unique<Lent>());
  free_ = all_lent_.back().get();
}

}  // namespace stage
