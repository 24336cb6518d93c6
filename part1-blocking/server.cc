#include "server.h"

#include <sys/socket.h>

#include <array>
#include <thread>

#include "common/net/accept.h"
#include "common/net/listen.h"
#include "common/server/constants.h"
#include "common/session.h"
#include "connection.h"

namespace stage {
namespace {

/// Waits for a connection. Errors: of accept4(2); EINVAL after stop() shut the listener down.
common::Result<common::Accepted> accept_one(const common::Fd& listener) {
  while (true) {
    common::Accepted client;
    socklen_t size = common::Address::capacity();
    client.fd = common::Fd(::accept4(listener.get(), client.peer.data(), &size, SOCK_CLOEXEC));
    if (client.fd) return client;
    // ECONNABORTED: this client left while it was queued; the next may be fine. See accept(2).
    if (errno != EINTR && errno != ECONNABORTED) return common::last_error();
  }
}

/// Serves one client until it leaves, breaks the protocol or is slower than the limits allow.
/// Returns why it ended, which is no error if the session finished or the client left between two
/// messages.
common::Status serve(Connection& connection, common::Session& session) {
  std::array<std::byte, common::thread_receive_buffer_bytes> receive_buffer;
  common::SendBuffer output;
  while (!session.finished()) {  // an echo session never is; HTTP's may be
    const auto received = connection.receive(receive_buffer);
    if (!received) return std::unexpected(received.error());
    if (received->empty()) return session.end_of_stream();

    const auto completed = session.take(*received, output);
    // We send even after an error, because the messages before it get their answers.
    if (const auto sent = connection.send_all(output.view()); !sent) return sent;
    output.clear();
    if (!completed) return std::unexpected(completed.error());
    if (*completed > 0) connection.restart_timeout();
  }
  return {};
}

}  // namespace

common::Result<std::unique_ptr<Server>> Server::create(const common::Options& options) {
  auto listener = common::listen_on(options.address(), common::SocketMode::blocking);
  if (!listener) return std::unexpected(listener.error());
  return std::unique_ptr<Server>(new Server(options, std::move(*listener)));
}

Server::Server(const common::Options& options, common::Fd listener)
    : options_(options), listener_(std::move(listener)), log_(options.verbose) {}

std::string Server::address() const {
  const auto address = common::Address::of_socket(listener_);
  return address ? address->to_string() : address.error().message();
}

common::Status Server::run() {
  while (true) {
    if (stopping_) return {};
    auto client = accept_one(listener_);
    if (client) {
      serve_client(std::move(*client));
      continue;
    }
    if (stopping_) return {};
    if (!common::is_transient_accept_error(client.error())) {
      return std::unexpected(client.error());
    }
    accept_fault_.report(client.error(), common::Clock::now());
    std::this_thread::sleep_for(common::shortage_pause);
  }
}

void Server::serve_client(common::Accepted client) {
  log_.opened(client.peer);
  begin_serving(client.fd.get());
  Connection connection(client.fd, options_.read_timeout);
  common::EchoSession session(options_.max_message);

  const auto outcome = serve(connection, session);
  // Our stop may have cut a message short.
  const bool goodbye = outcome || (stopping_ && outcome.error() == common::Error::cut_short);
  log_.closed(client.peer, goodbye ? std::error_code() : outcome.error(), session.inside_message());
  end_serving();
  connection.close_gracefully(stopping_);
}

void Server::begin_serving(int socket) {
  const std::scoped_lock lock(mutex_);
  serving_socket_ = socket;
  if (stopping_) (void)::shutdown(socket, SHUT_RD);  // stop() came first
}

void Server::end_serving() {
  // Before the connection is closed, because its descriptor number may go to another immediately.
  const std::scoped_lock lock(mutex_);
  serving_socket_ = -1;
}

void Server::stop() {
  stopping_ = true;
  // A waiting accept ends with EINVAL. If shutdown fails, no call was waiting, which is fine.
  (void)::shutdown(listener_.get(), SHUT_RDWR);
  const std::scoped_lock lock(mutex_);
  // From now on recv returns what has arrived, and then 0. If it's waiting already, it returns 0.
  if (serving_socket_ >= 0) (void)::shutdown(serving_socket_, SHUT_RD);
}

}  // namespace stage
