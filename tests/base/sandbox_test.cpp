// SPDX-License-Identifier: GPL-2.0-or-later
// Each test puts the sandbox on in a child, since it cannot be taken off again.
#include "base/io/sandbox.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <functional>
#include <thread>

namespace base::io {
namespace {

// The wait status of a child that runs `body`.
int in_child(const std::function<int()>& body) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(body());
  int status = 0;
  ::waitpid(child, &status, 0);
  return status;
}

TEST(Sandbox, KillsAForbiddenSystemCall) {
  const int status = in_child([] {
    if (!enter_sandbox({.syscalls = {}, .paths = std::nullopt})) return 1;
    ::socket(AF_INET, SOCK_STREAM, 0);
    return 0;
  });
  ASSERT_TRUE(WIFSIGNALED(status)) << status;
  EXPECT_EQ(WTERMSIG(status), SIGSYS);
}

TEST(Sandbox, LeavesAllowedSystemCallsAlone) {
  const int status = in_child([] {
    if (!enter_sandbox({.syscalls = {"socket"}, .paths = std::nullopt})) return 1;
    return ::socket(AF_UNIX, SOCK_STREAM, 0) >= 0 ? 0 : 2;
  });
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST(Sandbox, WhatIsRefusedFailsAndDoesNotKill) {
  const int status = in_child([] {
    if (!enter_sandbox({.syscalls = {}, .refused = {"socket"}, .paths = std::nullopt})) return 1;
    return ::socket(AF_UNIX, SOCK_STREAM, 0) < 0 && errno == EPERM ? 0 : 2;
  });
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST(Sandbox, ThreadsAreNoProcesses) {
  const auto with_threads = [](const std::function<int()>& body) {
    return in_child([&body] {
      if (!enter_sandbox({.syscalls = {}, .threads = true, .paths = std::nullopt})) return 1;
      return body();
    });
  };
  const int thread = with_threads([] {
    int done = 0;
    std::thread([&done] { done = 7; }).join();
    return done;
  });
  EXPECT_TRUE(WIFEXITED(thread)) << thread;
  EXPECT_EQ(WEXITSTATUS(thread), 7);
  const int process = with_threads([] { return ::fork() < 0 ? 2 : 0; });
  ASSERT_TRUE(WIFSIGNALED(process)) << process;
  EXPECT_EQ(WTERMSIG(process), SIGSYS);
}

TEST(Sandbox, RefusesAnUnknownSystemCallName) {
  const int status = in_child([] {
    return enter_sandbox({.syscalls = {"no_such_call"}, .paths = std::nullopt}).has_value() ? 1 : 0;
  });
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST(Sandbox, DropsRootForGood) {
  if (::geteuid() != 0) {
    EXPECT_FALSE(
        drop_identity({.uid = ::getuid() + 1, .gid = ::getgid(), .groups = {}}).has_value());
    return;
  }
  const int status = in_child([] {
    if (!drop_identity({.uid = 65534, .gid = 65534, .groups = {}})) return 1;
    if (::getuid() != 65534 || ::getegid() != 65534) return 2;
    return ::setuid(0) == 0 ? 3 : 0;
  });
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST(Sandbox, FindsAGroupOrSaysThatItIsMissing) {
  const auto root = find_group("root");
  ASSERT_TRUE(root.has_value());
  EXPECT_EQ(*root, 0U);
  const auto nobody = find_group("no-such-group");
  ASSERT_FALSE(nobody.has_value());
  EXPECT_EQ(nobody.error().text, "no group 'no-such-group'; create it first");
}

TEST(Sandbox, SaysThatAUserIsMissing) {
  const auto nobody = find_identity("no-such-user");
  ASSERT_FALSE(nobody.has_value());
  EXPECT_EQ(nobody.error().text, "no user 'no-such-user'; create it first");
}

}  // namespace
}  // namespace base::io
