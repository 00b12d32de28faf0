// SPDX-License-Identifier: GPL-2.0-or-later
// The QMP client against a QEMU without a machine.
#include "tests/rig/qmp.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include "tests/rig/child.hpp"

namespace rig {
namespace {

class QmpTest : public testing::Test {
 protected:
  void SetUp() override {
    const auto base = std::filesystem::temp_directory_path() / ("qmp." + std::to_string(getpid()));
    socket_ = base.string() + ".sock";
    log_ = base.string() + ".log";
    auto qemu = Child::start({"qemu-system-x86_64", "-nodefaults", "-display", "none", "-machine",
                              "none", "-qmp", "unix:" + socket_.string() + ",server=on,wait=off"},
                             log_);
    ASSERT_TRUE(qemu);
    qemu_.emplace(std::move(*qemu));
  }
  void TearDown() override {
    std::filesystem::remove(socket_);
    std::filesystem::remove(log_);
  }

  static Deadline soon() { return deadline_after(std::chrono::seconds(20)); }

  std::filesystem::path socket_;
  std::filesystem::path log_;
  std::optional<Child> qemu_;
};

TEST_F(QmpTest, AnswersRefusesAndSendsEvents) {
  auto qmp = Qmp::connect(socket_, soon());
  ASSERT_TRUE(qmp) << qmp.error().text;
  const auto status = qmp->execute("query-status", {}, soon());
  ASSERT_TRUE(status);
  EXPECT_TRUE(status->as_object().contains("status"));

  const auto refused = qmp->execute("device_del", {{"id", "nothing"}}, soon());
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().text.find("DeviceNotFound"), std::string::npos) << refused.error().text;

  ASSERT_TRUE(qmp->execute("stop", {}, soon()));
  EXPECT_FALSE(qmp->wait_event("NO_SUCH_EVENT", deadline_after(std::chrono::milliseconds(50))));
  ASSERT_TRUE(qmp->execute("quit", {}, soon()));
  const auto shutdown = qmp->wait_event("SHUTDOWN", soon());
  ASSERT_TRUE(shutdown);
  EXPECT_TRUE(shutdown->contains("guest"));
  EXPECT_EQ(qemu_->wait(soon()), 0);
}

TEST_F(QmpTest, NobodyListeningIsAnErrorAtTheDeadline) {
  EXPECT_FALSE(Qmp::connect("/nonexistent/qmp", deadline_after(std::chrono::milliseconds(50))));
}

}  // namespace
}  // namespace rig
