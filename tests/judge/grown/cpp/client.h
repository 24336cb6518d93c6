// A connection, and what its coroutine asks of it.
#pragma once

#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cstdint>
#include <cstdio>
#include <list>
#include <memory>
#include <span>
#include <string>

#include "operations.h"
#include "options.h"
#include "protocols.h"

constexpr auto never = Clock::time_point::max();

struct Server;

// A connection, in the frame of the coroutine that serves it, and in a list of the server's.
struct Client : Waiter {
  Client(Server& its_server, int its_fd);
  Client(const Client&) = delete;
  ~Client();

  int unacknowledged() const;
  bool is_acknowledged() const;
  void received(int result, const char* bytes);
  void taken(int result);
  void linger();
  void set_deadline();

  Server& server;
  int fd;
  std::unique_ptr<Session> session;
  std::string output;  // answers that the kernel has not taken
  std::size_t sent = 0;
  bool finished = false;     // nothing is answered any more: what is owed, and the end
  bool lingers = false;      // our end of the stream is sent
  int not_acknowledged = 0;  // when the deadline was set
  Clock::time_point deadline = never;
  std::list<Client*>::iterator place;
};

struct Receive : Operation {
  Receive(Client& its_client, std::span<char> into)
      : Operation(its_client), client(its_client), bytes(into) {}
  void await_suspend(std::coroutine_handle<> caller) {
    io_uring_prep_recv(begin(caller), client.fd, bytes.data(), bytes.size(), 0);
  }
  Client& client;
  std::span<char> bytes;
};

struct Send : Operation {
  explicit Send(Client& its_client) : Operation(its_client), client(its_client) {}
  void await_suspend(std::coroutine_handle<> caller) {
    io_uring_prep_send(begin(caller), client.fd, &client.output[client.sent],
                       client.output.size() - client.sent, MSG_NOSIGNAL);
  }
  Client& client;
};

// So many bytes are on their way to the client's kernel.
inline int Client::unacknowledged() const {
  int bytes = 0;
  ioctl(fd, SIOCOUTQ, &bytes);
  return bytes;
}

// Whether the client has acknowledged all, or has gone.
inline bool Client::is_acknowledged() const {
  std::uint8_t state = 0;  // the first byte of TCP_INFO
  socklen_t size = sizeof state;
  getsockopt(fd, IPPROTO_TCP, TCP_INFO, &state, &size);
  return state == TCP_CLOSE || unacknowledged() == 0;
}

// The end of the stream, an error and a cancel are all the same: nothing more will be answered.
inline void Client::received(int result, const char* bytes) {
  finished = result <= 0;
  if (finished) {
    return;
  }
  if (session->take({bytes, static_cast<std::size_t>(result)}, output)) {
    set_deadline();
  }
  finished = session->finished;
  if (session->complaint) {
    std::fputs(session->complaint, stderr);
  }
}

inline void Client::taken(int result) {
  if (result < 0) {
    finished = true;
    sent = output.size();  // what the kernel has, it has
  } else {
    sent += static_cast<std::size_t>(result);
    set_deadline();
  }
  if (sent == output.size()) {
    std::string().swap(output);
    sent = 0;
  }
}
