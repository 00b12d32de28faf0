// SPDX-License-Identifier: GPL-2.0-or-later
// sallyport-dial as a process: bytes both ways, half-close, and a socket that is not there.
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <thread>

#include "base/io/files.hpp"
#include "base/io/unix_socket.hpp"
#include "tests/places.hpp"

namespace {

using base::io::Fd;

class Dial : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "dial-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override {
    if (pid_ > 0) {
      ::kill(pid_, SIGKILL);
      ::waitpid(pid_, nullptr, 0);
    }
    std::filesystem::remove_all(folder_);
  }

  std::filesystem::path socket() const { return folder_ / "s"; }

  // The program's stdin and stdout are one socket, as QEMU starts it.
  void start() {
    auto pair = base::io::stream_pair();
    ASSERT_TRUE(pair);
    pid_ = ::fork();
    if (pid_ == 0) {
      ::dup2(pair->second.get(), STDIN_FILENO);
      ::dup2(pair->second.get(), STDOUT_FILENO);
      const std::string program = places::build() + "/bin/sallyport-dial";
      ::execl(program.c_str(), "sallyport-dial", socket().c_str(), nullptr);
      ::_exit(126);
    }
    guest_ = std::move(pair->first);
  }
  void accept() {
    pollfd waiting{.fd = listening_.get(), .events = POLLIN, .revents = 0};
    ASSERT_EQ(::poll(&waiting, 1, 10'000), 1);
    dom0_.reset(::accept4(listening_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    ASSERT_TRUE(dom0_);
  }
  void join() {
    auto listening = base::io::listen_unix(socket(), 0600);
    ASSERT_TRUE(listening) << listening.error().text;
    listening_ = std::move(*listening);
    start();
    accept();
  }
  int exit_status() {
    int status = 0;
    ::waitpid(pid_, &status, 0);
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

  std::filesystem::path folder_;
  pid_t pid_ = -1;
  Fd listening_;
  Fd guest_;
  Fd dom0_;
};

TEST_F(Dial, CarriesHalfClosesBothWaysAndEnds) {
  join();
  ASSERT_TRUE(base::io::write_all(guest_, "request"));
  ::shutdown(guest_.get(), SHUT_WR);
  const auto request = base::io::read_all(dom0_, 100);
  ASSERT_TRUE(request);
  EXPECT_EQ(*request, "request");
  ASSERT_TRUE(base::io::write_all(dom0_, "answer"));
  ::shutdown(dom0_.get(), SHUT_WR);
  const auto answer = base::io::read_all(guest_, 100);
  ASSERT_TRUE(answer);
  EXPECT_EQ(*answer, "answer");
  EXPECT_EQ(exit_status(), 0);
}

TEST_F(Dial, LosesNothingWhenTheReaderIsSlow) {
  join();
  constexpr std::size_t size = std::size_t{4} * 1024 * 1024;
  const std::string sent(size, 'x');
  std::thread writer([&] {
    static_cast<void>(base::io::write_all(guest_, sent));
    ::shutdown(guest_.get(), SHUT_WR);
  });
  const auto got = base::io::read_all(dom0_, size);
  writer.join();
  ASSERT_TRUE(got) << got.error().text;
  EXPECT_EQ(*got, sent);
  dom0_.reset();
  EXPECT_EQ(exit_status(), 0);
}

TEST_F(Dial, EndsWhenDom0IsGoneThoughTheGuestStays) {
  join();
  ASSERT_TRUE(base::io::write_all(dom0_, "last words"));
  dom0_.reset();
  const auto rest = base::io::read_all(guest_, 100);
  ASSERT_TRUE(rest);
  EXPECT_EQ(*rest, "last words");
  EXPECT_EQ(exit_status(), 0);
}

TEST_F(Dial, EndsWhenTheGuestIsGoneThoughDom0Stays) {
  join();
  guest_.reset();
  const auto rest = base::io::read_all(dom0_, 100);
  ASSERT_TRUE(rest);
  EXPECT_EQ(exit_status(), 0);
}

TEST_F(Dial, EndsWhenBothEndsAreGone) {
  join();
  dom0_.reset();
  const auto rest = base::io::read_all(guest_, 100);
  ASSERT_TRUE(rest);
  guest_.reset();
  EXPECT_EQ(exit_status(), 0);
}

TEST_F(Dial, SaysThatNobodyListens) {
  start();
  EXPECT_EQ(exit_status(), 1);
}

}  // namespace
