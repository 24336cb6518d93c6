// The C library for i386 asks the kernel to receive and send by way of an older call, which strace
// shows by another name. This is linked to the book's programs, which thus make the calls that the
// book shows.

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
