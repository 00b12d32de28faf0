// SPDX-License-Identifier: GPL-2.0-or-later
// The prompt window under Xvfb.
#include "policy/prompt/qt/prompt_window.hpp"

#include <gtest/gtest.h>

#include <QAccessible>
#include <QElapsedTimer>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <algorithm>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "policy/prompt/qt/appearance.hpp"
#include "tests/policy/desktop.hpp"

namespace policy::prompt::qt {
namespace {

using namespace std::chrono_literals;
using tests::device_question;
using tests::guard_ms;

class PromptWindowTest : public tests::DesktopTest {
 protected:
  void open(const io::Question& asked, std::chrono::seconds patience = 60s) {
    window_ = std::make_unique<PromptWindow>(
        asked, patience, [this](const Choice& given) { answers_.push_back(given); });
    window_->show();
    window_->activateWindow();
    ASSERT_TRUE(QTest::qWaitForWindowActive(window_.get()));
    active_.start();
  }
  void pass_guard() {
    QTest::qWait(static_cast<int>(std::max<qint64>(0, guard_ms - active_.elapsed())));
    take_picture();
  }
  // To be looked at, where somebody names a folder for them.
  void take_picture() {
    const char* folder = std::getenv("SALLYPORT_PICTURES");
    if (folder == nullptr) return;
    const auto* test = testing::UnitTest::GetInstance()->current_test_info();
    window_->grab().save(QString("%1/%2-%3.png").arg(folder, test->name()).arg(++pictures_));
  }
  template <class T>
  T* find(const QString& accessible_name) const {
    for (T* each : window_->findChildren<T*>()) {
      if (each->accessibleName() == accessible_name) return each;
    }
    ADD_FAILURE() << "nothing is called " << accessible_name.toStdString();
    return nullptr;
  }
  QPushButton* allow() const { return find<QPushButton>("Allow"); }
  void expect_denied() const {
    ASSERT_EQ(answers_.size(), 1U);
    EXPECT_EQ(answers_[0].kind, Choice::Kind::deny);
  }
  void expect_allowed(const std::string& target, io::Scope scope) const {
    ASSERT_EQ(answers_.size(), 1U);
    EXPECT_EQ(answers_[0].kind, Choice::Kind::allow);
    EXPECT_EQ(answers_[0].target, target);
    EXPECT_EQ(answers_[0].scope, scope);
  }

  std::vector<Choice> answers_;
  std::unique_ptr<PromptWindow> window_;
  int pictures_ = 0;
  QElapsedTimer active_;
};

TEST_F(PromptWindowTest, KeysOfTheFirstSecondDoNothing) {
  io::Question asked = device_question();
  asked.default_target = "vault";
  open(asked);
  press({"alt+a", "Return", "space", "Escape"});
  ASSERT_LT(active_.elapsed(), 1000) << "too slow a machine to tell";
  EXPECT_FALSE(allow()->isEnabled());
  EXPECT_TRUE(answers_.empty());
  pass_guard();
  EXPECT_TRUE(allow()->isEnabled());
  press({"alt+a"});
  expect_allowed("vault", io::Scope::once);
}

TEST_F(PromptWindowTest, NothingIsChosenUnlessPolicySuggestsIt) {
  open(device_question());
  pass_guard();
  press({"alt+a"});
  EXPECT_TRUE(answers_.empty());
  EXPECT_FALSE(allow()->isEnabled());
  press({"alt+t", "Down", "Down", "alt+a"});
  expect_allowed("vault", io::Scope::once);
}

TEST_F(PromptWindowTest, EnterFirstMeansNo) {
  open(device_question());
  pass_guard();
  press({"Return"});
  expect_denied();
}

TEST_F(PromptWindowTest, ScanFirstIsThereOnlyWhereItIsOffered) {
  open(device_question());
  EXPECT_EQ(window_->findChildren<QPushButton*>().size(), 2);
  window_->close();
  answers_.clear();
  io::Question asked = device_question();
  asked.scan_first = "sys-usb:sda";
  asked.scan_for = asked.source;
  open(asked);
  press({"alt+s"});
  ASSERT_LT(active_.elapsed(), 1000) << "too slow a machine to tell";
  EXPECT_TRUE(answers_.empty());
  pass_guard();
  press({"alt+s"});
  ASSERT_EQ(answers_.size(), 1U);
  EXPECT_EQ(answers_[0].kind, Choice::Kind::scan_first);
}

TEST_F(PromptWindowTest, EscapeAndClosingDeny) {
  open(device_question());
  pass_guard();
  press({"Escape", "Escape"});
  expect_denied();
  answers_.clear();
  open(device_question());
  window_->close();
  expect_denied();
}

TEST_F(PromptWindowTest, AnotherWindowStartsTheSecondAnew) {
  io::Question asked = device_question();
  asked.default_target = "work";
  open(asked);
  pass_guard();
  EXPECT_TRUE(allow()->isEnabled());
  QWidget other;
  other.show();
  other.activateWindow();
  ASSERT_TRUE(QTest::qWaitForWindowActive(&other));
  EXPECT_FALSE(allow()->isEnabled());
  window_->activateWindow();
  ASSERT_TRUE(QTest::qWaitForWindowActive(window_.get()));
  EXPECT_FALSE(allow()->isEnabled());
  QTest::qWait(guard_ms);
  EXPECT_TRUE(allow()->isEnabled());
}

TEST_F(PromptWindowTest, TheEndOfTheTimeDenies) {
  open(device_question(), 2s);
  QTest::qWait(2300);
  expect_denied();
}

TEST_F(PromptWindowTest, AlwaysShowsFirstWhatIsWritten) {
  open(device_question());
  pass_guard();
  EXPECT_FALSE(find<QWidget>("What is written")->isVisible());
  press({"alt+w"});
  EXPECT_TRUE(find<QWidget>("What is written")->isVisible());
  take_picture();
  press({"alt+t", "Down", "alt+a"});
  expect_allowed("work", io::Scope::always);
}

TEST_F(PromptWindowTest, WhilePluggedIsAKeyAway) {
  open(device_question());
  pass_guard();
  press({"alt+p", "alt+t", "Down", "End", "alt+a"});
  expect_allowed("personal", io::Scope::while_plugged);
}

TEST_F(PromptWindowTest, DigitsMayOnlyBeRefused) {
  io::Question asked = device_question();
  asked.about = io::Question::About::pairing;
  asked.source = "sys-usb";
  asked.service = "qubes.InputKeyboard";
  asked.targets.clear();
  asked.scopes.clear();
  asked.digits = "482193";
  asked.details = {{"port", "sys-usb:2-1"},
                   {"history", "new: never seen before"},
                   {"device", "Keyboard: Cherry GmbH KC 1000"}};
  open(asked);
  EXPECT_EQ(find<QLabel>("Type these digits: 4 8 2 1 9 3")->text(), "4 8 2 1 9 3");
  EXPECT_FALSE(allow()->isVisible());
  pass_guard();
  press({"alt+a", "4", "8", "2"});
  EXPECT_TRUE(answers_.empty());
  press({"Escape"});
  expect_denied();
}

TEST_F(PromptWindowTest, AllCanBeReachedWithTab) {
  open(device_question());
  pass_guard();
  std::vector<QString> reached;
  for (int i = 0; i < 8; ++i) {
    press({"Tab"});
    ASSERT_NE(window_->focusWidget(), nullptr);
    reached.push_back(window_->focusWidget()->accessibleName());
  }
  for (const char* name : {"Targets", "Once", "Deny"}) {
    EXPECT_NE(std::find(reached.begin(), reached.end(), QString(name)), reached.end()) << name;
  }
}

TEST_F(PromptWindowTest, AScreenReaderHearsANameForEverything) {
  open(device_question());
  for (const QWidget* each : window_->findChildren<QWidget*>()) {
    const bool said = qobject_cast<const QLabel*>(each) != nullptr ||
                      (each->focusPolicy() & Qt::TabFocus) == Qt::TabFocus;
    QAccessibleInterface* heard = QAccessible::queryAccessibleInterface(const_cast<QWidget*>(each));
    if (!said || !each->isVisible() || heard == nullptr) continue;
    EXPECT_FALSE(heard->text(QAccessible::Name).isEmpty()) << each->metaObject()->className();
  }
}

TEST_F(PromptWindowTest, WhatADeviceSaysIsNeverMarkup) {
  io::Question asked = device_question();
  asked.details["device"] = "<b>Safe</b><img src='/etc/passwd'>\xe2\x80\xae\x1b[2J";
  asked.details["<u>port</u>"] = "x\ny";
  asked.targets[0] = "<b>work</b>";
  open(asked);
  bool seen = false;
  for (const QLabel* each : window_->findChildren<QLabel*>()) {
    const bool own_words = each->buddy() != nullptr;
    EXPECT_TRUE(own_words || each->textFormat() == Qt::PlainText) << each->text().toStdString();
    for (const QChar c : each->text()) EXPECT_TRUE(c >= ' ' && c <= '~');
    seen = seen || each->text().startsWith("<b>Safe</b><img src='/etc/passwd'>\\xe2\\x80\\xae");
  }
  EXPECT_TRUE(seen);
}

TEST_F(PromptWindowTest, ManyTargetsCanBeSearched) {
  io::Question asked = device_question();
  asked.targets.clear();
  for (int i = 0; i < 100; ++i) asked.targets.push_back("qube-" + std::to_string(i));
  asked.default_target = "qube-3";
  open(asked);
  pass_guard();
  auto* search = find<QLineEdit>("Search targets");
  search->setFocus();
  press({"4", "2"});
  EXPECT_FALSE(allow()->isEnabled()) << "what was chosen is hidden now";
  press({"alt+t", "Down", "alt+a"});
  expect_allowed("qube-42", io::Scope::once);
}

TEST_F(PromptWindowTest, DarkIsDarkAndLightIsLight) {
  const auto lightness = [] { return QApplication::palette().color(QPalette::Window).lightness(); };
  apply(WindowSettings::Colours::dark);
  EXPECT_LT(lightness(), 80);
  open(device_question());
  window_.reset();
  apply(WindowSettings::Colours::light);
  EXPECT_GT(lightness(), 180);
}

}  // namespace
}  // namespace policy::prompt::qt
