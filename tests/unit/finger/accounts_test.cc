#include "finger/server/accounts/accounts.h"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "expect.h"

namespace {

using finger::Account;
using finger::Accounts;
using finger::PasswdEntry;
using testing::ElementsAre;
using testing::IsEmpty;
using tests::FailedWith;

PasswdEntry user(const std::string& login, uid_t uid = 1000) {
  return {login, "", "/home/" + login, uid, 100};
}

std::vector<std::string> logins(const Accounts& accounts) {
  std::vector<std::string> logins;
  for (const Account& account : accounts.all()) logins.push_back(account.login);
  return logins;
}

TEST(Accounts, AreSortedByTheBytesOfTheirLogins) {
  EXPECT_THAT(logins(Accounts::of_entries({user("bob"), user("Zoe"), user("émile"), user("alice"),
                                           user("al"), user("bob2")})),
              ElementsAre("Zoe", "al", "alice", "bob", "bob2", "émile"));
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

TEST(Accounts, CountTheFirstOfTwoWithTheSameLogin) {
  const auto accounts = Accounts::of_entries({user("bob", 1), user("alice", 2), user("bob", 3)});
  EXPECT_THAT(logins(accounts), ElementsAre("alice", "bob"));
  EXPECT_EQ(accounts.find("bob")->uid, 1U);
}

// They could be listed and never found; and what a list shows must not command a terminal.
TEST(Accounts, LeaveOutUsersWhoCannotBeAskedFor) {
  EXPECT_THAT(logins(Accounts::of_entries(
                  {user(""), user("al@example.org"), user("a\nb"), user("a\tb"), user("jos\xE9"),
                   user("\xC2\x9B"), user(" alice"), user("alice "), user("/W"), user("/w x"),
                   user(std::string(1025, 'x')), user("\x7F"), user("bob")})),
              ElementsAre("bob"));
}

TEST(Accounts, FindWhoIsThereByTheExactLogin) {
  const auto accounts =
      Accounts::of_entries({user("alice"), user("bob"), user("a b"), user("émile")});
  for (const auto& account : accounts.all()) {
    EXPECT_EQ(accounts.find(account.login), &account);
  }
  for (const auto* name : {"", "a", "alic", "alicex", "Alice", "ALICE", "alice ", " alice", "b",
                           "bo", "carol", "zoe", "emile"}) {
    EXPECT_EQ(accounts.find(name), nullptr) << name;
  }
  EXPECT_EQ(accounts.find(std::string("alice\0", 6)), nullptr);
}

TEST(Accounts, FindNoneAmongNone) { EXPECT_EQ(Accounts().find("alice"), nullptr); }

// A name is never made into a path here: it must equal one that is there.
TEST(Accounts, FindNoPath) {
  const auto accounts = Accounts::of_entries({user("alice"), user("x")});
  for (const auto* name : {".", "..", "/", "-", "../x", "./x", "x/", "x/.", "/home/x", "alice/../x",
                           "~", "~x", "*", "%s"}) {
    EXPECT_EQ(accounts.find(name), nullptr) << name;
  }
  EXPECT_EQ(accounts.find(std::string(1024, '/')), nullptr);
}

TEST(Accounts, AreFoundAmongMany) {
  std::vector<PasswdEntry> users;
  for (uid_t uid = 0; uid < 2000; ++uid) users.push_back(user("u" + std::to_string(uid), uid));
  const auto accounts = Accounts::of_entries(users);
  for (uid_t uid = 0; uid < 2000; ++uid) {
    const Account* const found = accounts.find("u" + std::to_string(uid));
    ASSERT_NE(found, nullptr) << uid;
    EXPECT_EQ(found->uid, uid);
  }
  EXPECT_EQ(accounts.find("u2000"), nullptr);
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

TEST_F(AccountsOfDirectory, AreItsDirectoriesSorted) {
  for (const auto* name : {"bob", "alice", "carol c", "émile", "-"}) make_user(name);
  EXPECT_THAT(listed(), ElementsAre("-", "alice", "bob", "carol c", "émile"));
}

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

TEST_F(AccountsOfDirectory, MayBeNone) { EXPECT_THAT(listed(), IsEmpty()); }

TEST_F(AccountsOfDirectory, AreReadAnewEachTime) {
  make_user("alice");
  EXPECT_THAT(listed(), ElementsAre("alice"));
  std::filesystem::remove(path_ + "/alice");
  make_user("bob");
  EXPECT_THAT(listed(), ElementsAre("bob"));
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
  EXPECT_THAT(Accounts::of_directory(path_ + "/nosuch"),
              FailedWith(std::errc::no_such_file_or_directory));
  std::ofstream(path_ + "/file") << "not a directory";
  EXPECT_THAT(Accounts::of_directory(path_ + "/file"), FailedWith(std::errc::not_a_directory));
  EXPECT_FALSE(Accounts::of_directory("").has_value());
}

}  // namespace
