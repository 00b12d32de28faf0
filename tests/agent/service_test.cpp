// SPDX-License-Identifier: GPL-2.0-or-later
// Services as the agent starts them: real programs in a temporary qubes-rpc folder.
#include "agent/io/service.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <filesystem>

#include "base/io/files.hpp"
#include "tests/fakes/folder.hpp"

namespace agent::io {
namespace {

class ServiceTest : public testing::Test {
 protected:
  void program(const std::string& name, const std::string& script) {
    ASSERT_TRUE(base::io::write_file_atomically(folder_ / name, "#!/bin/sh\n" + script + "\n", 0755)
                    .has_value());
  }

  // Starts the service, gives the far end of its stream, and runs until it ended.
  void start(const std::string& service) {
    const auto path = find_service({folder_}, service);
    ASSERT_TRUE(path.has_value());
    auto pair = base::io::stream_pair();
    far_ = std::move(pair->second);
    CallStart call;
    call.call = {5};
    call.service = service;
    call.source = "work";
    call.requested_target = "sys-usb";
    auto started = Service::start(
        io_, call, {.file = *path, .agent_socket = "/run/agent.sock"}, std::move(pair->first),
        [this](CallId id, const Service::End& end) {
          EXPECT_EQ(id, CallId{5});
          end_ = end;
        },
        [this](CallId, const std::string& word) { said_ += word + ";"; });
    ASSERT_TRUE(started.has_value()) << started.error().text;
    service_ = *started;
  }
  void run_until_end() {
    const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (!end_ && std::chrono::steady_clock::now() < limit) {
      io_.restart();
      io_.run_one_for(std::chrono::milliseconds(20));
    }
    ASSERT_TRUE(end_.has_value());
  }

  boost::asio::io_context io_{1};
  const tests::Folder scratch_;
  std::filesystem::path folder_ = scratch_.path();
  base::io::Fd far_;
  std::shared_ptr<Service> service_;
  std::optional<Service::End> end_;
  std::string said_;
};

TEST_F(ServiceTest, TellsTheWordsOfItsStatusPipeAndNoOthers) {
  program("x", "echo paired >&3; printf 'two words\\n\\033[31m\\nx' >&3; echo >&3; sleep 0.3");
  start("x");
  run_until_end();
  EXPECT_EQ(said_, "paired;x;");
}

TEST_F(ServiceTest, StatusesAreCounted) {
  program("x",
          "for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18; do echo $i >&3; done; sleep 0.3");
  start("x");
  run_until_end();
  EXPECT_EQ(said_, "1;2;3;4;5;6;7;8;9;10;11;12;13;14;15;16;");
}

TEST_F(ServiceTest, PrefersTheProgramOfTheArgument) {
  program("qubes.USB", "true");
  program("qubes.USB+2-1", "true");
  EXPECT_EQ(find_service({folder_}, "qubes.USB+2-1"), folder_ / "qubes.USB+2-1");
  EXPECT_EQ(find_service({folder_}, "qubes.USB+2-2"), folder_ / "qubes.USB");
  EXPECT_EQ(find_service({folder_}, "qubes.USB"), folder_ / "qubes.USB");
}

TEST_F(ServiceTest, NeverLeavesItsFolders) {
  program("x", "true");
  const std::string folder = folder_.filename().string();
  EXPECT_FALSE(find_service({folder_}, "../" + folder + "/x").has_value());
  EXPECT_FALSE(find_service({folder_}, "").has_value());
  EXPECT_FALSE(find_service({folder_}, "+x").has_value());
  EXPECT_FALSE(find_service({folder_}, "..").has_value());
  EXPECT_FALSE(
      find_service({folder_.parent_path()}, folder).has_value());  // a folder is no program
}

TEST_F(ServiceTest, GetsTheStreamAndQrexecsEnvironment) {
  program("test.Env",
          "read line; echo \"$line $1 $QREXEC_REMOTE_DOMAIN $QREXEC_SERVICE_FULL_NAME "
          "$QREXEC_SERVICE_ARGUMENT $QREXEC_REQUESTED_TARGET_TYPE $QREXEC_REQUESTED_TARGET "
          "$SALLYPORT_AGENT_SOCKET\"");
  start("test.Env+a+b");
  ASSERT_TRUE(base::io::write_all(far_, "hello\n").has_value());
  run_until_end();
  EXPECT_EQ(*base::io::read_all(far_, 4096),
            "hello a+b work test.Env+a+b a+b name sys-usb /run/agent.sock\n");
  EXPECT_EQ(end_->exit_code, 0);
}

TEST_F(ServiceTest, ReportsTheLastLineOfItsErrors) {
  program("test.Fail", "echo first >&2; echo no free vhci port >&2; exit 3");
  start("test.Fail");
  run_until_end();
  EXPECT_EQ(end_->exit_code, 3);
  EXPECT_EQ(end_->reason, "no free vhci port");
}

TEST_F(ServiceTest, InheritsNothingButItsStreamAndItsErrors) {
  const base::io::Fd leaky(::dup(STDERR_FILENO));  // without close-on-exec
  program("test.Fds", "ls /proc/$$/fd; true");     // a pipe would be one more descriptor
  start("test.Fds");
  run_until_end();
  // 10 or 255 is the shell's own copy of its script.
  const std::string fds = *base::io::read_all(far_, 4096);
  EXPECT_TRUE(fds == "0\n1\n10\n2\n3\n" || fds == "0\n1\n2\n255\n3\n" || fds == "0\n1\n2\n3\n")
      << fds;
}

TEST_F(ServiceTest, ReportsASignal) {
  program("test.Die", "kill -9 $$");
  start("test.Die");
  run_until_end();
  EXPECT_EQ(end_->exit_code, 137);
  EXPECT_EQ(end_->reason, "killed by signal 9");
}

TEST_F(ServiceTest, IsKilledWhenItDoesNotListen) {
  program("test.Stubborn", "trap '' TERM; echo ready; while true; do sleep 0.1; done");
  start("test.Stubborn");
  std::array<char, 16> ready{};
  ASSERT_GT(::read(far_.get(), ready.data(), ready.size()), 0);
  service_->cancel();
  run_until_end();
  EXPECT_EQ(end_->exit_code, 137);
}

TEST_F(ServiceTest, KeepsOnlyTheEndOfALongComplaint) {
  program("test.Loud", "i=0; while [ $i -lt 5000 ]; do echo line $i >&2; i=$((i+1)); done; exit 1");
  start("test.Loud");
  run_until_end();
  EXPECT_EQ(end_->reason, "line 4999");
}

}  // namespace
}  // namespace agent::io
