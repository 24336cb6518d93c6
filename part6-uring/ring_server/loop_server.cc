#include "ring_server/loop_server.h"

#include <functional>
#include <utility>

namespace ring_server {

LoopServer::LoopServer(Shared& shared, std::unique_ptr<uring::Loop> loop, SharedListeners listeners,
                       const common::Fd& wake)
    : shared_(shared),
      loop_(std::move(loop)),
      listeners_(std::move(listeners)),
      background_(*loop_, wake) {
  for (const common::Fd& each : *listeners_) {
    acceptors_.emplace_back(*loop_, each, shared.connection_limit, background_,
                            [this] { return make_room(); });
  }
}

common::Status LoopServer::run(LogWriter* log_writer) {
  if (log_writer == nullptr) return loop_->run(work());
  return loop_->run(log_writer->write_during(*loop_, work()));
}

uring::Task<common::Status> LoopServer::work() {
  uring::Scope conversations(*loop_);
  uring::Scope tasks(*loop_);
  background_.spawn(tasks, background_.watch_eventfd());
  begin(conversations, tasks);

  co_await accept_clients();
  if (background_.fault()) {
    abandon();
    co_return std::unexpected(background_.fault());
  }
  begin_drain();
  while (clients() > 0) (void)co_await background_.change();
  co_await conversations.join();
  tasks.cancel();
  co_await tasks.join();
  co_return {};
}

uring::Task<> LoopServer::accept_clients() {
  uring::Scope accepting(*loop_);
  for (Acceptor& each : acceptors_) {
    background_.spawn(accepting, each.accept_each(std::bind_front(&LoopServer::add, this)));
  }
  while (should_accept()) (void)co_await background_.change();
  // Closed while the ring polls it, a listener would stay open, and nothing would accept from it.
  accepting.cancel();
  co_await accepting.join();
  // What waits in the backlog is turned away, unless another process has the socket, too.
  listeners_.reset();
}

}  // namespace ring_server
