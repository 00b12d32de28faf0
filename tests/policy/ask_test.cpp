// SPDX-License-Identifier: GPL-2.0-or-later
// policy.Ask: the bytes, and the client against agents that lie, stall or are not there.
#include <gtest/gtest.h>
#include <unistd.h>

#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <boost/json.hpp>
#include <filesystem>
#include <optional>
#include <string>

#include "policy/io/ask_client.hpp"
#include "policy/io/ask_message.hpp"
#include "tests/fakes/folder.hpp"

namespace {

namespace asio = boost::asio;
using policy::io::Answer;
using policy::io::Outcome;
using policy::io::Question;
using namespace std::chrono_literals;

Question sample() {
  return {.source = "work",
          .service = "qubes.USB",
          .argument = "+2-1",
          .targets = {"sys-usb", "vault"},
          .default_target = "vault",
          .icons = {{"work", "appvm-blue"}},
          .details = {{"device", "Evil\x1b[2J"}, {"rule", "p:1"}}};
}

TEST(AskMessage, IsQubesHeaderAndJson) {
  Question question{.source = "work", .service = "s", .argument = "+", .targets = {"a"}};
  EXPECT_EQ(policy::io::encode_question(question),
            std::string("policy.Ask dom0 name dom0\0", 26) +
                R"({"source":"work","service":"s","argument":"+","targets":["a"],)"
                R"("default_target":null,"icons":{},"sallyport":{}})");
}

TEST(AskMessage, ComesBackAsItWas) {
  const auto parsed = policy::io::parse_question(policy::io::encode_question(sample()));
  ASSERT_TRUE(parsed) << parsed.error().text;
  EXPECT_EQ(parsed->source, "work");
  EXPECT_EQ(parsed->argument, "+2-1");
  EXPECT_EQ(parsed->targets, sample().targets);
  EXPECT_EQ(parsed->default_target, "vault");
  EXPECT_EQ(parsed->icons, sample().icons);
  EXPECT_EQ(parsed->details, sample().details);
}

TEST(AskMessage, WhatCanBeScannedFirstIsADeviceAndNothingElse) {
  Question question = sample();
  question.scan_first = "sys-usb:sda";
  question.scan_for = "vault";
  const auto parsed = policy::io::parse_question(policy::io::encode_question(question));
  ASSERT_TRUE(parsed) << parsed.error().text;
  EXPECT_EQ(parsed->scan_first, "sys-usb:sda");
  EXPECT_EQ(parsed->scan_for, "vault");
  Question device = question;
  device.about = Question::About::device;
  const auto assigned = policy::io::parse_question(policy::io::encode_question(device));
  ASSERT_TRUE(assigned) << assigned.error().text;
  EXPECT_EQ(assigned->scan_first, "sys-usb:sda");
  EXPECT_EQ(assigned->scan_for, "vault");
  // Both become words of a command.
  for (const std::string wrong : {"", "sda", "sys-usb:", ":sda", "-x:sda", "sys-usb:-a", "a:b:c",
                                  "a b:c", "a:b\n", "a:../b", "a:$b", "\xc3\xa4:b"}) {
    question.scan_first = "sys-usb:" + std::string(130, 'a');
    std::string bytes = policy::io::encode_question(question);
    EXPECT_FALSE(policy::io::parse_question(bytes));
    const std::size_t at = bytes.find(question.scan_first);
    bytes.replace(at, question.scan_first.size(), wrong == "a:b\n" ? "a:b\\n" : wrong);
    EXPECT_FALSE(policy::io::parse_question(bytes)) << wrong;
  }
  question.scan_first = "sys-usb:sda";
  for (const std::string wrong : {"--help", "", "a b", "\xc3\xa4"}) {
    question.scan_for = wrong;
    EXPECT_FALSE(policy::io::parse_question(policy::io::encode_question(question))) << wrong;
  }
  // A daemon that is older than the second field means the source.
  question.scan_for = "vault";
  std::string older = policy::io::encode_question(question);
  const std::string field = R"(,"sallyport_scan_for":"vault")";
  ASSERT_NE(older.find(field), std::string::npos) << older;
  older.erase(older.find(field), field.size());
  const auto source = policy::io::parse_question(older);
  ASSERT_TRUE(source) << source.error().text;
  EXPECT_EQ(source->scan_for, question.source);
  const auto reply = policy::io::parse_reply("deny scan-first", {"sys-usb"});
  EXPECT_EQ(reply.outcome, Outcome::denied);
  EXPECT_EQ(reply.reason, "refused at the prompt: it is to be scanned first");
}

TEST(AskMessage, ItsTimeComesBackAlsoALongOne) {
  for (Question question : {sample(), Question{.about = Question::About::device,
                                      .source = "sys-usb",
                                      .argument = "+2-1",
                                      .targets = {"work"}}}) {
    question.timeout = 300s;
    const std::string bytes = policy::io::encode_question(question);
    EXPECT_NE(bytes.find("\"sallyport_timeout\":300"), std::string::npos) << bytes;
    const auto parsed = policy::io::parse_question(bytes);
    ASSERT_TRUE(parsed) << parsed.error().text;
    EXPECT_EQ(parsed->timeout, 300s);
  }
  std::string bytes = policy::io::encode_question(sample());
  EXPECT_EQ(policy::io::parse_question(bytes)->timeout, std::nullopt);
  bytes.pop_back();
  for (const std::string wrong : {"0", "-1", "86401", "1.5", "\"60\"", "null", "true"}) {
    EXPECT_FALSE(policy::io::parse_question(bytes + ",\"sallyport_timeout\":" + wrong + "}"))
        << wrong;
  }
  EXPECT_TRUE(policy::io::parse_question(bytes + ",\"sallyport_timeout\":86400}"));
}

TEST(AskMessage, DigitsToTypeComeBackAndOnlyDigits) {
  Question pairing{.about = Question::About::pairing,
                   .source = "sys-usb",
                   .service = "qubes.InputKeyboard",
                   .argument = "+x",
                   .digits = "048213"};
  const auto parsed = policy::io::parse_question(policy::io::encode_question(pairing));
  ASSERT_TRUE(parsed) << parsed.error().text;
  EXPECT_EQ(parsed->about, Question::About::pairing);
  EXPECT_EQ(parsed->digits, "048213");
  EXPECT_TRUE(parsed->targets.empty());
  for (const char* digits : {"12345a", "1234567890123", "12 34", "-1"}) {
    pairing.digits = digits;
    EXPECT_FALSE(policy::io::parse_question(policy::io::encode_question(pairing))) << digits;
  }
  // A question still needs something to choose.
  pairing.digits.clear();
  EXPECT_FALSE(policy::io::parse_question(policy::io::encode_question(pairing)));
}

TEST(AskMessage, EveryShorterQuestionIsRefused) {
  const std::string whole = policy::io::encode_question(sample());
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(policy::io::parse_question(whole.substr(0, size))) << size;
  }
}

TEST(AskMessage, AYesGoesOnlyAsFarAsWasOffered) {
  using policy::io::parse_reply;
  using policy::io::Scope;
  const std::vector<Scope> two{Scope::once, Scope::while_plugged};
  EXPECT_EQ(parse_reply("allow:vault", {"vault"}, two).scope, Scope::once);
  EXPECT_EQ(parse_reply("allow:vault while-plugged\n", {"vault"}, two).scope, Scope::while_plugged);
  for (const char* bad : {"allow:vault always", "allow:vault forever", "allow:vault ",
                          "allow:vault  while-plugged", "allow: while-plugged"}) {
    EXPECT_EQ(parse_reply(bad, {"vault"}, two).outcome, Outcome::invalid) << bad;
  }
  EXPECT_EQ(parse_reply("allow:vault while-plugged", {"vault"}).outcome, Outcome::invalid);
  for (const Scope scope : {Scope::once, Scope::while_plugged, Scope::always}) {
    const auto back = parse_reply(policy::io::encode_reply("vault", scope), {"vault"},
                                  {Scope::while_plugged, Scope::always});
    EXPECT_EQ(back.outcome, Outcome::allowed);
    EXPECT_EQ(back.scope, scope);
  }
}

TEST(AskMessage, CarriesScopesAndWhatAlwaysWrites) {
  using policy::io::Scope;
  Question question = sample();
  question.scopes = {Scope::while_plugged, Scope::always};
  question.always_writes = "one\ntwo";
  const auto parsed = policy::io::parse_question(policy::io::encode_question(question));
  ASSERT_TRUE(parsed) << parsed.error().text;
  EXPECT_EQ(parsed->scopes, question.scopes);
  EXPECT_EQ(parsed->always_writes, question.always_writes);
  question.always_writes.assign(3000, 'x');
  EXPECT_FALSE(policy::io::parse_question(policy::io::encode_question(question)));
}

TEST(AskMessage, SpeaksQubesDeviceAgent) {
  Question question{.about = Question::About::device,
                    .source = "sys-usb",
                    .service = "device-attach",
                    .argument = "+2-1",
                    .targets = {"work"},
                    .details = {{"device", "A stick"}}};
  const std::string bytes = policy::io::encode_question(question);
  ASSERT_TRUE(bytes.starts_with(std::string("device-agent.GUI dom0 name dom0\0", 32)));
  EXPECT_EQ(boost::json::parse(bytes.substr(32)),
            boost::json::parse(R"({"source":"sys-usb","device_name":"A stick","argument":"2-1",)"
                               R"("targets":["work"],"default_target":null,"icons":{},)"
                               R"("sallyport":{"device":"A stick"}})"));
  const auto back = policy::io::parse_question(bytes);
  ASSERT_TRUE(back) << back.error().text;
  EXPECT_EQ(back->about, Question::About::device);
  EXPECT_EQ(back->argument, "+2-1");
  // As Qubes sends it: no header, nothing of ours.
  const auto plain = policy::io::parse_question(
      R"({"source":"sys-usb","device_name":"S <b>x</b>","argument":"2-1.4",)"
      R"("targets":["work","vault"],"default_target":"vault","icons":{"work":"appvm-blue"}})");
  ASSERT_TRUE(plain) << plain.error().text;
  EXPECT_EQ(plain->details.at("device"), "S <b>x</b>");
  EXPECT_EQ(plain->details.at("port"), "sys-usb:2-1.4");
  EXPECT_EQ(plain->default_target, "vault");
  EXPECT_FALSE(policy::io::parse_question(R"({"source":"sys-usb","targets":["work"]})"));
}

TEST(AskMessage, SpeaksQubesNotify) {
  const policy::io::Notice notice{.resolution = policy::io::Notice::Resolution::fail,
                                  .service = "qubes.USB",
                                  .argument = "+2-1",
                                  .source = "work",
                                  .target = "sys-usb"};
  const std::string bytes = policy::io::encode_notice(notice);
  EXPECT_EQ(bytes, std::string("policy.Notify dom0 name dom0\0", 29) +
                       R"({"resolution":"fail","service":"qubes.USB","argument":"+2-1",)"
                       R"("source":"work","target":"sys-usb"})");
  const auto back = policy::io::parse_notice(bytes);
  ASSERT_TRUE(back) << back.error().text;
  EXPECT_EQ(back->resolution, notice.resolution);
  EXPECT_EQ(back->target, "sys-usb");
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(policy::io::parse_notice(bytes.substr(0, size))) << size;
  }
  std::string other = bytes;
  other.replace(other.find("fail"), 4, "okay");
  EXPECT_FALSE(policy::io::parse_notice(other));
}

TEST(AskMessage, RefusesWhatIsNoQuestion) {
  const auto refused = [](const std::string& json) {
    return !policy::io::parse_question(std::string("policy.Ask dom0\0", 16) + json);
  };
  EXPECT_FALSE(refused(R"({"source":"a","service":"s","argument":"+","targets":["t"],"x":[1]})"));
  EXPECT_TRUE(refused(R"({"source":"a","service":"s","argument":"+","targets":[]})"));
  EXPECT_TRUE(refused(R"({"source":"a","service":"s","argument":"+","targets":[1]})"));
  EXPECT_TRUE(refused(R"({"source":"","service":"s","argument":"+","targets":["t"]})"));
  EXPECT_TRUE(refused(R"({"source":1,"service":"s","argument":"+","targets":["t"]})"));
  EXPECT_TRUE(refused(
      R"({"source":"a","service":"s","argument":"+","targets":["t"],"sallyport":{"k":[]}})"));
  EXPECT_TRUE(refused("[]"));
  EXPECT_TRUE(refused(std::string(100000, '[')));
}

TEST(AskMessage, OnlyAWholeOfferedTargetAllows) {
  const std::vector<std::string> targets = {"sys-usb", "@dispvm:dvm"};
  const auto outcome = [&targets](const std::string& reply) {
    return policy::io::parse_reply(reply, targets).outcome;
  };
  EXPECT_EQ(outcome("allow:sys-usb"), Outcome::allowed);
  EXPECT_EQ(outcome("allow:@dispvm:dvm\n"), Outcome::allowed);
  EXPECT_EQ(outcome("deny"), Outcome::denied);
  EXPECT_EQ(outcome("deny\n"), Outcome::denied);
  EXPECT_EQ(outcome(""), Outcome::denied);
  for (const char* reply : {"allow", "allow:", "allow:vault", "allow:sys-us", "allow:sys-usb\n\n",
                            "ALLOW:sys-usb", " allow:sys-usb", "denyallow:sys-usb", "\x1b"}) {
    EXPECT_EQ(outcome(reply), Outcome::invalid) << reply;
  }
  EXPECT_EQ(policy::io::parse_reply("allow:\x1b[2J", targets).reason,
            "target \\x1b[2J is not a valid choice");
  EXPECT_EQ(outcome("allow:" + std::string(5000, 'x')), Outcome::invalid);
}

// A prompt agent that behaves as a test wants.
class AskClientTest : public testing::Test {
 protected:
  using Protocol = asio::local::stream_protocol;

  std::filesystem::path path() const { return folder_ / "agent.sock"; }
  void listen() { acceptor_.emplace(context_, Protocol::endpoint(path().native())); }
  std::shared_ptr<policy::io::AskClient> ask(std::chrono::seconds limit = 20s) {
    auto client = std::make_shared<policy::io::AskClient>(context_, path());
    client->ask(sample(), limit, [this](Answer answer) {
      ++answers_;
      answer_ = std::move(answer);
    });
    EXPECT_EQ(answers_, 0);
    return client;
  }
  // Takes the question to its end and replies.
  void serve(const std::string& reply) {
    acceptor_->async_accept(
        [this, reply](const boost::system::error_code& error, Protocol::socket socket) {
          ASSERT_FALSE(error);
          auto peer = std::make_shared<Protocol::socket>(std::move(socket));
          asio::async_read(*peer, asio::dynamic_buffer(question_),
                           [peer, reply](const boost::system::error_code& end, std::size_t) {
                             EXPECT_EQ(end, asio::error::eof);
                             asio::write(*peer, asio::buffer(reply));
                           });
        });
  }
  void run() { context_.run_for(10s); }

  asio::io_context context_;
  const tests::Folder scratch_;
  std::filesystem::path folder_ = scratch_.path();
  std::optional<Protocol::acceptor> acceptor_;
  std::string question_;
  int answers_ = 0;
  Answer answer_;
};

TEST_F(AskClientTest, HandsOverTheAnswer) {
  listen();
  serve("allow:sys-usb");
  ask();
  run();
  EXPECT_EQ(answers_, 1);
  EXPECT_EQ(answer_.outcome, Outcome::allowed);
  EXPECT_EQ(answer_.target, "sys-usb");
  Question handed = sample();
  handed.timeout = 20s;
  EXPECT_EQ(question_, policy::io::encode_question(handed));
  EXPECT_EQ(answer_.approver, ::getuid()) << "who answers is known from the kernel";
}

// Longer than its limit, behind another question, is not too late; longer than that on the screen
// is.
TEST_F(AskClientTest, TheTimeRunsFromWhenTheQuestionIsShown) {
  for (const bool in_time : {true, false}) {
    listen();
    asio::steady_timer timer(context_);
    std::shared_ptr<Protocol::socket> peer;
    acceptor_->async_accept([&](const boost::system::error_code& error, Protocol::socket socket) {
      ASSERT_FALSE(error);
      peer = std::make_shared<Protocol::socket>(std::move(socket));
      asio::async_read(*peer, asio::dynamic_buffer(question_),
                       [&](const boost::system::error_code&, std::size_t) {
                         asio::write(*peer, asio::buffer(policy::io::waits_line));
                       });
    });
    timer.expires_after(1500ms);
    timer.async_wait([&](const boost::system::error_code&) {
      asio::write(*peer, asio::buffer(policy::io::shown_line));
      if (!in_time) return;
      asio::write(*peer, asio::buffer("allow:vault", 11));
      peer->close();
    });
    ask(1s);
    context_.restart();
    context_.run_for(10s);
    EXPECT_EQ(answer_.outcome, in_time ? Outcome::allowed : Outcome::timed_out) << answer_.reason;
    EXPECT_EQ(answer_.reason.find("within 1 seconds") == std::string::npos, in_time);
    acceptor_.reset();
    std::filesystem::remove(path());
    answers_ = 0;
    question_.clear();
  }
}

TEST_F(AskClientTest, ALineTwiceOrInPartIsNoAnswer) {
  for (const std::string reply : {"shown\nshown\nallow:vault", "shown", "waits\nwaits\ndeny"}) {
    listen();
    serve(reply);
    ask();
    context_.restart();
    context_.run_for(10s);
    EXPECT_EQ(answer_.outcome, Outcome::invalid) << reply;
    EXPECT_EQ(answer_.approver, std::nullopt);
    acceptor_.reset();
    std::filesystem::remove(path());
    answers_ = 0;
    question_.clear();
  }
}

TEST_F(AskClientTest, NobodyListeningIsSaidWithTheRemedy) {
  ask();
  run();
  EXPECT_EQ(answers_, 1);
  EXPECT_EQ(answer_.outcome, Outcome::nobody_to_ask);
  EXPECT_NE(answer_.reason.find("start sallyport-prompt in a terminal"), std::string::npos);
}

TEST_F(AskClientTest, ATooLongPathIsNobodyToAsk) {
  folder_ /= std::string(200, 'x');
  ask();
  run();
  EXPECT_EQ(answer_.outcome, Outcome::nobody_to_ask);
}

TEST_F(AskClientTest, AFloodOrAForeignTargetIsInvalid) {
  listen();
  serve("allow:sys-usb" + std::string(2000, 'x'));
  ask();
  run();
  EXPECT_EQ(answer_.outcome, Outcome::invalid);
  EXPECT_TRUE(answer_.target.empty());
}

TEST_F(AskClientTest, ClosingWithoutAWordDenies) {
  listen();
  serve("");
  ask();
  run();
  EXPECT_EQ(answers_, 1);
  EXPECT_EQ(answer_.outcome, Outcome::denied);
}

TEST_F(AskClientTest, SilenceEndsAtTheDeadline) {
  listen();  // nobody accepts
  ask(1s);
  run();
  EXPECT_EQ(answers_, 1);
  EXPECT_EQ(answer_.outcome, Outcome::timed_out);
}

TEST_F(AskClientTest, NoAnswerComesAfterCancel) {
  listen();
  serve("allow:sys-usb");
  const auto client = ask();
  client->cancel();
  context_.run_for(200ms);
  EXPECT_EQ(answers_, 0);
}

}  // namespace
