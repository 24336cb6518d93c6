// A first echo server: one client after the other. README.md says what to do with it.

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

// True when `size` bytes have come, in however many pieces.
static bool receive(int connection, char* to, size_t size) {
  while (size > 0) {
    const ssize_t received = recv(connection, to, size, 0);
    if (received <= 0) {
      return false;
    }
    to += received;
    size -= received;
  }
  return true;
}

// Sends each message back, until the client has finished sending.
static void serve(int connection) {
  const int on = 1;
  setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  uint32_t length = 0;  // in the byte order of the wire: little-endian, as on most machines
  while (receive(connection, (char*)&length, sizeof length)) {
    const size_t size = sizeof length + length;
    char* message = malloc(size);
    memcpy(message, &length, sizeof length);
    const bool complete = receive(connection, message + sizeof length, length);
    if (complete) {
      send(connection, message, size, 0);
    }
    free(message);
    if (!complete) {
      return;
    }
  }
}

int main(int argc, char** argv) {  // ./echo --port PORT
  struct sockaddr_in address = {.sin_family = AF_INET};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(argc > 2 ? atoi(argv[2]) : 5882);
  const int listener = socket(AF_INET, SOCK_STREAM, 0);
  if (bind(listener, (struct sockaddr*)&address, sizeof address) < 0 ||
      listen(listener, SOMAXCONN) < 0) {
    return 1;
  }
  while (true) {
    const int connection = accept(listener, NULL, NULL);
    serve(connection);
    close(connection);
  }
}
