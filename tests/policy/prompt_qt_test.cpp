// SPDX-License-Identifier: GPL-2.0-or-later
// sallyport-prompt-qt itself under Xvfb, asked by the real clients.
#include <gtest/gtest.h>
#include <signal.h>

#include <QElapsedTimer>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <string>

#include "base/io/paths.hpp"
#include "policy/io/ask_client.hpp"
#include "policy/io/notifier.hpp"
#include "tests/places.hpp"
#include "tests/policy/desktop.hpp"

namespace policy {
namespace {

using namespace std::chrono_literals;
using tests::device_question;
using tests::guard_ms;

class QtProgram : public tests::DesktopTest {
 protected:
  void start() {
    std::filesystem::create_directories(paths_.prompt_socket().parent_path());
    // What would be a desktop's notification is a line in a file.
    const auto path = root_.path() / "notify-send";
    std::ofstream(path) << "#!/bin/sh\nprintf '%s|' \"$@\" >> " << root_.path().string()
                        << "/notices\n";
    std::filesystem::permissions(path, std::filesystem::perms::owner_all);
    const std::string search = root_.path().string() + ":" + ::getenv("PATH");
    auto program =
        rig::Child::start({"env", "PATH=" + search, places::build() + "/bin/sallyport-prompt-qt",
                           "--root", root_.path().string()},
                          log());
    ASSERT_TRUE(program) << program.error().text;
    program_ = std::make_unique<rig::Child>(*std::move(program));
    ASSERT_TRUE(pump([this] { return std::filesystem::exists(paths_.device_prompt_socket()); }))
        << said();
  }
  std::filesystem::path log() const { return root_.path() / "log"; }
  std::string said() const { return rig::tail(log(), 10); }

  struct Asked {
    std::shared_ptr<io::AskClient> client;
    std::shared_ptr<std::optional<io::Answer>> answer =
        std::make_shared<std::optional<io::Answer>>();
  };
  Asked ask(const io::Question& asked) {
    Asked pending{std::make_shared<io::AskClient>(context_, paths_.prompt_socket())};
    pending.client->ask(
        asked, 60s, [answer = pending.answer](io::Answer given) { *answer = std::move(given); });
    return pending;
  }
  template <class Done>
  bool pump(Done done, int limit_ms = 10000) {
    QElapsedTimer time;
    for (time.start(); !done(); QTest::qWait(5)) {
      if (time.elapsed() > limit_ms) return false;
      context_.restart();
      context_.poll();
    }
    return true;
  }
  io::Answer result(const Asked& asked) {
    EXPECT_TRUE(pump([&] { return asked.answer->has_value(); })) << said();
    return asked.answer->value_or(io::Answer{});
  }
  // How many windows of the program are there?
  static int windows(const QString& name = "^Sallyport: may this happen") {
    QProcess search;
    search.start("xdotool", {"search", "--onlyvisible", "--name", name});
    search.waitForFinished();
    return static_cast<int>(search.readAllStandardOutput().count('\n'));
  }
  void wait(int milliseconds) {
    pump([] { return false; }, milliseconds);
  }

  const tests::Folder root_;
  const base::io::Paths paths_{root_.path()};
  boost::asio::io_context context_;
  std::unique_ptr<rig::Child> program_;
};

TEST_F(QtProgram, AsksOneAfterTheOther) {
  start();
  io::Question first = device_question();
  first.default_target = "work";
  const auto one = ask(first);
  const auto two = ask(device_question());
  ASSERT_TRUE(pump([] { return windows() == 1; })) << said();
  wait(guard_ms);
  EXPECT_EQ(windows(), 1);
  press({"alt+a"});
  const io::Answer answer = result(one);
  EXPECT_EQ(answer.outcome, io::Outcome::allowed) << answer.reason;
  EXPECT_EQ(answer.target, "work");
  EXPECT_FALSE(two.answer->has_value());
  ASSERT_TRUE(pump([] { return windows() == 1; }));
  wait(guard_ms);
  press({"Escape"});
  EXPECT_EQ(result(two).outcome, io::Outcome::denied);
  EXPECT_TRUE(pump([] { return windows() == 0; }));
}

// There is no daemon here: what it starts says so in a window of its own.
TEST_F(QtProgram, ScanFirstDeniesAndScans) {
  start();
  io::Question asked = device_question();
  asked.scan_first = "sys-usb:sda";
  asked.scan_for = asked.source;
  const auto one = ask(asked);
  ASSERT_TRUE(pump([] { return windows() == 1; })) << said();
  wait(guard_ms);
  press({"alt+s"});
  const io::Answer answer = result(one);
  EXPECT_EQ(answer.outcome, io::Outcome::denied);
  EXPECT_EQ(answer.reason, "refused at the prompt: it is to be scanned first");
  EXPECT_TRUE(pump([] { return windows("^Sallyport: scanning sys-usb:sda") == 1; })) << said();
  wait(guard_ms);
  press({"alt+c"});
  EXPECT_TRUE(pump([] { return windows("^Sallyport: scanning") == 0; })) << said();
}

TEST_F(QtProgram, AQuestionThatIsTakenBackGoes) {
  start();
  auto asked = ask(device_question());
  ASSERT_TRUE(pump([] { return windows() == 1; })) << said();
  asked.client->cancel();
  EXPECT_TRUE(pump([] { return windows() == 0; }));
}

TEST_F(QtProgram, ItsEndDeniesAndRemovesItsSockets) {
  start();
  const auto asked = ask(device_question());
  const auto waiting = ask(device_question());
  ASSERT_TRUE(pump([] { return windows() == 1; })) << said();
  ::kill(program_->pid(), SIGTERM);
  EXPECT_EQ(result(asked).outcome, io::Outcome::denied);
  EXPECT_NE(result(waiting).outcome, io::Outcome::allowed);
  EXPECT_EQ(program_->wait(rig::deadline_after(5s)), 0) << said();
  EXPECT_FALSE(std::filesystem::exists(paths_.prompt_socket()));
}

TEST_F(QtProgram, TellsTheDesktopWhatBecameOfACall) {
  start();
  io::Notifier notifier(context_, paths_.prompt_socket());
  notifier.tell({.resolution = io::Notice::Resolution::deny,
                 .service = "qubes.USB",
                 .argument = "+2-1",
                 .source = "<b>work</b>",
                 .target = "sys-usb"});
  std::string text;
  EXPECT_TRUE(pump([&] {
    std::ifstream file(root_.path() / "notices");
    return static_cast<bool>(std::getline(file, text));
  })) << said();
  EXPECT_EQ(text,
            "--app-name=Sallyport|--|Denied: qubes.USB+2-1|"
            "Denied qubes.USB+2-1 from &lt;b&gt;work&lt;/b&gt; to sys-usb|");
}

TEST_F(QtProgram, RefusesToStartWithoutADesktopOrBesideAnother) {
  const auto run = [this](const std::string& display) {
    return rig::run_program(
        {"env", "DISPLAY=" + display, places::build() + "/bin/sallyport-prompt-qt", "--root",
         root_.path().string()},
        rig::deadline_after(10s));
  };
  const auto blind = run("");
  ASSERT_FALSE(blind);
  EXPECT_NE(blind.error().text.find("there is no desktop here"), std::string::npos)
      << blind.error().text;
  start();
  const auto second = run(::getenv("DISPLAY"));
  ASSERT_FALSE(second);
  EXPECT_NE(second.error().text.find("another prompt agent listens"), std::string::npos)
      << second.error().text;
}

}  // namespace
}  // namespace policy
