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

#include "sockets.h"

namespace {

using common::Fd;
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
    const auto taken = (*takeover)->take_listeners();
    ASSERT_EQ(taken.size(), 600U);
    const auto address = common::Address::of_socket(taken.back());
    EXPECT_TRUE(tests::connect_to(*address));
    EXPECT_EQ((*takeover)->offer(taken), "");
    EXPECT_EQ((*takeover)->confirm(), "");
  });
  advance_until_replaced(*old);
  successor.join();
  EXPECT_EQ(old->successor(), ::getpid());
  EXPECT_FALSE(old->is_offered());
}

TEST(Takeover, TellsThatThereIsNoRoomForTheSocket) {
  const auto takeover = *Takeover::begin("/nowhere/takeover");
  EXPECT_THAT(takeover->offer(listeners(1)), HasSubstr("/nowhere/takeover"));
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
  EXPECT_TRUE(next->take_listeners().empty());
}

}  // namespace
