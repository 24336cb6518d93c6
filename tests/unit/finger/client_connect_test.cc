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

/// A place that connections may be sent to, with its port.
struct Place {
  Fd socket;
  Address address;

  std::uint16_t port() const {
    const auto text = address.to_string();
    return static_cast<std::uint16_t>(std::stoi(text.substr(text.rfind(':') + 1)));
  }
};

Place bound(const char* host) {
  Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const auto any_port = Address::parse(host, 0);
  EXPECT_EQ(::bind(socket.get(), any_port->data(), any_port->size()), 0);
  auto address = *Address::of_socket(socket);
  return {std::move(socket), address};
}

/// Nobody listens, and nobody else can take the port meanwhile.
Place refusing(const char* host = "127.0.0.1") { return bound(host); }

Place listening(const char* host = "127.0.0.1") {
  auto place = bound(host);
  EXPECT_EQ(::listen(place.socket.get(), 8), 0);
  return place;
}

/// The backlog is full, so that the kernel drops who knocks: nothing comes back, as from a host
/// behind a firewall.
struct Silent {
  Place place;
  Fd queued;

  explicit Silent(const char* host = "127.0.0.1") : place(bound(host)) {
    EXPECT_EQ(::listen(place.socket.get(), 0), 0);
    queued = tests::connect_to(place.address);
    EXPECT_TRUE(queued);
  }
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

TEST(ClientConnect, TakesTheFirstAddressThatAnswers) {
  const auto first = listening();
  const auto second = listening("127.0.0.2");
  const auto connected = connect_to({first.address, second.address}, in(10s));
  EXPECT_EQ(peer_of(connected), first.address.to_string());
}

TEST(ClientConnect, GoesOnAtOnceWhenAnAddressRefuses) {
  const auto nobody = refusing();
  const auto server = listening("127.0.0.2");
  const auto begin = Clock::now();
  const auto connected = connect_to({nobody.address, nobody.address, server.address}, in(10s));
  EXPECT_EQ(peer_of(connected), server.address.to_string());
  EXPECT_LT(Clock::now() - begin, 450ms) << "a refusal is an answer: nothing to wait for";
}

TEST(ClientConnect, GoesOnAfterAQuarterOfASecondWhenAnAddressIsSilent) {
  const Silent silent;
  const auto server = listening("127.0.0.2");
  const auto begin = Clock::now();
  const auto connected = connect_to({silent.place.address, server.address}, in(10s));
  EXPECT_EQ(peer_of(connected), server.address.to_string());
  EXPECT_GE(Clock::now() - begin, 250ms);
  EXPECT_LT(Clock::now() - begin, 900ms) << "the kernel would have knocked again";
}

TEST(ClientConnect, WaitsForASilentAddressWhenTheOthersRefuse) {
  Silent silent;
  const auto nobody = refusing("127.0.0.2");
  std::vector<Address> addresses{silent.place.address, nobody.address};
  const auto begin = Clock::now();
  EXPECT_EQ(peer_of(connect_to(addresses, in(500ms))), "no connection in time");
  EXPECT_GE(Clock::now() - begin, 500ms);

  const Fd accepted(::accept(silent.place.socket.get(), nullptr, nullptr));  // room for one more
  EXPECT_EQ(peer_of(connect_to(addresses, in(10s))), silent.place.address.to_string());
}

TEST(ClientConnect, SaysWhyWhenNoAddressAnswers) {
  const auto first = refusing();
  const auto second = refusing("127.0.0.2");
  EXPECT_EQ(peer_of(connect_to({first.address, second.address}, in(10s))),
            "cannot connect to " + second.address.to_string() + ": Connection refused");
  EXPECT_FALSE(connect_to({}, in(10s)));
}

TEST(ClientConnect, HasADeadline) {
  const Silent silent;
  const auto begin = Clock::now();
  EXPECT_EQ(peer_of(connect_to({silent.place.address}, in(100ms))), "no connection in time");
  EXPECT_GE(Clock::now() - begin, 100ms);
  EXPECT_LT(Clock::now() - begin, 5s);
}

TEST(ClientConnect, NeedsNoDeadline) {
  const auto server = listening();
  EXPECT_EQ(peer_of(connect_to({server.address}, std::nullopt)), server.address.to_string());
}

TEST(ClientConnect, FallsBackFromIpv6ToIpv4) {
  const auto server = listening();
  const auto nobody = *Address::parse("::1", server.port());  // bound in IPv4 only
  EXPECT_EQ(peer_of(connect_to({nobody, server.address}, in(10s))), server.address.to_string());
}

TEST(ClientLookUp, KnowsLiteralsAndLocalhost) {
  const auto v4 = finger::look_up("127.0.0.1", 79, in(10s));
  ASSERT_TRUE(v4.has_value()) << v4.error();
  ASSERT_EQ(v4->size(), 1u);
  EXPECT_EQ(v4->front().to_string(), "127.0.0.1:79");

  const auto v6 = finger::look_up("::1", 7979, std::nullopt);
  ASSERT_TRUE(v6.has_value()) << v6.error();
  EXPECT_EQ(v6->front().to_string(), "[::1]:7979");

  const auto local = finger::look_up("localhost", 79, in(10s));
  ASSERT_TRUE(local.has_value()) << local.error();
  EXPECT_FALSE(local->empty());
}

TEST(ClientLookUp, SaysThatANameIsUnknownOrThatItTookTooLong) {
  const auto begin = Clock::now();
  const auto nobody = finger::look_up("nosuch.invalid", 79, in(2s));
  EXPECT_FALSE(nobody.has_value());
  EXPECT_LT(Clock::now() - begin, 3s) << "whatever the resolver does";
}

TEST(ClientWaitFor, SeesWhatIsThereAndNothingAfterTheDeadline) {
  const auto ends = tests::unix_connection();
  EXPECT_FALSE(finger::wait_for(ends.client.get(), POLLIN, in(20ms)));
  EXPECT_TRUE(finger::wait_for(ends.client.get(), POLLOUT, in(10s)));
  EXPECT_FALSE(finger::wait_for(ends.client.get(), POLLOUT, in(0ms))) << "over, whoever is ready";
}

}  // namespace
