// SPDX-License-Identifier: GPL-2.0-or-later
// sallyport-prompt itself, on a pseudo terminal, asked by the real AskClient.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/io/files.hpp"
#include "base/io/paths.hpp"
#include "base/io/unix_socket.hpp"
#include "policy/io/ask_client.hpp"
#include "policy/io/ask_message.hpp"
#include "policy/io/notifier.hpp"
#include "tests/fakes/folder.hpp"
#include "tests/fakes/terminal.hpp"
#include "tests/places.hpp"

namespace {

using policy::io::Answer;
using policy::io::AskClient;
using policy::io::Outcome;
using policy::io::Question;
using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr auto patience = 20s;

Question about(const std::string& device, std::vector<std::string> targets) {
  return {.source = "work",
          .service = "qubes.USB",
          .argument = "+2-1",
          .targets = std::move(targets),
          .details = {{"device", device}, {"rule", "p:1"}}};
}

class PromptTest : public testing::Test {
 protected:
  void SetUp() override { std::filesystem::create_directories(socket().parent_path()); }

  std::filesystem::path socket() const { return base::io::Paths(root_).prompt_socket(); }

  // The first line of a second program, which must fail.
  std::string refused_start() {
    const std::string command =
        places::build() + "/bin/sallyport-prompt --root " + root_.string() + " --answer yes 2>&1";
    FILE* pipe = ::popen(command.c_str(), "r");
    if (pipe == nullptr) return {};
    std::array<char, 512> line{};
    const bool said = ::fgets(line.data(), line.size(), pipe) != nullptr;
    EXPECT_NE(::pclose(pipe), 0);
    return said ? line.data() : "";
  }

  // The program with these arguments on a new terminal, listening.
  void start(std::vector<std::string> arguments = {}) {
    arguments.insert(arguments.begin(),
                     {places::build() + "/bin/sallyport-prompt", "--root", root_.string()});
    terminal_.start(std::move(arguments));
    ASSERT_TRUE(sees("Waiting for questions"));
  }

  // Runs the asking side and reads the terminal until `done`, or patience ends.
  template <class Done>
  bool pump(Done done) {
    const auto end = Clock::now() + patience;
    while (!done()) {
      if (Clock::now() > end) return false;
      context_.restart();
      context_.run_for(5ms);
      terminal_.look(5ms);
    }
    return true;
  }
  // Waits for text that was not seen before; forgets all up to it.
  bool sees(const std::string& text) {
    const bool found = pump([&] { return terminal_.shows(text); });
    EXPECT_TRUE(found) << "no \"" << text << "\" in:\n" << terminal_.screen();
    terminal_.forget(text);
    return found;
  }
  void type(const std::string& keys) { terminal_.type(keys); }

  struct Asked {
    std::shared_ptr<AskClient> client;
    std::shared_ptr<Answer> answer;
    std::shared_ptr<bool> answered;
  };
  Asked ask(const Question& question, std::chrono::seconds limit = 60s) {
    Asked asked{std::make_shared<AskClient>(context_, socket()), std::make_shared<Answer>(),
                std::make_shared<bool>(false)};
    asked.client->ask(question, limit,
                      [answer = asked.answer, done = asked.answered](Answer given) {
                        *answer = std::move(given);
                        *done = true;
                      });
    return asked;
  }
  Answer result(const Asked& asked) {
    EXPECT_TRUE(pump([&] { return *asked.answered; })) << "no answer; screen:\n"
                                                       << terminal_.screen();
    return *asked.answer;
  }
  int exit_status() {
    std::optional<int> status;
    EXPECT_TRUE(pump([&] { return (status = terminal_.ended()).has_value(); }));
    return status.value_or(-1);
  }

  boost::asio::io_context context_;
  const tests::Folder folder_;
  std::filesystem::path root_ = folder_.path();
  tests::Terminal terminal_;
};

TEST_F(PromptTest, ANameANumberOrYesAllows) {
  start();
  for (const auto& [keys, target] : std::vector<std::pair<std::string, std::string>>{
           {"vault\n", "vault"}, {"1\n", "sys-usb"}, {"what?\n2\n", "vault"}}) {
    const auto asked = ask(about("Stick", {"sys-usb", "vault"}));
    ASSERT_TRUE(sees("device: Stick"));
    ASSERT_TRUE(sees("Answer: "));
    type(keys);
    const Answer answer = result(asked);
    EXPECT_EQ(answer.outcome, Outcome::allowed) << answer.reason;
    EXPECT_EQ(answer.target, target);
  }
  const auto asked = ask(about("Single", {"sys-usb"}));
  ASSERT_TRUE(sees("device: Single"));  // an older "Answer: " stands before it
  ASSERT_TRUE(sees("Answer: "));
  type("y\n");
  EXPECT_EQ(result(asked).target, "sys-usb");
}

// There is no daemon here, which is what becomes of it.
TEST_F(PromptTest, ScanFirstDeniesAndTellsWhatBecameOfIt) {
  start();
  Question question = about("Stick", {"sys-usb"});
  question.scan_first = "sys-usb:sda";
  question.scan_for = question.source;
  const auto asked = ask(question);
  ASSERT_TRUE(sees("s refuses it for now"));
  ASSERT_TRUE(sees("Answer: "));
  type("s\n");
  ASSERT_TRUE(sees("sys-usb:sda is being scanned"));
  const Answer answer = result(asked);
  EXPECT_EQ(answer.outcome, Outcome::denied);
  EXPECT_EQ(answer.reason, "refused at the prompt: it is to be scanned first");
  EXPECT_TRUE(sees("Scanned: sys-usb:sda was not given to work: sallyport: error: not scanned: "));
}

TEST_F(PromptTest, AlwaysShowsWhatIsWrittenAndIsConfirmed) {
  start();
  Question question = about("Stick", {"sys-usb"});
  question.scopes = {policy::io::Scope::while_plugged, policy::io::Scope::always};
  question.always_writes = "qvm-usb assign work sys-usb:2-1";
  auto asked = ask(question);
  ASSERT_TRUE(sees("Answer: "));
  type("a\n");
  ASSERT_TRUE(sees("    qvm-usb assign work sys-usb:2-1"));
  type("y\n");
  ASSERT_TRUE(sees("Not written. Answer: "));
  type("a\n");
  ASSERT_TRUE(sees("Type yes"));
  type("yes\n");
  EXPECT_EQ(result(asked).scope, policy::io::Scope::always);
  asked = ask(question);
  ASSERT_TRUE(sees("Answer: "));
  type("a\n");
  ASSERT_TRUE(sees("Type yes"));
  type("\x03");
  EXPECT_EQ(result(asked).outcome, Outcome::denied) << "Ctrl-C denies here too";
  asked = ask(question);
  ASSERT_TRUE(sees("Answer: "));
  type("p\n");
  EXPECT_EQ(result(asked).scope, policy::io::Scope::while_plugged);
}

TEST_F(PromptTest, ANewSizeOfTheTerminalIsNoAnswer) {
  start();
  const auto asked = ask(about("Stick", {"sys-usb"}));
  ASSERT_TRUE(sees("Answer: "));
  for (const unsigned short columns : std::initializer_list<unsigned short>{40, 200, 1}) {
    const winsize size{.ws_row = 10, .ws_col = columns, .ws_xpixel = 0, .ws_ypixel = 0};
    ASSERT_EQ(::ioctl(terminal_.master().get(), TIOCSWINSZ, &size), 0);
    pump([until = Clock::now() + 50ms] { return Clock::now() > until; });
  }
  EXPECT_FALSE(*asked.answered);
  type("y\n");
  EXPECT_EQ(result(asked).target, "sys-usb");
}

TEST_F(PromptTest, AnswersQubesDeviceAgentAndShowsNotices) {
  start();
  Question question = about("Stick", {"work", "vault"});
  question.about = Question::About::device;
  question.source = "sys-usb";
  Asked asked{std::make_shared<AskClient>(context_, root_ / "run/qubes/device-agent.GUI"),
              std::make_shared<Answer>(), std::make_shared<bool>(false)};
  asked.client->ask(question, 60s, [answer = asked.answer, done = asked.answered](Answer given) {
    *answer = std::move(given);
    *done = true;
  });
  ASSERT_TRUE(sees("Answer: "));
  type("vault\n");
  EXPECT_EQ(result(asked).target, "vault");
  policy::io::Notifier notifier(context_, socket());
  notifier.tell({.resolution = policy::io::Notice::Resolution::deny,
                 .service = "qubes.USB",
                 .argument = "+2-1",
                 .source = "work",
                 .target = "sys-usb"});
  EXPECT_TRUE(sees("Denied qubes.USB+2-1 from work to sys-usb"));
}

TEST_F(PromptTest, NoEnterEndOfFileAndInterruptDeny) {
  start();
  for (const std::string keys : {"n\n", "\n", "\x04", "\x03"}) {
    const auto asked = ask(about("Stick", {"sys-usb"}));
    ASSERT_TRUE(sees("Answer: "));
    type(keys);
    EXPECT_EQ(result(asked).outcome, Outcome::denied);
  }
}

TEST_F(PromptTest, WhatIsTypedInTheFirstSecondIsThrownAway) {
  start();
  type("y\ny\n");  // before there is any question
  const auto asked = ask(about("Stick", {"sys-usb"}));
  ASSERT_TRUE(sees("1) sys-usb"));
  const auto shown = Clock::now();
  type("y\ny");  // a whole line, and one begun
  ASSERT_TRUE(sees("Answer: "));
  EXPECT_GT(Clock::now() - shown, 700ms);
  EXPECT_FALSE(*asked.answered);
  type("\n");  // does not complete the "y" from before
  EXPECT_EQ(result(asked).outcome, Outcome::denied);
}

TEST_F(PromptTest, ShowsNoControlCharacterOfTheDevice) {
  start();
  const auto asked = ask(about("\x1b[2J\x07 all is well", {"sys-usb"}));
  ASSERT_TRUE(sees("device: \\x1b[2J\\x07 all is well"));
  EXPECT_EQ(terminal_.screen().find('\x1b'), std::string::npos);
}

// As Qubes asks: without a time, and without a line before the answer.
TEST_F(PromptTest, TheDeadlineDenies) {
  start({"--timeout", "2"});
  const auto asker = base::io::connect_unix(socket());
  ASSERT_TRUE(asker.has_value()) << asker.error().text;
  ASSERT_TRUE(base::io::write_all(*asker, encode_question(about("Stick", {"sys-usb"}))));
  ::shutdown(asker->get(), SHUT_WR);
  EXPECT_TRUE(sees("no answer in 2 s refuses"));
  EXPECT_TRUE(sees("nobody answered in time"));
  const auto answer = base::io::read_all(*asker, 100);
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(*answer, "deny");
}

TEST_F(PromptTest, AQuestionsOwnTimeIsWhatCounts) {
  start({"--timeout", "2"});
  const auto asked = ask(about("Stick", {"sys-usb"}), 300s);
  EXPECT_TRUE(sees("no answer in 300 s refuses"));
  pump([end = Clock::now() + 2500ms] { return Clock::now() > end; });
  EXPECT_FALSE(*asked.answered) << "after the agent's own 2 s";
  type("y\n");
  EXPECT_EQ(result(asked).outcome, Outcome::allowed);
}

TEST_F(PromptTest, AShortTimeStartsWhenTheQuestionBeforeIsOver) {
  start();
  const auto first = ask(about("First", {"sys-usb"}));
  ASSERT_TRUE(sees("device: First"));
  const auto second = ask(about("Second", {"sys-usb"}), 2s);
  pump([end = Clock::now() + 2500ms] { return Clock::now() > end; });
  EXPECT_FALSE(*second.answered) << "nobody has seen it yet";
  type("n\n");
  EXPECT_EQ(result(first).outcome, Outcome::denied);
  ASSERT_TRUE(sees("device: Second"));
  ASSERT_TRUE(sees("no answer in 2 s refuses"));
  ASSERT_TRUE(sees("Answer: "));
  type("y\n");
  EXPECT_EQ(result(second).outcome, Outcome::allowed);
  const auto third = ask(about("Third", {"sys-usb"}), 2s);
  const Answer late = result(third);
  EXPECT_TRUE(late.outcome == Outcome::timed_out || late.outcome == Outcome::denied);
}

TEST_F(PromptTest, OneAtATimeAndAWithdrawnQuestionGoesAway) {
  start();
  const auto first = ask(about("First", {"sys-usb"}));
  ASSERT_TRUE(sees("device: First"));
  const auto gone = ask(about("Gone", {"sys-usb"}));
  context_.run_for(50ms);
  const auto third = ask(about("Third", {"sys-usb"}));
  ASSERT_TRUE(sees("Answer: "));
  EXPECT_EQ(terminal_.screen().find("device: "), std::string::npos);
  gone.client->cancel();
  first.client->cancel();
  ASSERT_TRUE(sees("withdrawn"));
  ASSERT_TRUE(sees("device: Third"));
  ASSERT_TRUE(sees("Answer: "));
  type("y\n");
  EXPECT_EQ(result(third).outcome, Outcome::allowed);
  EXPECT_FALSE(*first.answered);
  EXPECT_FALSE(*gone.answered);
}

TEST_F(PromptTest, MoreThanTheQueueHoldsIsDeniedAtOnce) {
  start();
  std::vector<Asked> asked;
  for (int i = 0; i < 10; ++i) {  // one open, eight waiting, one too many
    asked.push_back(ask(about("D" + std::to_string(i), {"sys-usb"})));
    context_.restart();
    context_.run_for(20ms);
  }
  ASSERT_TRUE(sees("too many questions"));
  ASSERT_TRUE(pump([&] {
    return std::any_of(asked.begin(), asked.end(), [](const Asked& a) { return *a.answered; });
  }));
  for (const auto& each : asked) {
    EXPECT_TRUE(!*each.answered || each.answer->outcome == Outcome::denied);
  }
  ::kill(terminal_.child(), SIGTERM);  // ends it: all the others are denied
  for (const auto& each : asked) EXPECT_EQ(result(each).outcome, Outcome::denied);
  EXPECT_EQ(exit_status(), 0);
  EXPECT_FALSE(std::filesystem::exists(socket()));
}

TEST_F(PromptTest, ALostTerminalDeniesAndEnds) {
  start();
  const auto asked = ask(about("Stick", {"sys-usb"}));
  ASSERT_TRUE(sees("device: Stick"));
  terminal_.hang_up();
  EXPECT_EQ(result(asked).outcome, Outcome::denied);
  EXPECT_EQ(exit_status(), 0);
}

TEST_F(PromptTest, GarbageIsRefusedWithoutBotheringAnybody) {
  start();
  const auto connected = base::io::connect_unix(socket());
  ASSERT_TRUE(connected);
  ASSERT_EQ(::write(connected->get(), "hello", 5), 5);
  ASSERT_EQ(::shutdown(connected->get(), SHUT_WR), 0);
  std::array<char, 16> reply{};
  ASSERT_EQ(::read(connected->get(), reply.data(), reply.size()), 4);
  EXPECT_EQ(std::string(reply.data(), 4), "deny");
  const auto asked = ask(about("Stick", {"sys-usb"}));
  ASSERT_TRUE(sees("Answer: "));
  type("y\n");
  EXPECT_EQ(result(asked).outcome, Outcome::allowed);
}

TEST_F(PromptTest, TheSocketIsForOwnerAndGroupAndThereIsOneAgent) {
  start();
  struct stat facts {};
  ASSERT_EQ(::stat(socket().c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 07777U, 0660U);
  EXPECT_NE(refused_start().find("another prompt agent listens"), std::string::npos);
}

TEST_F(PromptTest, WithoutTheDaemonsFolderItNamesTheDaemon) {
  std::filesystem::remove(socket().parent_path());
  EXPECT_NE(refused_start().find("start sallyportd first"), std::string::npos);
}

TEST_F(PromptTest, FixedAnswersSayWhatTheyDid) {
  start({"--answer", "yes"});
  EXPECT_EQ(result(ask(about("Stick", {"sys-usb"}))).target, "sys-usb");
  EXPECT_TRUE(sees("device: Stick"));
  EXPECT_TRUE(sees("answered by --answer: allow sys-usb"));
  EXPECT_EQ(result(ask(about("Stick", {"a", "b"}))).outcome, Outcome::denied);
}

TEST_F(PromptTest, AFixedYesGoesAsFarAsItIsToldAndMay) {
  start({"--answer", "yes", "--scope", "always"});
  Question question = about("Stick", {"sys-usb"});
  EXPECT_EQ(result(ask(question)).scope, policy::io::Scope::once) << "nothing else was offered";
  question.scopes = {policy::io::Scope::always};
  EXPECT_EQ(result(ask(question)).scope, policy::io::Scope::always);
}

Question pairing() {
  return {.about = Question::About::pairing,
          .source = "sys-usb",
          .service = "qubes.InputKeyboard",
          .argument = "+usb-1",
          .details = {{"device", "Evil\x1b[2J keyboard"}, {"port", "sys-usb:2-1"}},
          .digits = "482193"};
}

TEST_F(PromptTest, DigitsAreShownAndMayOnlyBeRefused) {
  start();
  const Asked asked = ask(pairing());
  sees("is a person at the new keyboard?");
  sees("Port:");
  sees("4 8 2 1 9 3");
  EXPECT_EQ(terminal_.screen().find('\x1b'), std::string::npos);
  sees("Answer: ");
  type("y\n");  // there is nothing to allow
  sees("none of the targets");
  type("482193\n");
  sees("none of the targets");
  type("n\n");
  EXPECT_EQ(result(asked).outcome, Outcome::denied);
}

TEST_F(PromptTest, DigitsGoAwayWhenTheyWereTyped) {
  start();
  const Asked asked = ask(pairing());
  sees("4 8 2 1 9 3");
  const Asked next = ask(about("stick", {"sys-usb"}));
  asked.client->cancel();
  sees("the digits were typed, or the keyboard is gone");
  sees("may this happen?");
  sees("Answer: ");
  type("n\n");
  EXPECT_EQ(result(next).outcome, Outcome::denied);
}

TEST_F(PromptTest, AFixedYesShowsDigitsAndWaitsForThem) {
  start({"--answer", "yes"});
  const Asked asked = ask(pairing());
  sees("4 8 2 1 9 3");
  EXPECT_EQ(result(ask(about("stick", {"sys-usb"}))).outcome, Outcome::allowed);
  EXPECT_FALSE(*asked.answered);
  asked.client->cancel();
}

TEST_F(PromptTest, FixedNoDenies) {
  start({"--answer", "no"});
  EXPECT_EQ(result(ask(about("Stick", {"sys-usb"}))).outcome, Outcome::denied);
  EXPECT_TRUE(sees("answered by --answer: deny"));
}

}  // namespace
