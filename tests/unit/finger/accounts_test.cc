// That each user who has an account is found, and no other name, tests/fuzz tries.
#include "finger/accounts/accounts.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "finger/accounts/roster.h"

namespace {

using finger::Account;
using finger::Accounts;
using testing::ElementsAre;

std::vector<std::string> logins(const Accounts& accounts) {
  std::vector<std::string> logins;
  for (const Account& account : accounts.all()) logins.push_back(account.login);
  return logins;
}

TEST(Accounts, AreWhatTheSystemSaysOfThem) {
  const auto accounts = Accounts::of_entries({{"alice", "& Adams,", "/srv/alice", 1000, 100}});
  const Account* const alice = accounts.find("alice");
  ASSERT_NE(alice, nullptr);
  EXPECT_EQ(alice->login, "alice");
  EXPECT_EQ(alice->full_name, "Alice Adams");
  EXPECT_EQ(alice->home, "/srv/alice");
  EXPECT_EQ(alice->uid, 1000U);
  EXPECT_EQ(alice->gid, 100U);
}

/// With an empty directory for each test.
class AccountsOfDirectory : public testing::Test {
 protected:
  AccountsOfDirectory() {
    char path[] = "/tmp/finger_tests.XXXXXX";
    path_ = ::mkdtemp(path);
  }
  ~AccountsOfDirectory() override { std::filesystem::remove_all(path_); }

  void make_user(const std::string& name) { std::filesystem::create_directory(path_ + "/" + name); }

  finger::Result<Accounts> read() {
    return Accounts::of_directory(common::Fd(::open(path_.c_str(), O_PATH | O_CLOEXEC)), path_);
  }

  std::vector<std::string> listed() {
    const auto accounts = read();
    EXPECT_TRUE(accounts.has_value()) << accounts.error().message();
    return logins(*accounts);
  }

  std::string path_;
};

TEST_F(AccountsOfDirectory, HaveTheLoginForAFullName) {
  make_user("alice&,x");
  const auto accounts = read();
  ASSERT_TRUE(accounts.has_value());
  const Account* const alice = accounts->find("alice&,x");
  ASSERT_NE(alice, nullptr);
  EXPECT_EQ(alice->full_name, "alice&,x") << "it is no GECOS field";
  EXPECT_EQ(alice->home, path_ + "/alice&,x");
  EXPECT_EQ(alice->uid, static_cast<uid_t>(-1)) << "nobody's rights are taken on";
}

TEST_F(AccountsOfDirectory, AreNeitherFilesNorLinksNorHidden) {
  make_user("alice");
  make_user(".hidden");
  std::ofstream(path_ + "/file") << "not a user";
  std::filesystem::create_directory_symlink(path_ + "/alice", path_ + "/link");
  std::filesystem::create_directory_symlink("/", path_ + "/root");
  std::filesystem::create_symlink("nowhere", path_ + "/dangling");
  ASSERT_EQ(::mkfifo((path_ + "/fifo").c_str(), 0600), 0);
  EXPECT_THAT(listed(), ElementsAre("alice"));
}

TEST_F(AccountsOfDirectory, LeaveOutUsersWhoCannotBeAskedFor) {
  for (const auto* name : {"alice", "a@b", "a\nb", "jos\xE9", " x", "x ", "\x1B[2J"}) {
    make_user(name);
  }
  EXPECT_THAT(listed(), ElementsAre("alice"));
}

// realmd and sssd make logins of the first kind, and an administrator wonders where they are.
TEST(Accounts, NameThoseThatCannotBeAskedFor) {
  const auto accounts = Accounts::of_entries({{"alice@corp.example", "", "/a", 1000, 100},
                                              {"@", "", "/b", 1001, 100},
                                              {"/W", "", "/c", 1002, 100},
                                              {"b\x1B[2J", "", "/d", 1003, 100},
                                              {"carol", "", "/e", 1004, 100}});
  EXPECT_THAT(logins(accounts), ElementsAre("carol"));
  EXPECT_THAT(accounts.left_out(), ElementsAre("alice@corp.example", "@", "/W", "b\x1B[2J"));
  EXPECT_EQ(finger::describe(accounts),
            "1 user; cannot be asked for: alice@corp.example, @, /W, b\\x1b[2J");
}

TEST(Accounts, AreDescribedInALineHoweverManyAreLeftOut) {
  std::vector<finger::PasswdEntry> entries;
  for (int i = 0; i < 500; ++i) {
    entries.push_back({std::to_string(i) + "@corp.example", "", "/", 1000, 100});
  }
  const auto line = finger::describe(Accounts::of_entries(std::move(entries)));
  EXPECT_THAT(line, testing::StartsWith("0 users; cannot be asked for: 0@corp.example, "));
  EXPECT_THAT(line, testing::EndsWith(" and 492 more"));
}

TEST_F(AccountsOfDirectory, AreManyWithoutADescriptorLeftOpen) {
  for (int i = 0; i < 300; ++i) make_user("user" + std::to_string(i));
  const auto descriptors = [] {
    return std::distance(std::filesystem::directory_iterator("/proc/self/fd"),
                         std::filesystem::directory_iterator());
  };
  const auto before = descriptors();
  EXPECT_EQ(listed().size(), 300U);
  EXPECT_EQ(descriptors(), before);
}

TEST_F(AccountsOfDirectory, AreAnErrorWhereItIsNone) {
  path_ += "/file";
  std::ofstream(path_) << "not a directory";
  EXPECT_EQ(read().error(), std::errc::not_a_directory);
  std::filesystem::remove(path_);
  EXPECT_EQ(read().error(), std::errc::bad_file_descriptor);
}

}  // namespace
