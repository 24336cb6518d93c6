// The C library for i386 receives and sends by way of an older call, which strace shows by a
// different name. We link this to the book's programs, so that they make the calls that the book
// shows.

#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

extern "C" {

ssize_t recv(int fd, void* buffer, size_t size, int flags) {
  return syscall(SYS_recvfrom, fd, buffer, size, flags, nullptr, nullptr);
}

ssize_t send(int fd, const void* buffer, size_t size, int flags) {
  return syscall(SYS_sendto, fd, buffer, size, flags, nullptr, 0);
}

}  // extern "C"
