#include "server.h"

#include <sys/socket.h>

#include <array>
#include <system_error>
#include <thread>
#include <vector>

#include "common/net/accept.h"
#include "common/net/listen.h"
#include "common/server/constants.h"
#include "common/server/process.h"
#include "common/server/signal_thread.h"
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

common::Result<std::unique_ptr<Server>> Server::create(const Options& options) {
  auto listener = common::listen_on(options.address(), common::SocketMode::blocking);
  if (!listener) return std::unexpected(listener.error());
  return std::unique_ptr<Server>(new Server(options, std::move(*listener)));
}

Server::Server(const Options& options, common::Fd listener)
    : options_(options), listener_(std::move(listener)), log_(options.verbose) {}

std::string Server::address() const {
  const auto address = common::Address::of_socket(listener_);
  return address ? address->to_string() : address.error().message();
}

int Server::run() {
  if (options_.workers == 0) {
    run_threads();
  } else {
    run_pool();
  }
  return failed_ ? 1 : 0;
}

void Server::run_threads() {
  common::announce(address());
  accept_clients(&Server::start_thread);
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return permits_taken_ == 0; });
}

void Server::run_pool() {
  std::vector<std::jthread> pool;  // joined at the end
  for (std::size_t i = 0; i < options_.workers; ++i) {
    try {
      pool.emplace_back([this] { accept_clients(&Server::serve_client); });
    } catch (const std::system_error& error) {  // EAGAIN: the system allows no more threads
      return give_up(common::explain_no_thread(error.code()));
    }
  }
  // Only now, because a thread that can't be started makes us give up.
  common::announce(address());
}

void Server::accept_clients(void (Server::*serve_one)(Client)) {
  while (true) {
    auto permit = acquire_permit();
    if (!permit) return;
    auto accepted = accept_one(listener_);
    if (accepted) {
      (this->*serve_one)({std::move(*permit), std::move(accepted->fd), accepted->peer});
      continue;
    }
    if (stopping_) return;
    if (!common::is_transient_accept_error(accepted.error())) {
      return give_up(common::explain_failure(options_, accepted.error()));
    }
    accept_fault_.report(accepted.error(), common::Clock::now());
    std::this_thread::sleep_for(common::shortage_pause);
  }
}

/// Stops the other threads, too, because nobody would notice a missing thread, and with none left
/// the server would accept nobody. The first thread to fail logs why, before the server waits for
/// its clients.
void Server::give_up(std::string_view why) {
  if (failed_.exchange(true)) return;
  (void)common::complain(why);
  common::SignalThread::stop_after_failure();
}

/// A counting semaphore that stop() ends. At the limit it waits, and new connections wait in the
/// backlog. nullopt if the server is to stop.
std::optional<Server::Permit> Server::acquire_permit() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return stopping_ || permits_taken_ < options_.max_connections; });
  if (stopping_) return std::nullopt;
  ++permits_taken_;
  return Permit(*this);
}

void Server::release_permit() {
  const std::scoped_lock lock(mutex_);
  --permits_taken_;
  changed_.notify_all();  // under the lock, because after the last release the server may be gone
}

void Server::start_thread(Client client) {
  // Shared, because std::thread has already moved from its arguments when it throws.
  const auto shared = std::make_shared<Client>(std::move(client));
  while (!stopping_) {
    try {
      std::thread([this, shared] { serve_client(std::move(*shared)); }).detach();
      return;
    } catch (const std::system_error& error) {  // EAGAIN: the system allows no more threads
      thread_fault_.report(error.code(), common::Clock::now());
      std::this_thread::sleep_for(common::shortage_pause);
    }
  }
  serve_client(std::move(*shared));  // on this thread, which has no more to accept
}

void Server::serve_client(Client client) {
  log_.opened(client.peer);
  begin_serving(client.fd.get());
  Connection connection(client.fd, options_.read_timeout);
  common::EchoSession session(options_.max_message);

  const auto outcome = serve(connection, session);
  // Our stop may have cut a message short.
  const bool goodbye = outcome || (stopping_ && outcome.error() == common::Error::cut_short);
  log_.closed(client.peer, goodbye ? std::error_code() : outcome.error(), session.inside_message());
  end_serving(client.fd.get());
  connection.close_gracefully(stopping_);
}

void Server::begin_serving(int socket) {
  const std::scoped_lock lock(mutex_);
  serving_sockets_.insert(socket);
  if (stopping_) (void)::shutdown(socket, SHUT_RD);  // stop() came first
}

void Server::end_serving(int socket) {
  // Before the connection is closed, because its descriptor number may go to another immediately.
  const std::scoped_lock lock(mutex_);
  serving_sockets_.erase(socket);
}

void Server::stop() {
  stopping_ = true;
  // A waiting accept ends with EINVAL. If shutdown fails, no call was waiting, which is fine.
  (void)::shutdown(listener_.get(), SHUT_RDWR);
  const std::scoped_lock lock(mutex_);
  changed_.notify_all();
  // From now on recv returns what has arrived, and then 0. If it's waiting already, it returns 0.
  for (const int socket : serving_sockets_) (void)::shutdown(socket, SHUT_RD);
}

}  // namespace stage
