// The moments between two addresses, which tests/finger can't see.
#include "finger/client/connect.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>

#include "sockets.h"

namespace {

using common::Address;
using common::Clock;
using common::Fd;
using namespace std::chrono_literals;

/// An address to connect to, and the socket that holds the port.
struct Place {
  Fd socket;
  Address address;
};

Place bound(const char* host) {
  Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const auto any_port = Address::parse(host, 0);
  EXPECT_EQ(::bind(socket.get(), any_port->data(), any_port->size()), 0);
  auto address = *Address::of_socket(socket);
  return {std::move(socket), address};
}

/// Returns an address where nobody listens, and keeps others from taking the port.
Place refusing() { return bound("127.0.0.1"); }

Place listening(int backlog) {
  auto place = bound("127.0.0.2");
  EXPECT_EQ(::listen(place.socket.get(), backlog), 0);
  return place;
}

/// The backlog is full, so the kernel drops our SYN and no answer comes, as from a host behind a
/// firewall.
struct Silent {
  Place place = listening(0);
  Fd queued = tests::connect_to(place.address);
};

finger::DueTime in(std::chrono::milliseconds time) { return Clock::now() + time; }

finger::Outcome<Fd> connect_to(std::vector<Address> addresses, finger::DueTime deadline) {
  return finger::connect_to(addresses, deadline);
}

std::string peer_of(const finger::Outcome<Fd>& connected) {
  if (!connected) return connected.error();
  Address peer;
  socklen_t size = Address::capacity();
  EXPECT_EQ(::getpeername(connected->get(), peer.data(), &size), 0);
  return peer.to_string();
}

TEST(ClientConnect, GoesOnAtOnceWhenAnAddressRefuses) {
  const auto nobody = refusing();
  const auto server = listening(8);
  const auto begin = Clock::now();
  const auto connected = connect_to({nobody.address, nobody.address, server.address}, in(10s));
  EXPECT_EQ(peer_of(connected), server.address.to_string());
  EXPECT_LT(Clock::now() - begin, 450ms) << "a refusal is an answer: nothing to wait for";
}

// RFC 8305, section 5
TEST(ClientConnect, GoesOnAfterAQuarterOfASecondWhenAnAddressIsSilent) {
  const Silent silent;
  ASSERT_TRUE(silent.queued);
  const auto server = listening(8);
  const auto begin = Clock::now();
  const auto connected = connect_to({silent.place.address, server.address}, in(10s));
  EXPECT_EQ(peer_of(connected), server.address.to_string());
  EXPECT_GE(Clock::now() - begin, 250ms);
  EXPECT_LT(Clock::now() - begin, 900ms) << "the kernel would have knocked again";
}

TEST(ClientConnect, WaitsForASilentAddressWhenTheOthersRefuse) {
  const Silent silent;
  ASSERT_TRUE(silent.queued);
  const auto nobody = refusing();
  const auto begin = Clock::now();
  EXPECT_EQ(peer_of(connect_to({silent.place.address, nobody.address}, in(500ms))),
            "no connection in time");
  EXPECT_GE(Clock::now() - begin, 500ms);

  // This makes room for one more.
  const Fd accepted(::accept(silent.place.socket.get(), nullptr, nullptr));
  EXPECT_EQ(peer_of(connect_to({silent.place.address, nobody.address}, in(10s))),
            silent.place.address.to_string());
}

// The last error alone might be about a missing network, and hide the one that refused.
TEST(ClientConnect, SaysOfEachAddressWhyItFailed) {
  const auto nobody = refusing();
  const auto nowhere = *Address::parse("255.255.255.255", 79);
  EXPECT_EQ(peer_of(connect_to({nobody.address, nowhere}, in(10s))),
            "cannot connect to " + nobody.address.to_string() +
                ": Connection refused; to 255.255.255.255:79: Network is unreachable");
}

TEST(ClientConnect, NeedsNoDeadline) {
  const auto server = listening(8);
  EXPECT_EQ(peer_of(connect_to({server.address}, std::nullopt)), server.address.to_string());
}

TEST(ClientWaitFor, SeesInputThatIsThereAndNothingAfterTheDeadline) {
  const auto ends = tests::unix_connection();
  EXPECT_FALSE(finger::wait_for(ends.client.get(), POLLIN, in(20ms)));
  EXPECT_TRUE(finger::wait_for(ends.client.get(), POLLOUT, in(10s)));
  EXPECT_FALSE(finger::wait_for(ends.client.get(), POLLOUT, in(0ms))) << "over, whoever is ready";
}

}  // namespace
