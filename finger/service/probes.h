#pragma once

#include <chrono>
#include <cstdint>
#include <string_view>

#if __has_include(<sys/sdt.h>) && !defined(WITHOUT_PROBES)
#define SDT_USE_VARIADIC
#include <sys/sdt.h>
#define FINGERD_PROBE(name, ...) STAP_PROBEV(six_servers, name, __VA_ARGS__)
#else  // Debian: systemtap-sdt-dev
#define FINGERD_PROBE(name, ...) [](auto...) {}(__VA_ARGS__)
#endif

/// Where bpftrace and its like can look into a server that runs: see connections.bt. Each of these
/// is a `nop`, and a note in the program that says where it is and where its arguments are. While
/// a tracer looks, the kernel has a breakpoint in its place. Without <sys/sdt.h>, or compiled with
/// -DWITHOUT_PROBES to count what they cost, they are nothing at all.
namespace finger::probes {

/// A connection was accepted. `connection` names it until it ends: the address of its object here.
[[gnu::always_inline]] inline void accepted(const void* connection) {
  FINGERD_PROBE(accepted, connection);
}

/// A connection, which need not have been announced, has ended: `outcome` is a string literal.
[[gnu::always_inline]] inline void ended(const void* connection, std::string_view outcome) {
  FINGERD_PROBE(ended, connection, outcome.data());
}

/// An answer was given, of so many bytes, and this is how long the client waited for it.
[[gnu::always_inline]] inline void answered(std::chrono::nanoseconds took, std::uint64_t bytes) {
  FINGERD_PROBE(answered, took.count(), bytes);
}

/// A turn of a loop is over, after so many entries and completions.
[[gnu::always_inline]] inline void turn(std::uint32_t submitted, std::uint32_t completed) {
  FINGERD_PROBE(turn, submitted, completed);
}

}  // namespace finger::probes

#undef FINGERD_PROBE
