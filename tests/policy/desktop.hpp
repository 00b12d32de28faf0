// SPDX-License-Identifier: GPL-2.0-or-later
// A desktop for tests: Xvfb, this program's Qt on it, and keys of the X server as a person's would
// come.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <QApplication>
#include <QProcess>
#include <QTest>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "policy/io/question.hpp"
#include "tests/fakes/folder.hpp"
#include "tests/rig/child.hpp"

namespace tests {

// Longer than the window's guard.
constexpr int guard_ms = 1300;

inline policy::io::Question device_question() {
  return {.source = "sys-usb",
          .service = "qubes.USB",
          .argument = "+2-1",
          .targets = {"work", "vault", "personal"},
          .icons = {{"work", "appvm-blue"}, {"vault", "appvm-black"}},
          .details = {{"device", "DataTraveler"}, {"port", "sys-usb:2-1"}, {"rule", "p:1"}},
          .scopes = {policy::io::Scope::once, policy::io::Scope::while_plugged,
                     policy::io::Scope::always},
          .always_writes = "work: auto-attach sys-usb:2-1"};
}

// An X server without a screen, and this program's Qt on it.
class Desktop {
 public:
  Desktop() : server_(start()), application_(argc_, argv_.data()) {
    QApplication::setQuitOnLastWindowClosed(false);
  }

 private:
  rig::Child start() {
    const auto log = folder_.path() / "xvfb.log";
    auto server = rig::Child::start(
        {"Xvfb", "-displayfd", "1", "-screen", "0", "1000x900x24", "-nolisten", "tcp"}, log);
    if (!server) throw std::runtime_error(server.error().text);
    for (int i = 0; i < 200; ++i) {
      std::ifstream file(log);
      int display = -1;
      if (file >> display && display >= 0) {
        ::setenv("DISPLAY", (":" + std::to_string(display)).c_str(), 1);
        ::unsetenv("WAYLAND_DISPLAY");
        ::setenv("XDG_RUNTIME_DIR", folder_.path().c_str(), 1);
        return *std::move(server);
      }
      QThread::msleep(50);
    }
    throw std::runtime_error("Xvfb did not start: " + rig::tail(log, 5));
  }

  Folder folder_;
  rig::Child server_;
  std::string name_ = "qt_prompt_test";
  std::vector<char*> argv_{name_.data(), nullptr};
  int argc_ = 1;
  QApplication application_;
};

class DesktopTest : public testing::Test {
 protected:
  static void SetUpTestSuite() { static Desktop desktop; }
  // In xdotool's names.
  static void press(const QStringList& keys) {
    ASSERT_EQ(QProcess::execute("xdotool", QStringList{"key", "--delay", "30"} + keys), 0);
    QTest::qWait(settle_ms);
  }

 private:
  static constexpr int settle_ms = 200;
};

}  // namespace tests
