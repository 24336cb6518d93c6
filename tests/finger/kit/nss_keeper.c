// A module of nsswitch.conf such as some directory services have. At the first question it connects
// to its service, with the user id that the process has then, and keeps the connection. It tells
// the service whether it could write a file.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <nss.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static enum nss_status ask(int* error) {
  static int service = -1;
  if (service < 0) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    strcpy(address.sun_path, getenv("KEEPER_SERVICE"));
    service = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(service, (struct sockaddr*)&address, sizeof address) < 0) abort();
  }
  const int file = open(getenv("KEEPER_FILE"), O_WRONLY | O_CREAT, 0600);
  dprintf(service, "%s\n", file < 0 ? strerrorname_np(errno) : "done");
  if (file >= 0) close(file);
  *error = ENOENT;
  return NSS_STATUS_NOTFOUND;
}

enum nss_status _nss_keeper_getpwnam_r(const char* name, struct passwd* entry, char* text,
                                       size_t size, int* error) {
  return (void)name, (void)entry, (void)text, (void)size, ask(error);
}

enum nss_status _nss_keeper_getgrnam_r(const char* name, struct group* entry, char* text,
                                       size_t size, int* error) {
  return (void)name, (void)entry, (void)text, (void)size, ask(error);
}
