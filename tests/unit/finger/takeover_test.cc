#include "finger/service/takeover.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <poll.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "finger/service/successor_thread.h"
#include "sockets.h"

namespace {

using common::Fd;
using common::Result;
using finger::SuccessorThread;
using finger::Takeover;
using testing::HasSubstr;

/// A path that nothing is at, and no file is left at afterwards.
struct MeetingPoint {
  const std::string path = testing::TempDir() + "takeover" + std::to_string(::getpid());
  MeetingPoint() { std::filesystem::remove(path); }
  ~MeetingPoint() { std::filesystem::remove(path); }
};

/// So many descriptors of one socket that listens.
std::vector<Fd> listeners(std::size_t count) {
  std::vector<Fd> all;
  all.push_back(*common::listen_on(tests::on_free_port(), common::SocketMode::nonblocking));
  while (all.size() < count) all.emplace_back(::fcntl(all.front().get(), F_DUPFD_CLOEXEC, 0));
  return all;
}

Result<std::vector<Fd>> bind_in_vain() {
  return std::unexpected(std::make_error_code(std::errc::address_in_use));
}

std::unique_ptr<Takeover> offering(const std::string& path, std::size_t sockets) {
  auto takeover = *Takeover::begin(path);
  EXPECT_EQ(takeover->offer(listeners(sockets)), "");
  return takeover;
}

/// Deals with all that comes until a successor serves.
void advance_until_replaced(Takeover& takeover) {
  while (!takeover.advance()) {
    auto watched = takeover.watched();
    ASSERT_EQ(::poll(watched.data(), watched.size(), 10'000) > 0, true);
  }
}

TEST(Takeover, HandsOverMoreSocketsThanOneMessageHolds) {
  const MeetingPoint at;
  const auto old = offering(at.path, 600);
  std::thread successor([&at] {
    const auto takeover = Takeover::begin(at.path);
    ASSERT_TRUE(takeover) << takeover.error();
    const auto taken = (*takeover)->listeners(bind_in_vain);
    ASSERT_TRUE(taken);
    EXPECT_EQ(taken->size(), 600U);
    const auto address = common::Address::of_socket(taken->back());
    EXPECT_TRUE(tests::connect_to(*address));
    EXPECT_EQ((*takeover)->offer(*taken), "");
    EXPECT_EQ((*takeover)->confirm(), "");
  });
  advance_until_replaced(*old);
  successor.join();
  EXPECT_EQ(old->successor(), ::getpid());
  EXPECT_FALSE(old->is_offered());
}

TEST(Takeover, HandsOverASocketThatIsNotForClients) {
  const MeetingPoint at;
  const auto old = *Takeover::begin(at.path);
  const auto side = std::move(listeners(1).front());
  EXPECT_EQ(old->offer(listeners(3), side), "");
  std::thread successor([&at, address = *common::Address::of_socket(side)] {
    const auto takeover = *Takeover::begin(at.path);
    const auto taken = takeover->listeners(bind_in_vain);
    EXPECT_EQ(taken->size(), 3U);
    const Fd same = takeover->side_listener(address);
    ASSERT_TRUE(same);
    EXPECT_EQ(common::Address::of_socket(same)->to_string(), address.to_string());
    EXPECT_FALSE(takeover->side_listener(address)) << "there was one";
    EXPECT_EQ(takeover->offer(*taken), "");
    EXPECT_EQ(takeover->confirm(), "");
  });
  advance_until_replaced(*old);
  successor.join();
}

TEST(Takeover, BindsWhereNobodyIs) {
  const MeetingPoint at;
  const auto takeover = *Takeover::begin(at.path);
  const auto bound = takeover->listeners(bind_in_vain);
  EXPECT_EQ(bound.error(), std::errc::address_in_use);
  EXPECT_EQ(takeover->confirm(), "");
}

TEST(Takeover, WithoutAPathDoesNothing) {
  const auto takeover = *Takeover::begin("");
  EXPECT_EQ(takeover->offer(listeners(1)), "");
  EXPECT_EQ(takeover->confirm(), "");
  EXPECT_FALSE(takeover->is_offered());
  SuccessorThread successor(*takeover);
  successor.start(std::chrono::seconds(1), [](pid_t) { FAIL(); });
  successor.stop();
}

TEST(Takeover, TellsThatThereIsNoRoomForTheSocket) {
  const auto takeover = *Takeover::begin("/nowhere/takeover");
  EXPECT_THAT(takeover->offer(listeners(1)), HasSubstr("/nowhere/takeover"));
}

TEST(SuccessorThread, RetiresTheServerOnceItsSuccessorServes) {
  const MeetingPoint at;
  const auto old = offering(at.path, 1);
  SuccessorThread waiting(*old);
  std::atomic<pid_t> retired_for = 0;
  waiting.start(std::chrono::minutes(1), [&](pid_t pid) { retired_for = pid; });
  const auto next = *Takeover::begin(at.path);
  const auto taken = next->listeners(bind_in_vain);
  ASSERT_TRUE(taken);
  EXPECT_EQ(next->offer(*taken), "");
  EXPECT_EQ(retired_for, 0) << "the successor has not said yet that it serves";
  EXPECT_EQ(next->confirm(), "");
  while (retired_for == 0) std::this_thread::yield();
  EXPECT_EQ(retired_for, ::getpid());
}

TEST(SuccessorThread, OffersNothingAnyMoreWhenTheServerStops) {
  const MeetingPoint at;
  const auto old = offering(at.path, 1);
  {
    SuccessorThread waiting(*old);
    waiting.start(std::chrono::minutes(1), [](pid_t) { FAIL(); });
    waiting.stop();
  }
  EXPECT_FALSE(old->is_offered());
  const auto next = *Takeover::begin(at.path);
  EXPECT_FALSE(next->listeners(bind_in_vain));
}

}  // namespace
