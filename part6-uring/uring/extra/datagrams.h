#pragma once

#include <liburing.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <utility>

#include "uring/address.h"
#include "uring/buffers.h"
#include "uring/extra/stream.h"

namespace uring {

/// A datagram and where it came from, in a buffer that the kernel has chosen: see Lease.
///
/// The kernel writes a header, the peer's address and then the bytes. recvmsg(2) would have put
/// them apart. Source: io_uring_recvmsg_out(3).
class Datagram {
 public:
  explicit Datagram(Lease lease) : lease_(std::move(lease)) {
    if (lease_.size() >= overhead_bytes) {
      std::memcpy(&header_, lease_.bytes().data(), sizeof header_);
    }
  }

  std::span<std::byte> bytes() const {
    if (lease_.size() < overhead_bytes) return {};
    const auto after_header = lease_.bytes().subspan(overhead_bytes);
    return after_header.first(std::min<std::size_t>(header_.payloadlen, after_header.size()));
  }

  /// The sender.
  Address peer() const {
    Address address;
    const std::size_t size = std::min<std::size_t>(header_.namelen, Address::capacity());
    if (size > 0) {
      std::memcpy(address.data(), lease_.bytes().data() + sizeof header_, size);
    }
    return address;
  }

  /// It was larger than the buffer; the rest is lost.
  bool truncated() const { return (header_.flags & MSG_TRUNC) != 0; }

  /// What a buffer must have room for, besides the largest datagram.
  static constexpr std::size_t overhead_bytes = sizeof(io_uring_recvmsg_out) + Address::capacity();

 private:
  Lease lease_;
  io_uring_recvmsg_out header_{};
};

class ReceiveDatagrams {
 public:
  using Value = Datagram;
  static constexpr const char* what = "datagram_stream";
  ReceiveDatagrams(Descriptor socket, Buffers& buffers) : socket_(socket), buffers_(&buffers) {}
  void prepare(io_uring_sqe& entry) {
    shape_ = {};
    shape_.msg_namelen = Address::capacity();
    io_uring_prep_recvmsg(&entry, socket_.number(), &shape_, 0);
    socket_.mark(entry);
    buffers_->mark(entry);
  }
  static void make_multishot(io_uring_sqe& entry) { entry.ioprio |= IORING_RECV_MULTISHOT; }
  void failed(int result, std::uint32_t flags) const { buffers_->receive_failed(result, flags); }
  Result<Datagram> decode(int result, std::uint32_t flags) const {
    return Datagram(buffers_->lease(result, flags));
  }

 private:
  Descriptor socket_;
  Buffers* buffers_;
  msghdr shape_{};  ///< How much room there is for what; the kernel reads it at the beginning.
};

/// Datagrams as they come, each with its sender:
///
///     DatagramStream datagrams(loop, socket, *buffers);
///     while (true) {
///       const auto datagram = co_await datagrams.next();
///       …
///       co_await loop.sendto(socket, datagram->bytes(), datagram->peer());
///
/// Errors: no_buffer_space, wait for Buffers::returned() before asking again: what comes meanwhile
/// waits in the socket; EFAULT, the buffers are smaller than Datagram::overhead_bytes.
class DatagramStream : public Stream<ReceiveDatagrams> {
 public:
  DatagramStream(Loop& loop, Descriptor socket, Buffers& buffers)
      : Stream(loop, ReceiveDatagrams(socket, buffers)) {}
};

}  // namespace uring
