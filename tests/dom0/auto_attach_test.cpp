// SPDX-License-Identifier: GPL-2.0-or-later
// Assignments at work, with time and qubes in the test's hand: how often and when something is
// tried.
#include "dom0/io/auto_attach.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <deque>
#include <fstream>

#include "dom0/io/broker.hpp"
#include "policy/io/ask_message.hpp"
#include "tests/fakes/folder.hpp"

namespace dom0::io {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;
using Kind = AttachOutcome::Kind;

Device stick(std::uint16_t version = 0x0100) {
  sysusb::DeviceRecord record;
  record.port_id = "2-1";
  record.vendor_id = 0x0951;
  record.product_id = 0x1666;
  record.device_version = version;
  record.interfaces = {{8, 6, 80}};
  return Device(*sysusb::parse_inventory_record(sysusb::encode_record(record)));
}

std::map<std::string, base::config::QubeConfig> three_qubes() {
  std::map<std::string, base::config::QubeConfig> qubes;
  for (const char* name : {"sys-usb", "work", "vault"}) qubes[name].name = name;
  return qubes;
}

class AutoAttachTest : public testing::Test {
 protected:
  void SetUp() override {
    for (const auto& folder : {paths_.state(), paths_.audit_log().parent_path(), paths_.policy_d(),
                               paths_.device_prompt_socket().parent_path()}) {
      std::filesystem::create_directories(folder);
    }
    ASSERT_TRUE(board_.audit.open(paths_.audit_log()).has_value());
    ASSERT_TRUE(board_.devices.open(paths_.state_file()).has_value());
    for (const char* name : {"sys-usb", "work"}) connect(name);
  }

  // Not told to the assignments: each test says what starts.
  void connect(const std::string& qube) {
    std::array<int, 2> ends{};
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), 0);
    other_ends_.emplace_back(ends[1]);
    board_.links[qube] = std::make_shared<QubeLink>(
        qube, 0, StreamSocket(context_, boost::asio::generic::stream_protocol(AF_UNIX, 0), ends[0]),
        log_);
  }
  void assign(const std::string& qube, AssignmentMode mode = AssignmentMode::auto_attach) {
    ASSERT_TRUE(
        board_.devices.assign({.frontend = qube, .device = {"sys-usb", "2-1", "*"}, .mode = mode})
            .has_value());
  }
  void plug(const Device& device = stick()) {
    board_.inventory.put("sys-usb", device);
    auto_.plugged("sys-usb", "2-1");
  }
  void run(std::chrono::milliseconds time) {
    context_.restart();
    context_.run_for(time);
  }
  std::string audit() const {
    std::ifstream file(paths_.audit_log());
    return {std::istreambuf_iterator<char>(file), {}};
  }
  AutoAttach::Attach attach() {
    return [this](const AutoAttach::Wish& wish, Approval, const AutoAttach::OnDone& done) {
      wishes_.push_back(wish);
      times_.push_back(Clock::now());
      done({outcome_, "as the test wants"});
    };
  }

  const tests::Folder folder_;
  const base::io::Paths paths_{folder_.path()};
  const base::io::Log log_{"test"};
  boost::asio::io_context context_;
  Broker broker_{context_, paths_, three_qubes(), 60s, log_};
  Switchboard& board_ = broker_.mutable_board();
  std::vector<base::io::Fd> other_ends_;
  AutoAttach auto_{board_, attach(), 5ms};
  Kind outcome_ = Kind::attached;
  std::vector<AutoAttach::Wish> wishes_;
  std::vector<Clock::time_point> times_;
};

// A prompt agent that notes the questions and holds or answers them.
class DeviceAgent {
 public:
  using Protocol = boost::asio::local::stream_protocol;

  DeviceAgent(boost::asio::io_context& context, const std::filesystem::path& path,
              std::string answer)
      : acceptor_(context, Protocol::endpoint(path.native())), answer_(std::move(answer)) {
    accept();
  }
  std::vector<policy::io::Question> questions;

 private:
  struct Asker {
    Protocol::socket socket;
    std::string text = {};
  };
  void accept() {
    acceptor_.async_accept([this](const boost::system::error_code& error, Protocol::socket socket) {
      if (error) return;
      askers_.push_back({std::move(socket)});
      Asker& asker = askers_.back();
      boost::asio::async_read(asker.socket, boost::asio::dynamic_buffer(asker.text),
                              [this, &asker](const boost::system::error_code&, std::size_t) {
                                questions.push_back(*policy::io::parse_question(asker.text));
                                if (answer_.empty()) return;  // it waits
                                boost::asio::write(asker.socket, boost::asio::buffer(answer_));
                                asker.socket.close();
                              });
      accept();
    });
  }

  Protocol::acceptor acceptor_;
  std::string answer_;
  std::deque<Asker> askers_;  // they stay where they are
};

TEST_F(AutoAttachTest, AFailureIsTriedAgainLaterAndLaterAndThenNoMore) {
  outcome_ = Kind::failed;
  assign("work");
  plug();
  EXPECT_EQ(wishes_.size(), 1U) << "at once";
  run(2s);
  ASSERT_EQ(wishes_.size(), AutoAttach::max_tries);
  for (std::size_t i = 1; i < times_.size(); ++i) {
    EXPECT_GE(times_[i] - times_[i - 1], 5ms * (1U << (i - 1))) << i;
  }
  plug(stick(0x0200));
  run(2s);
  EXPECT_EQ(wishes_.size(), 2 * AutoAttach::max_tries) << "another device is tried anew";
}

TEST_F(AutoAttachTest, ARefusalIsNotTriedAgain) {
  outcome_ = Kind::refused;
  assign("work");
  plug();
  run(200ms);
  EXPECT_EQ(wishes_.size(), 1U);
}

TEST_F(AutoAttachTest, WhereNobodyCanBeAskedSomebodyMayComeLater) {
  assign("work", AssignmentMode::ask_to_attach);
  plug();
  run(30ms);
  EXPECT_TRUE(wishes_.empty());
  EXPECT_NE(audit().find("nobody to ask"), std::string::npos);
  DeviceAgent agent(context_, paths_.device_prompt_socket(), "allow:work");
  run(1s);
  ASSERT_EQ(agent.questions.size(), 1U);
  ASSERT_EQ(wishes_.size(), 1U);
  EXPECT_EQ(wishes_[0].approver, ::getuid());
}

TEST_F(AutoAttachTest, ButNotForEver) {
  AutoAttach hasty(board_, attach(), 1ms);
  assign("work", AssignmentMode::ask_to_attach);
  board_.inventory.put("sys-usb", stick());
  hasty.plugged("sys-usb", "2-1");
  run(3s);
  const std::string log = audit();
  std::size_t told = 0;
  for (auto at = log.find("nobody to ask"); at != std::string::npos;
       at = log.find("nobody to ask", at + 1)) {
    ++told;
  }
  EXPECT_EQ(told, 2U) << "at the first and at the last time";
  DeviceAgent agent(context_, paths_.device_prompt_socket(), "allow:work");
  run(200ms);
  EXPECT_TRUE(agent.questions.empty());
  EXPECT_TRUE(wishes_.empty());
}

TEST_F(AutoAttachTest, AQubeThatStartsMeanwhileJoinsTheQuestion) {
  assign("work", AssignmentMode::ask_to_attach);
  assign("vault", AssignmentMode::ask_to_attach);
  DeviceAgent agent(context_, paths_.device_prompt_socket(), "");
  plug();
  run(50ms);
  ASSERT_EQ(agent.questions.size(), 1U);
  EXPECT_EQ(agent.questions[0].targets, (std::vector<std::string>{"work"}));
  connect("vault");
  auto_.started("vault", "first");
  run(50ms);
  ASSERT_EQ(agent.questions.size(), 2U) << "the one before is withdrawn";
  EXPECT_EQ(agent.questions[1].targets, (std::vector<std::string>{"vault", "work"}));
  auto_.started("vault", "first");
  run(50ms);
  EXPECT_EQ(agent.questions.size(), 2U) << "nobody has come in addition";
}

TEST_F(AutoAttachTest, AfterAResumeItIsLookedAtAgain) {
  assign("work");
  plug();
  ASSERT_EQ(wishes_.size(), 1U);
  auto_.resumed();  // it is not attached: no lease
  EXPECT_EQ(wishes_.size(), 2U);
  auto_.detached_by_hand({{.frontend = "work", .backend = "sys-usb", .port_id = "2-1"}});
  auto_.resumed();
  EXPECT_EQ(wishes_.size(), 2U) << "somebody took it away";
}

TEST_F(AutoAttachTest, WhatWasTakenAwayStaysAwayUntilItOrAQubeComesAnew) {
  assign("work");
  auto_.started("sys-usb", "s1");
  auto_.started("work", "w1");
  plug();
  ASSERT_EQ(wishes_.size(), 1U);
  const AutoAttach::Wish wish{.frontend = "work", .backend = "sys-usb", .port_id = "2-1"};
  auto_.detached_by_hand({wish});
  const auto comes_back = [&](const std::function<void()>& what) {
    const std::size_t before = wishes_.size();
    what();
    return wishes_.size() > before;
  };
  EXPECT_FALSE(comes_back([&] { auto_.started("work", "w1"); })) << "its agent dials again";
  EXPECT_FALSE(comes_back([&] {
    auto_.forgotten("sys-usb", "2-1");
    auto_.started("sys-usb", "s1");
    plug();
    auto_.told_all("sys-usb");
  })) << "sys-usb's agent dials again";
  EXPECT_TRUE(comes_back([&] { auto_.started("work", "w2"); })) << "a start";
  auto_.detached_by_hand({wish});
  EXPECT_TRUE(comes_back([&] { plug(stick(0x0200)); })) << "another device";
  auto_.detached_by_hand({wish});
  EXPECT_TRUE(comes_back([&] {
    auto_.unplugged("sys-usb", "2-1");
    plug(stick(0x0200));
  })) << "a replug";
  auto_.detached_by_hand({wish});
  EXPECT_TRUE(comes_back([&] {
    auto_.forgotten("sys-usb", "2-1");
    auto_.started("sys-usb", "s2");
    plug(stick(0x0200));
  })) << "sys-usb was started anew";
  auto_.detached_by_hand({wish});
  board_.inventory.clear("sys-usb");
  auto_.forgotten("sys-usb", "2-1");
  auto_.told_all("sys-usb");  // it was unplugged while nobody could hear of it
  EXPECT_TRUE(comes_back([&] { plug(stick(0x0200)); }));
}

TEST(HeldDevices, AreBoundedAndAnAgentThatSaysNothingIsAlwaysNew) {
  HeldDevices held;
  for (std::size_t i = 0; i <= HeldDevices::max_held; ++i) {
    EXPECT_TRUE(held.hold({"work", "sys-usb", std::to_string(i), "print", "w1", "s1"}));
  }
  EXPECT_EQ(held.all().size(), HeldDevices::max_held);
  EXPECT_FALSE(held.contains("work", "sys-usb", "0")) << "the oldest";
  EXPECT_FALSE(held.hold(held.all().front())) << "once";
  EXPECT_FALSE(held.started("vault", ""));
  EXPECT_TRUE(held.started("work", ""));
  EXPECT_TRUE(held.all().empty());
}

TEST(ResumeWatch, SeesASuspendAndOnlyThat) {
  boost::asio::io_context context;
  std::chrono::nanoseconds asleep = 5h;  // before this program was started
  int resumed = 0;
  ResumeWatch watch(
      context, [&] { ++resumed; }, [&] { return asleep; },
      {.look_every = 5ms, .again_after = 100ms});
  watch.start();
  const auto run = [&context](std::chrono::milliseconds time) {
    context.restart();
    context.run_for(time);
  };
  run(50ms);
  EXPECT_EQ(resumed, 0);
  asleep += 100ms;  // the clocks drift
  run(50ms);
  EXPECT_EQ(resumed, 0);
  asleep += 3s;
  run(50ms);
  EXPECT_EQ(resumed, 1);
  run(200ms);
  EXPECT_EQ(resumed, 2) << "and once more when everything is awake";
  run(200ms);
  EXPECT_EQ(resumed, 2);
}

TEST(ResumeWatch, TheClocksOfThisMachineAgree) {
  const auto first = time_asleep();
  EXPECT_GE(first, -1ms);
  EXPECT_LT(time_asleep() - first, ResumeWatch::least_sleep);
}

}  // namespace
}  // namespace dom0::io
