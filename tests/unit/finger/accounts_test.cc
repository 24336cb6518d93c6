// That each user who has an account is found, and no other name, tests/fuzz tries.
#include "finger/accounts/accounts.h"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

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

  std::vector<std::string> listed() {
    const auto accounts = Accounts::of_directory(path_);
    EXPECT_TRUE(accounts.has_value()) << accounts.error().message();
    return logins(*accounts);
  }

  std::string path_;
};

TEST_F(AccountsOfDirectory, HaveTheLoginForAFullName) {
  make_user("alice&,x");
  const auto accounts = Accounts::of_directory(path_);
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
  EXPECT_EQ(Accounts::of_directory(path_ + "/nosuch").error(),
            std::errc::no_such_file_or_directory);
  std::ofstream(path_ + "/file") << "not a directory";
  EXPECT_EQ(Accounts::of_directory(path_ + "/file").error(), std::errc::not_a_directory);
  EXPECT_FALSE(Accounts::of_directory("").has_value());
}

}  // namespace
