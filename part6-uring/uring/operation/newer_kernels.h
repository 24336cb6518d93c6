#pragma once

#include <cstdint>

// Parts of the kernel's interface that the headers of liburing 2.3 do not have, each with the first
// Linux that knows it. An older one answers EINVAL; Ring::supports() tells whether it knows an
// operation. Source: include/uapi/linux/io_uring.h and the manual pages of liburing.
namespace uring {

inline constexpr int op_waitid = 50;            // since 6.7
inline constexpr int op_futex_wait = 51;        // since 6.7
inline constexpr int op_futex_wake = 52;        // since 6.7
inline constexpr int op_fixed_fd_install = 54;  // since 6.8

/// In `ioprio` of a send or a receive: from, or into, several provided buffers. Since 6.10.
inline constexpr std::uint16_t recvsend_bundle = 1U << 4;  // IORING_RECVSEND_BUNDLE

}  // namespace uring
