// SPDX-License-Identifier: GPL-2.0-or-later
// The window of a scan under Xvfb, with a script for `sallyport scan`.
#include "policy/prompt/qt/scan_window.hpp"

#include <gtest/gtest.h>
#include <signal.h>

#include <QLabel>
#include <QPlainTextEdit>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <string>

#include "tests/policy/desktop.hpp"

namespace policy::prompt::qt {
namespace {

class ScanWindowTest : public tests::DesktopTest {
 protected:
  void open(const std::string& script) {
    io::Question asked = tests::device_question();
    asked.source = "work";
    asked.scan_first = "sys-usb:sda";
    asked.scan_for = asked.source;
    window_ = std::make_unique<ScanWindow>(asked, std::vector<std::string>{"/bin/sh", "-c", script},
                                           [this](ScanWindow* closed) {
                                             EXPECT_EQ(closed, window_.get());
                                             ++closed_;
                                           });
    window_->show();
    ASSERT_TRUE(QTest::qWaitForWindowExposed(window_.get()));
  }
  bool shows(const QString& text) const {
    return QTest::qWaitFor(
        [&] {
          for (const QLabel* each : window_->findChildren<QLabel*>()) {
            if (each->text().contains(text)) return true;
          }
          return false;
        },
        10'000);
  }
  void take_picture(const QString& name) const {
    const char* folder = std::getenv("SALLYPORT_PICTURES");
    if (folder != nullptr) window_->grab().save(QString("%1/scan-%2.png").arg(folder, name));
  }
  QPlainTextEdit* report() const { return window_->findChild<QPlainTextEdit*>(); }

  std::unique_ptr<ScanWindow> window_;
  int closed_ = 0;
};

TEST_F(ScanWindowTest, TellsHowFarItIsAndThenTheReport) {
  open(
      "echo '12 % read' >&2; read x < /dev/stdin; echo '50 % read, 3 s left' >&2; sleep 1; "
      "echo 'medium: 3 files'; echo '<b>verdict</b>: clean'");
  EXPECT_TRUE(shows("50 % read, 3 s left"));
  EXPECT_FALSE(report()->isVisible());
  take_picture("runs");
  EXPECT_TRUE(shows("sys-usb:sda: clean; its snapshot is with work"));
  EXPECT_TRUE(report()->isVisible());
  EXPECT_EQ(report()->toPlainText(), "medium: 3 files\n<b>verdict</b>: clean\n");
  EXPECT_FALSE(window_->runs());
  take_picture("clean");
}

TEST_F(ScanWindowTest, SaysWhyNothingWasGiven) {
  open("echo 'verdict: infected'; echo 'sallyport: error: it is not clean' >&2; exit 1");
  EXPECT_TRUE(shows("sys-usb:sda was not given to work: sallyport: error: it is not clean"));
  EXPECT_EQ(report()->toPlainText(), "verdict: infected\n");
  take_picture("infected");
  window_->close();
  EXPECT_EQ(closed_, 1);
}

TEST_F(ScanWindowTest, ClosingItEndsTheScan) {
  const tests::Folder folder;
  const std::string file = (folder.path() / "pid").string();
  open("echo $$ > " + file + "; echo begun >&2; exec sleep 600");
  ASSERT_TRUE(shows("begun"));
  pid_t child = 0;
  ASSERT_TRUE(std::ifstream(file) >> child);
  EXPECT_TRUE(window_->runs());
  window_->close();
  EXPECT_EQ(closed_, 1);
  window_.reset();
  EXPECT_NE(::kill(child, 0), 0);
}

TEST_F(ScanWindowTest, WhatCannotBeStartedIsSaid) {
  open("exit 3");
  EXPECT_TRUE(shows("sys-usb:sda was not given to work"));
  io::Question asked = tests::device_question();
  asked.scan_first = "sys-usb:sda";
  asked.scan_for = asked.source;
  window_ = std::make_unique<ScanWindow>(asked, std::vector<std::string>{"/nowhere/sallyport"},
                                         [](ScanWindow*) {});
  window_->show();
  EXPECT_TRUE(shows("was not given to sys-usb: "));
}

// A medium with a million findings.
TEST_F(ScanWindowTest, TheReportIsBounded) {
  open("yes finding | head -c 3000000");
  EXPECT_TRUE(shows("clean"));
  EXPECT_LE(report()->toPlainText().size(), 256 * 1024);
}

}  // namespace
}  // namespace policy::prompt::qt
