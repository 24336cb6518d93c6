// A whole server in which no call waits: the loop asks the listener and every client, again and
// again. It keeps no output: a client that does not take its whole answer is closed.
// Try it: ./03-ask-everyone 5882   and in two other terminals   ncat 127.0.0.1 5882

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <vector>

int check(int result, const char* what) {
  if (result < 0) {
    std::perror(what);
    std::exit(1);
  }
  return result;
}

int listen_on(int port) {
  const int listener =
      check(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), "socket");
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<in_port_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  const int on = 1;
  check(setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on), "setsockopt");
  check(bind(listener, reinterpret_cast<sockaddr*>(&address), size), "bind");
  check(listen(listener, SOMAXCONN), "listen");
  check(getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size), "getsockname");
  std::printf("listening on 127.0.0.1:%d\n", ntohs(address.sin_port));
  std::fflush(stdout);
  return listener;
}

// Echoes the bytes of one recv. False if the client has closed, or must be closed.
bool echo(int client) {
  char bytes[4096];
  const ssize_t got = recv(client, bytes, sizeof bytes, 0);
  if (got < 0) return errno == EAGAIN || errno == EINTR;
  return got > 0 && send(client, bytes, static_cast<size_t>(got), MSG_NOSIGNAL) == got;
}

int main(int argc, char** argv) {
  const int listener = listen_on(argc > 1 ? std::atoi(argv[1]) : 0);
  std::vector<int> clients;
  while (true) {
    const int client = accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (client >= 0) clients.push_back(client);  // else there is none, or EMFILE
    for (std::size_t i = 0; i < clients.size();) {
      if (echo(clients[i])) {
        ++i;
      } else {
        close(clients[i]);
        clients[i] = clients.back();  // do not advance: another client is here now
        clients.pop_back();
      }
    }
  }
}
