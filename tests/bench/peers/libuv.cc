// An echo server on libuv, as its guide writes one, with one buffer for all connections and
// uv_try_write, which asks for no memory when the kernel takes all bytes at once.

#include <uv.h>

#include <algorithm>
#include <array>
#include <string>

#include "peers/peer.h"

namespace {

/// Checks a call of libuv, which returns 0 or a negative errno.
void must(const char* what, int status) {
  if (status < 0) peer::give_up(what, -status);
}

struct Connection {
  uv_tcp_t handle{};
  uv_write_t request{};
  std::string unsent;  // we don't read while there is some
};

void close(Connection* connection) {
  auto* handle = reinterpret_cast<uv_handle_t*>(&connection->handle);
  if (uv_is_closing(handle) == 0) {
    uv_close(handle, [](uv_handle_t* closed) { delete static_cast<Connection*>(closed->data); });
  }
}

void lend(uv_handle_t*, std::size_t, uv_buf_t* buffer) {
  static std::array<char, peer::buffer_bytes> bytes;
  *buffer = uv_buf_init(bytes.data(), bytes.size());
}

void echo(uv_stream_t* stream, ssize_t received, const uv_buf_t* buffer);

void sent_late(uv_write_t* request, int status) {
  auto* connection = static_cast<Connection*>(request->data);
  if (status < 0) return close(connection);
  must("uv_read_start", uv_read_start(request->handle, lend, echo));
}

void send_late(Connection& connection, uv_stream_t* stream) {
  connection.request.data = &connection;
  must("uv_read_stop", uv_read_stop(stream));
  const auto rest =
      uv_buf_init(connection.unsent.data(), static_cast<unsigned>(connection.unsent.size()));
  if (uv_write(&connection.request, stream, &rest, 1, sent_late) < 0) close(&connection);
}

void echo(uv_stream_t* stream, ssize_t received, const uv_buf_t* buffer) {
  auto* connection = static_cast<Connection*>(stream->data);
  if (received < 0) return close(connection);
  if (received == 0) return;  // EAGAIN
  const auto bytes = uv_buf_init(buffer->base, static_cast<unsigned>(received));
  const int sent = uv_try_write(stream, &bytes, 1);
  if (sent == received) return;
  if (sent < 0 && sent != UV_EAGAIN) return close(connection);
  connection->unsent.assign(bytes.base + std::max(sent, 0), bytes.base + received);
  send_late(*connection, stream);
}

void welcome(uv_stream_t* listener, int status) {
  must("uv_listen", status);
  auto* connection = new Connection;  // close() deletes it
  connection->handle.data = connection;
  must("uv_tcp_init", uv_tcp_init(listener->loop, &connection->handle));
  auto* stream = reinterpret_cast<uv_stream_t*>(&connection->handle);
  if (uv_accept(listener, stream) < 0) return close(connection);
  must("uv_read_start", uv_read_start(stream, lend, echo));
}

}  // namespace

int main(int argc, char** argv) {
  const auto listener = peer::listen_as_told(argc, argv, "peer-libuv", "Echoes bytes with libuv.");
  uv_tcp_t door{};
  must("uv_tcp_init", uv_tcp_init(uv_default_loop(), &door));
  must("uv_tcp_open", uv_tcp_open(&door, listener.get()));
  must("uv_listen", uv_listen(reinterpret_cast<uv_stream_t*>(&door), SOMAXCONN, welcome));
  peer::announce(listener);
  return uv_run(uv_default_loop(), UV_RUN_DEFAULT);
}
