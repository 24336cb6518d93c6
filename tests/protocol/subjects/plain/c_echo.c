/* A plain echo server: a process for each client. */
#include <arpa/inet.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { max_message = 65536 };

static int read_all(FILE *client, void *to, size_t size) {
  return fread(to, 1, size, client) == size;
}

static void serve(int descriptor) {
  static unsigned char message[4 + max_message];
  FILE *in = fdopen(descriptor, "r");
  FILE *out = fdopen(dup(descriptor), "w");
  while (read_all(in, message, 4)) {
    uint32_t length = message[0] | message[1] << 8 | message[2] << 16 | (uint32_t)message[3] << 24;
    if (length > max_message || !read_all(in, message + 4, length)) break;
    fwrite(message, 1, 4 + length, out);
    if (fflush(out) != 0) break;
  }
  fclose(out);
  fclose(in);
}

int main(int argc, char **argv) {
  int listener = socket(AF_INET, SOCK_STREAM, 0);
  struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(atoi(argv[argc - 1]))};
  int on = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  inet_pton(AF_INET, "127.0.0.1", &at.sin_addr);
  if (bind(listener, (struct sockaddr *)&at, sizeof at) < 0 || listen(listener, 5) < 0) {
    perror("cannot listen");
    return 1;
  }
  signal(SIGCHLD, SIG_IGN); /* no zombies */
  for (;;) {
    int client = accept(listener, NULL, NULL);
    if (client < 0) continue;
    if (fork() == 0) {
      close(listener);
      serve(client);
      _exit(0);
    }
    close(client);
  }
}
