#include "uring/extra/post.h"

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <thread>
#include <vector>

#include "fixture.h"
#include "uring/condition.h"

namespace {

using namespace std::chrono_literals;
using tests::make_loop;
using tests::Succeeded;
using uring::Condition;
using uring::Loop;
using uring::Poster;
using uring::PostQueue;
using uring::Scope;
using uring::Task;

class UringPost : public tests::Uring {};

TEST_F(UringPost, WorkFromManyThreadsRunsInTheLoopsThread) {
  constexpr int threads = 4;
  constexpr int each = 500;
  run([this]() -> Task<> {
    Condition condition(loop);
    const auto queue = *PostQueue::create(loop);
    const auto loops_thread = std::this_thread::get_id();
    int done = 0;  // no atomic: only one thread counts
    std::vector<int> last(threads, -1);
    std::vector<std::jthread> others;
    for (int thread = 0; thread < threads; ++thread) {
      others.emplace_back([&, poster = queue->poster(), thread] {
        for (int i = 0; i < each; ++i) {
          EXPECT_TRUE(poster.post([&, thread, i] {
            EXPECT_EQ(std::this_thread::get_id(), loops_thread);
            EXPECT_EQ(last[static_cast<std::size_t>(thread)], i - 1) << "not in order";
            last[static_cast<std::size_t>(thread)] = i;
            if (++done == threads * each) condition.notify_one();
          }));
          if (i % 100 == 0) std::this_thread::sleep_for(1ms);  // the loop falls asleep
        }
      });
    }
    while (done < threads * each) (void)co_await condition.wait();
    EXPECT_EQ(done, threads * each);
  });
}

TEST_F(UringPost, TheLoopsOwnThreadMayPostAndSpawn) {
  run([this]() -> Task<> {
    Condition condition(loop);
    Scope scope(loop);
    const auto queue = *PostQueue::create(loop);
    const auto poster = queue->poster();
    int done = 0;
    const auto child = [](uring::Loop& l, Condition& s, int& count) -> Task<> {
      const auto slept = co_await l.sleep(1ms);
      EXPECT_THAT(slept, Succeeded());
      ++count;
      s.notify_one();
    };
    poster.post([&] {
      EXPECT_EQ(done, 0);
      poster.post([&] { scope.spawn(child(loop, condition, done)); });
    });
    EXPECT_EQ(done, 0) << "not before the loop lets coroutines go on";
    while (done == 0) (void)co_await condition.wait();
    co_await scope.join();
  });
}

// Work that posts itself again has a turn each time, and the ring in between.
TEST_F(UringPost, WorkThatPostsWithoutEndStarvesNothing) {
  run([this]() -> Task<> {
    const auto queue = *PostQueue::create(loop);
    const auto poster = queue->poster();
    bool stop = false;
    std::function<void()> again = [&] {
      if (!stop) poster.post([&] { again(); });
    };
    again();
    EXPECT_THAT(co_await loop.sleep(5ms), Succeeded());
    stop = true;
  });
}

Task<> post_what_throws(Loop& loop) {
  const auto queue = *PostQueue::create(loop);
  (void)queue->poster().post([] { throw std::runtime_error("from work"); });
  (void)co_await loop.sleep(1h);
}

TEST(UringPostDeathTest, WorkThatThrowsEndsTheProcess) {
  const auto run_and_catch = [] {
    const auto loop = *Loop::create({});
    try {
      loop->run(post_what_throws(*loop));
    } catch (const std::runtime_error&) {
      std::_Exit(0);
    }
  };
  EXPECT_DEATH(run_and_catch(), "from work");
}

TEST(UringLoop, APosterMayOutliveTheLoop) {
  auto counted = std::make_shared<int>(0);
  auto loop = make_loop();
  auto queue = *PostQueue::create(*loop);
  const Poster poster = queue->poster();
  EXPECT_TRUE(poster.post([counted] { ++*counted; }));
  queue.reset();
  EXPECT_EQ(counted.use_count(), 1) << "what was not called is destroyed";
  loop.reset();
  EXPECT_FALSE(poster.post([counted] { ++*counted; }));
  EXPECT_EQ(*counted, 0);
  EXPECT_EQ(counted.use_count(), 1);
}

// Threads post while queue and loop end: each work is called or destroyed, none is kept.
TEST(UringLoop, EndsWhileOthersPost) {
  for (int round = 0; round < 10; ++round) {
    auto counted = std::make_shared<std::atomic<int>>(0);
    {
      const auto loop = make_loop();
      auto queue = *PostQueue::create(*loop);
      std::vector<std::jthread> others;
      for (int thread = 0; thread < 3; ++thread) {
        others.emplace_back([poster = queue->poster(), counted] {
          while (poster.post([counted] { ++*counted; })) {
          }
        });
      }
      const auto nap = [](uring::Loop& l) -> Task<> { (void)co_await l.sleep(1ms); };
      loop->run(nap(*loop));
      queue.reset();
    }
    EXPECT_EQ(counted.use_count(), 1);
  }
}

}  // namespace
