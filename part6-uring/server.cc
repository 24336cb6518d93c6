#include "server.h"

#include <sys/eventfd.h>
#include <sys/socket.h>

#include <utility>

#include "common/http/protocol_option.h"
#include "common/net/address.h"
#include "common/send_buffer.h"
#include "common/server/constants.h"
#include "common/session.h"

namespace stage {
namespace {

/// Serves one client until it leaves, breaks the protocol or is slower than the limits allow.
/// Returns why it ended, which is no error if the session finished or the client left between two
/// messages.
uring::Task<common::Status> serve(Client& client, common::Session& session) {
  while (!session.finished()) {  // an echo session never is; HTTP's may be
    const auto received = co_await receive(client);
    if (!received) co_return std::unexpected(received.error());
    if (received->empty()) co_return session.end_of_stream();

    common::SendBuffer answers;
    const auto completed = session.take(*received, answers);
    // We send even after an error, because the messages before it get their answers.
    if (const auto sent = co_await send_all(client, answers.view()); !sent) co_return sent;
    if (!completed) co_return std::unexpected(completed.error());
    if (*completed > 0) restart_timeout(client);
  }
  co_return {};
}

}  // namespace

common::Result<std::unique_ptr<Server>> Server::create(const Options& options, common::Fd listener,
                                                       common::ConnectionLimit& connection_limit) {
  common::Fd wake(::eventfd(0, EFD_CLOEXEC));
  if (!wake) return common::last_error();
  uring::Setup setup = options.ring;
  setup.spin = options.spin;
  if (setup.completions == 0) setup.completions = 8'192;  // a stop cancels a receive of everybody
  setup.disabled = true;  // until run(), whose thread is the only one that may use the ring
  auto loop = uring::Loop::create(setup);
  if (!loop) return std::unexpected(loop.error());
  auto buffers = uring::Buffers::create(**loop, setup.buffers, setup.buffer_bytes);
  if (!buffers) return std::unexpected(buffers.error());
  return std::unique_ptr<Server>(new Server(options, std::move(listener), connection_limit,
                                            std::move(*loop), std::move(*buffers),
                                            std::move(wake)));
}

Server::Server(const Options& options, common::Fd listener,
               common::ConnectionLimit& connection_limit, std::unique_ptr<uring::Loop> loop,
               std::unique_ptr<uring::Buffers> buffers, common::Fd wake)
    : options_(options),
      log_(options.verbose),
      loop_(std::move(loop)),
      buffers_(std::move(buffers)),
      listener_(std::move(listener)),
      wake_(std::move(wake)),
      background_(*loop_, wake_),
      acceptor_(*loop_, listener_, connection_limit, background_),
      context_{.loop = *loop_,
               .buffers = *buffers_,
               .read_timeout = common::loop_read_timeout(options.read_timeout)},
      clients_(*loop_) {}

std::string Server::address() const {
  const auto address = common::Address::of_socket(listener_);
  return address ? address->to_string() : address.error().message();
}

common::Status Server::run() {
  if (const auto enabled = loop_->enable(); !enabled) return enabled;
  return loop_->run(serve_until_stopped());
}

uring::Task<common::Status> Server::serve_until_stopped() {
  uring::Scope tasks(*loop_);
  background_.spawn(tasks, background_.watch_eventfd());
  background_.spawn(tasks, accept_clients());
  while (!stopping_ && !background_.fault()) (void)co_await background_.change();
  tasks.cancel();
  co_await tasks.join();
  // In a stop accept(2) fails, too, because the listener is shut down.
  if (!stopping_) {
    clients_.cancel();  // operations in flight may end in this thread only
    co_await clients_.join();
    co_return std::unexpected(background_.fault());
  }
  begin_drain();
  co_await clients_.join();
  co_return {};
}

uring::Task<common::Status> Server::accept_clients() {
  while (true) {
    auto admitted = co_await acceptor_.next();
    if (!admitted) co_return std::unexpected(admitted.error());
    clients_.spawn(serve_client(std::move(*admitted)));
  }
}

uring::Task<> Server::serve_client(Admitted admitted) {
  const auto session = common::make_session(options_.protocol, options_.max_message);
  const common::Address& peer = admitted.accepted.peer;
  log_.opened(peer);
  Client client(context_, std::move(admitted.accepted.fd));

  const auto outcome = co_await serve(client, *session);
  // Our stop may have cut a message short.
  const bool goodbye =
      outcome || (context_.draining && outcome.error() == common::Error::cut_short);
  log_.closed(peer, goodbye ? std::error_code() : outcome.error(), session->inside_message());
  co_await hang_up(client);
}

void Server::begin_drain() {
  context_.draining = true;
  while (Client* const client = context_.clients.take_front()) end_input(*client);
}

void Server::stop() {
  stopping_ = true;
  // The kernel turns away the connections in the backlog, and the port is free. A close isn't
  // enough, because the ring polls the listener, and keeps it open until milliseconds after the
  // process has ended.
  (void)::shutdown(listener_.get(), SHUT_RD);
  (void)::eventfd_write(wake_.get(), 1);  // fails only if 2^64 - 2 are unread
}

}  // namespace stage
