// The listening socket, what it takes to have many connections, and what accept may say.
#pragma once

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <iterator>

#include "options.h"

constexpr rlim_t own_descriptors = 8;
constexpr rlim_t descriptors_of_a_worker = 4;

// Of accept: whether the error may be over in a moment. Any other says that the listener is broken.
inline bool is_transient(int error) {
  constexpr int transient[] = {EMFILE, ENFILE,      ENOBUFS,     ENOMEM,    EPERM,
                               EPROTO, ENETDOWN,    ENETUNREACH, EHOSTDOWN, EHOSTUNREACH,
                               ENONET, ENOPROTOOPT, EOPNOTSUPP};
  return std::find(std::begin(transient), std::end(transient), error) != std::end(transient);
}

// All that there may be.
inline void raise_descriptors(const Options& options) {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  const rlim_t own = own_descriptors + descriptors_of_a_worker * options.workers;
  if (limit.rlim_cur < options.max_connections + own) {
    std::fprintf(stderr, "only %ju descriptors, fewer than --max-connections needs\n",
                 std::uintmax_t{limit.rlim_cur});
  }
}

// A listening socket, or the end. Another server's port is not shared: the first of ours asks for
// that only when it has the port.
inline int listen_on(int& port, bool is_first) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<in_port_t>(port));
  auto* const name = reinterpret_cast<sockaddr*>(&address);
  socklen_t size = sizeof address;
  const int on = 1;
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  setsockopt(listener, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);  // for its connections, too
  if (!is_first) {
    setsockopt(listener, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
  }
  if (bind(listener, name, size) < 0 || listen(listener, SOMAXCONN) < 0 ||
      getsockname(listener, name, &size) < 0) {
    std::perror("cannot listen");
    std::exit(1);
  }
  setsockopt(listener, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
  port = ntohs(address.sin_port);
  return listener;
}
