#include "finger/rights/owners.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/landlock.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <utility>

#include "finger/rights/fence.h"
#include "in_child.h"
#include "uring/loop.h"

namespace {

using finger::Accounts;
using uring::Loop;
using uring::Task;

constexpr uid_t owner = 12'345;

Accounts one_account(uid_t uid = owner) {
  return Accounts(
      {{.login = "alice", .full_name = "", .home = "/nonexistent", .uid = uid, .gid = uid}});
}

std::unique_ptr<Loop> make_disabled_loop() {
  uring::Setup setup;
  setup.disabled = true;
  auto loop = Loop::create(setup);
  if (!loop) std::_Exit(2);
  return std::move(*loop);
}

/// Prints what went wrong, and ends the child.
void must(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "%s\n", what);
  std::_Exit(1);
}

finger::User daemon() {
  const auto user = finger::user_to_become("");
  must(user.has_value(), "a user to become");
  return *user;
}

/// Does with root what a worker does, in the same order.
void give_root_up(Loop& loop, Accounts& accounts, const finger::User& user = daemon()) {
  must(finger::register_owners(loop.ring(), accounts, user).has_value(), "owners are registered");
  must(finger::restrict_ring(loop.ring()).has_value(), "the ring is restricted");
  must(finger::become(user).has_value(), "root is given up");
}

/// A test acts as root, and gives root up, in a child.
class OwnersDeathTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (::getuid() != 0) GTEST_SKIP() << "needs root, to give it up";
  }
};

Task<> do_this_and_that(Loop& loop) {
  const auto dir = loop.working_dir();
  const auto opened = co_await loop.openat2(dir, "/", {.flags = O_PATH, .mode = 0, .resolve = 0});
  must(opened.has_value(), "a file is opened");
  const auto removed = co_await loop.unlinkat(dir, "/nonexistent");
  must(!removed && removed.error() == std::errc::permission_denied, "no file is removed");
  const auto socket = co_await loop.socket(AF_INET, SOCK_STREAM, 0);
  must(!socket && socket.error() == std::errc::permission_denied, "nobody is connected to");
  const auto linked = co_await loop.linkat(dir, "/a", dir, "/b");
  must(!linked && linked.error() == std::errc::permission_denied, "no name is made");
}

[[noreturn]] void serve_and_do_more() {
  const auto loop = make_disabled_loop();
  auto accounts = one_account();
  give_root_up(*loop, accounts);
  loop->run(do_this_and_that(*loop));
  must(!loop->ring().register_credentials(), "nothing is registered any more");
  std::_Exit(tests::went_on);
}

TEST_F(OwnersDeathTest, ARingDoesOnlyTheOperationsThatServingPlansTakes) {
  EXPECT_EXIT(serve_and_do_more(), ::testing::ExitedWithCode(tests::went_on), "^$");
}

Task<bool> open_as(Loop& loop, const char* path, std::uint16_t number, int flags) {
  const auto file = co_await loop
                        .openat2(loop.working_dir(), path,
                                 {.flags = static_cast<unsigned>(flags), .mode = 0, .resolve = 0})
                        .as(number);
  co_return file.has_value();
}

long landlock_version() {
  return ::syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
}

/// A login that turns the text after it round, if a terminal shows it as it is.
constexpr auto backwards = "al\u202eice";

// These are root, and an id that this user namespace doesn't have. Nothing is opened as them, but
// the accounts after them are served.
TEST_F(OwnersDeathTest, ThereIsNobodyToOpenAPlanAsForSomeAccounts) {
  for (const uid_t uid : {uid_t{0}, static_cast<uid_t>(-1)}) {
    const auto act = [uid] {
      const auto loop = make_disabled_loop();
      auto accounts = Accounts(
          {{.login = backwards, .full_name = "", .home = "/nonexistent", .uid = uid, .gid = uid},
           {.login = "bob", .full_name = "", .home = "/nonexistent", .uid = owner, .gid = owner}});
      give_root_up(*loop, accounts);
      must(!accounts.find(backwards)->owner, "nothing opens these files");
      must(accounts.find("bob")->owner.value_or(0) != 0, "bob's are opened with his rights");
      std::_Exit(tests::went_on);
    };
    EXPECT_EXIT(act(), ::testing::ExitedWithCode(tests::went_on),
                "^al\\\\xe2\\\\x80\\\\xaeice has uid [0-9]+ and gid [0-9]+: there is no account to "
                "open the plan as\n$");
  }
}

Accounts account_at(const std::string& home) {
  return Accounts({{.login = "alice", .full_name = "", .home = home, .uid = owner, .gid = owner}});
}

/// The process that serves clients, with an attacker in it.
struct Compromised {
  explicit Compromised(const std::string& home) {
    const auto user = daemon();  // its name is in a file that will be beyond the fence
    must(finger::forbid_writing().has_value(), "a fence");
    finger::Roster roster{.users = {}, .accounts = account_at(home), .list = ""};
    const finger::HomeFence fence;
    const finger::Control nobody{common::Fd()};
    must(finger::permit_homes(fence, roster, nobody).has_value(), "homes are looked at");
    loop = make_disabled_loop();
    fence.put_up();
    give_root_up(*loop, roster.accounts, user);
    as_owner = *roster.accounts.find("alice")->owner;
  }

  /// Reads with the owner's rights, and with our own.
  bool reads(const std::string& path) {
    const bool by_ring = loop->run(open_as(*loop, path.c_str(), as_owner, O_RDONLY));
    const bool by_call = static_cast<bool>(common::Fd(::open(path.c_str(), O_RDONLY)));
    must(by_ring == by_call, "the ring may read what the process may");
    return by_ring;
  }

  std::unique_ptr<Loop> loop;
  std::uint16_t as_owner = 0;
};

/// homes/alice/.plan and elsewhere/file, in a directory of its own, where everybody may read
/// everything.
class HomeFenceDeathTest : public OwnersDeathTest {
 protected:
  void SetUp() override {
    OwnersDeathTest::SetUp();
    if (IsSkipped()) return;
    if (landlock_version() < 1) GTEST_SKIP() << "no Landlock";
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    GTEST_SKIP() << "a sanitizer reads what it likes";
#endif
    ASSERT_NE(::mkdtemp(top.data()), nullptr);
    ASSERT_EQ(::chmod(top.c_str(), 0755), 0);
    std::filesystem::create_directories(top + "/homes/alice");
    std::filesystem::create_directories(top + "/elsewhere");
    std::ofstream(top + "/homes/alice/.plan") << "a plan";
    std::ofstream(top + "/elsewhere/.plan") << "what is no plan of hers";
  }
  void TearDown() override { std::filesystem::remove_all(top); }

  std::string top = "/tmp/fence-XXXXXX";
};

TEST_F(HomeFenceDeathTest, NothingIsReadOutsideOfHomes) {
  std::filesystem::create_symlink(top + "/elsewhere", top + "/homes/bob");
  const auto act = [this](const std::string& home) {
    Compromised worker(home);
    const bool is_a_link = home.ends_with("bob/");
    const bool is_in_homes = home.starts_with(top);
    must(worker.reads(top + "/homes/alice/.plan") == is_in_homes, "the plan");
    must(worker.reads(top + "/elsewhere/.plan") == is_a_link, "a file elsewhere");
    must(!worker.reads("/etc/passwd"), "a file of the system's");
    for (const std::string& directory : {top + "/homes", top + "/elsewhere"}) {
      must(is_a_link || !common::Fd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY)), "a list");
    }
    std::_Exit(tests::went_on);
  };
  for (const std::string& home :
       {top + "/homes/alice", top + "/homes/bob/", std::string("/"), std::string("/nonexistent"),
        std::string(""), std::string("relative")}) {
    EXPECT_EXIT(act(home), ::testing::ExitedWithCode(tests::went_on), "^$") << home;
  }
}

}  // namespace
