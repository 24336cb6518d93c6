#include "common/fd.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <type_traits>
#include <utility>

namespace {

using common::Fd;

static_assert(!std::is_copy_constructible_v<Fd>, "two owners would close it twice");
static_assert(std::is_nothrow_move_constructible_v<Fd>);
static_assert(!std::is_convertible_v<int, Fd>, "a number must not become an owner by accident");

Fd open_something() { return Fd(::open("/dev/null", O_RDWR | O_CLOEXEC)); }

bool is_open(int number) { return ::fcntl(number, F_GETFD) >= 0; }

TEST(Fd, HoldsDescriptorZero) {
  // We don't close standard input, because it isn't ours.
  auto* const fd = new Fd(0);
  EXPECT_TRUE(*fd);
  EXPECT_EQ(fd->get(), 0);
  *fd = Fd();  // closes number 0, so we open it again below
  EXPECT_FALSE(is_open(0));
  EXPECT_EQ(::open("/dev/null", O_RDWR), 0);
  delete fd;
  EXPECT_TRUE(is_open(0)) << "an empty Fd closed something";
}

TEST(Fd, ClosesItsDescriptorInTheDestructor) {
  int number = -1;
  {
    const Fd fd = open_something();
    ASSERT_TRUE(fd);
    number = fd.get();
    EXPECT_TRUE(is_open(number));
  }
  EXPECT_FALSE(is_open(number));
}

// The next open returns the same number, so closing twice would close a stranger's descriptor.
TEST(Fd, ClosesExactlyOnceHoweverOftenItIsMoved) {
  int number = -1;
  {
    Fd first = open_something();
    number = first.get();
    Fd second = std::move(first);
    EXPECT_FALSE(first);  // NOLINT(bugprone-use-after-move): Fd promises this
    Fd third;
    third = std::move(second);
    EXPECT_EQ(third.get(), number);
    EXPECT_TRUE(is_open(number));
    third = open_something();
    ASSERT_FALSE(is_open(number)) << "another was put in its place";
    ASSERT_EQ(::open("/dev/null", O_RDWR | O_CLOEXEC), number);
  }
  EXPECT_TRUE(is_open(number)) << "closed again, when it was another's";
  ::close(number);
}

TEST(Fd, SurvivesBeingMovedToItself) {
  Fd fd = open_something();
  const int number = fd.get();
  Fd& same = fd;
  fd = std::move(same);
  EXPECT_EQ(fd.get(), number);
  EXPECT_TRUE(is_open(number));
}

}  // namespace
