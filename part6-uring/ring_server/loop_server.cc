#include "ring_server/loop_server.h"

#include <utility>

#include "ring_server/receive_proxy_header.h"
#include "uring/wait/deadline.h"

namespace ring_server {

LoopServer::LoopServer(Shared& shared, std::size_t i, std::unique_ptr<uring::Loop> loop,
                       std::shared_ptr<const common::Fd> listener, const common::Fd& wake,
                       common::Clock::duration header_timeout)
    : shared_(shared),
      counters_(shared.metrics.of_worker(i)),
      is_first_(i == 0),
      header_timeout_(header_timeout),
      loop_(std::move(loop)),
      listener_(std::move(listener)),
      background_(*loop_, wake),
      acceptor_(*loop_, *listener_, shared.connection_limit, background_,
                [this] { return make_room(); }) {}

common::Status LoopServer::run(LogWriter* log_writer) {
  if (log_writer == nullptr) return loop_->run(work());
  return loop_->run(log_writer->write_during(*loop_, work()));
}

uring::Task<common::Status> LoopServer::work() {
  uring::Scope conversations(*loop_);
  uring::Scope tasks(*loop_);
  uring::Scope headers(*loop_);
  uring::Scope scrapes(*loop_);
  background_.spawn(tasks, background_.watch_eventfd());
  begin(conversations, tasks);

  co_await accept_clients(headers, scrapes);
  const auto connected = [&] { return headers.size() + clients() + scrapes.size(); };
  while (!shared_.stopping && !background_.fault() && connected() > 0) {
    (void)co_await background_.change();
  }
  if (background_.fault()) {
    abandon();
    co_return std::unexpected(background_.fault());
  }
  headers.cancel();
  co_await headers.join();
  scrapes.cancel();
  co_await scrapes.join();
  begin_drain();
  while (clients() > 0) (void)co_await background_.change();
  co_await conversations.join();
  tasks.cancel();
  co_await tasks.join();
  co_return {};
}

/// Until the server is to stop, or a successor accepts.
uring::Task<> LoopServer::accept_clients(uring::Scope& headers, uring::Scope& scrapes) {
  uring::Scope accepting(*loop_);
  background_.spawn(accepting, acceptor_.accept_each([this, &headers](Admitted client) {
    admit(std::move(client), headers);
  }));
  // No longer than it accepts: after that it may have a successor, which counts from 0.
  if (is_first_) shared_.metrics.start(*loop_, accepting, scrapes, background_);
  while (!shared_.stopping && !shared_.retiring && !background_.fault()) {
    (void)co_await background_.change();
  }
  // Closed while the ring polls it, the listener would stay open, and nothing would accept from it.
  accepting.cancel();
  co_await accepting.join();
  listener_.reset();  // without a successor, what waits in the backlog is turned away
}

void LoopServer::admit(Admitted client, uring::Scope& headers) {
  has_accepted();
  if (!shared_.process_options.proxies.contains(client.accepted.peer)) {
    return add(std::move(client));
  }
  headers.spawn(add_after_header(std::move(client)));
}

uring::Task<> LoopServer::add_after_header(Admitted client) {
  uring::Deadline deadline(*loop_, loop_->now() + header_timeout_);
  const auto received = co_await receive_proxy_header(*loop_, client.accepted, deadline);
  if (received) co_return add(std::move(client));
  one_has_left();
}

}  // namespace ring_server
