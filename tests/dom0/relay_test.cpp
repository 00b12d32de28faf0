// SPDX-License-Identifier: GPL-2.0-or-later
// The relay with real sockets, the daemon's side played by the test through the real client.
#include "dom0/io/relay.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "base/io/files.hpp"
#include "base/io/unix_socket.hpp"
#include "dom0/io/relay_client.hpp"
#include "tests/fakes/folder.hpp"

namespace dom0::io {
namespace {

using namespace std::chrono_literals;

StreamSocket wrap(boost::asio::io_context& io, base::io::Fd fd) {
  return StreamSocket(io, boost::asio::generic::stream_protocol(AF_UNIX, 0), fd.release());
}

class RelayTest : public testing::Test {
 protected:
  RelayTest() { start_relay(60s); }

  void start_relay(std::chrono::seconds away_limit) {
    relay_.reset();
    auto listening = base::io::listen_unix(path(), 0600, base::io::SocketType::seqpacket,
                                           base::io::Blocking::no);
    relay_ = std::make_unique<Relay>(io_, *std::move(listening), away_limit, log_);
    relay_->start();
  }
  std::filesystem::path path() const { return folder_ / "relay.sock"; }

  void connect() {
    client_ = std::make_unique<RelayClient>(io_, path(), log_);
    client_->start({.on_entry = [this](const RelayReport& r) { entries_.push_back(r); },
                    .on_ready = [this] { ready_ = true; },
                    .on_ended = [this](const RelayReport& r) { ended_.push_back(r); },
                    .on_lost = [this] { lost_ = true; }});
    run_until([this] { return ready_; });
  }

  template <class Condition>
  void run_until(Condition condition) {
    const auto end = std::chrono::steady_clock::now() + 5s;
    while (!condition() && std::chrono::steady_clock::now() < end) {
      io_.restart();
      io_.run_one_for(20ms);
    }
    ASSERT_TRUE(condition()) << "nothing happened for 5 s";
  }

  // The far ends of a new call's streams.
  base::io::FdPair add(CallId id, HalfClose half_close) {
    auto caller = base::io::stream_pair();
    auto service = base::io::stream_pair();
    EXPECT_TRUE(client_
                    ->add(id, half_close, wrap(io_, std::move(caller->first)),
                          wrap(io_, std::move(service->first)), {std::byte{42}})
                    .has_value());
    return {std::move(caller->second), std::move(service->second)};
  }

  std::string read_some(const base::io::Fd& fd, std::size_t size) {
    std::string got;
    run_until([&] {
      std::array<char, 65536> chunk{};
      const ssize_t n = ::recv(fd.get(), chunk.data(), chunk.size(), MSG_DONTWAIT);
      if (n > 0) got.append(chunk.data(), static_cast<std::size_t>(n));
      return got.size() >= size;
    });
    return got;
  }

  bool at_end(const base::io::Fd& fd) {
    char byte = 0;
    return ::recv(fd.get(), &byte, 1, MSG_DONTWAIT) == 0;
  }

  boost::asio::io_context io_{1};
  base::io::Log log_{"test", base::io::Level::error};
  const tests::Folder scratch_;
  std::filesystem::path folder_ = scratch_.path();
  std::unique_ptr<Relay> relay_;
  std::unique_ptr<RelayClient> client_;
  std::vector<RelayReport> entries_;
  std::vector<RelayReport> ended_;
  bool ready_ = false;
  bool lost_ = false;
};

TEST_F(RelayTest, CarriesBothWaysAndCounts) {
  connect();
  const auto far = add({1}, HalfClose::forward);
  ASSERT_TRUE(base::io::write_all(far.first, "question").has_value());
  EXPECT_EQ(read_some(far.second, 8), "question");
  ASSERT_TRUE(base::io::write_all(far.second, "answer").has_value());
  EXPECT_EQ(read_some(far.first, 6), "answer");
  ::shutdown(far.first.get(), SHUT_WR);
  ::shutdown(far.second.get(), SHUT_WR);
  run_until([this] { return !ended_.empty(); });
  EXPECT_EQ(ended_[0].end, CallEnd::both_closed);
  EXPECT_EQ(ended_[0].bytes_to_service, 8U);
  EXPECT_EQ(ended_[0].bytes_to_caller, 6U);
  EXPECT_EQ(ended_[0].record, std::vector{std::byte{42}});
}

TEST_F(RelayTest, PassesAHalfCloseOnAndKeepsTheOtherWayOpen) {
  connect();
  const auto far = add({1}, HalfClose::forward);
  ::shutdown(far.first.get(), SHUT_WR);
  run_until([&] { return at_end(far.second); });
  ASSERT_TRUE(base::io::write_all(far.second, "still").has_value());
  EXPECT_EQ(read_some(far.first, 5), "still");
  EXPECT_TRUE(ended_.empty());
}

TEST_F(RelayTest, EndsADeviceStreamWithEitherSide) {
  connect();
  auto far = add({1}, HalfClose::ends_call);
  far.second.reset();
  run_until([this] { return !ended_.empty(); });
  EXPECT_EQ(ended_[0].end, CallEnd::service_closed);
  run_until([&] { return at_end(far.first); });
}

TEST_F(RelayTest, HoldsASlowReaderBackWithoutMemory) {
  connect();
  const auto far = add({1}, HalfClose::forward);
  const std::string chunk(65536, 'x');
  std::size_t sent = 0;
  for (int idle = 0; idle < 20;) {
    const ssize_t n = ::send(far.first.get(), chunk.data(), chunk.size(), MSG_DONTWAIT);
    if (n > 0) sent += static_cast<std::size_t>(n);
    idle = n > 0 ? 0 : idle + 1;
    io_.restart();
    io_.run_one_for(5ms);
    ASSERT_LT(sent, 64U << 20U) << "no back-pressure";
  }
  EXPECT_EQ(read_some(far.second, sent).size(), sent);  // and nothing was lost
}

TEST_F(RelayTest, KeepsCallsWhileTheDaemonRestarts) {
  connect();
  const auto far = add({7}, HalfClose::ends_call);
  client_->set_record({7}, {std::byte{43}});
  ASSERT_TRUE(base::io::write_all(far.first, "a").has_value());
  EXPECT_EQ(read_some(far.second, 1), "a");
  client_.reset();
  ready_ = false;
  ASSERT_TRUE(base::io::write_all(far.first, "b").has_value());
  EXPECT_EQ(read_some(far.second, 1), "b");
  connect();
  ASSERT_EQ(entries_.size(), 1U);
  EXPECT_EQ(entries_[0].call, CallId{7});
  EXPECT_EQ(entries_[0].record, std::vector{std::byte{43}});
}

TEST_F(RelayTest, TellsTheNextDaemonWhatEndedMeanwhile) {
  connect();
  auto far = add({7}, HalfClose::ends_call);
  client_.reset();
  ready_ = false;
  far.first.reset();
  run_until([&] { return at_end(far.second); });
  connect();
  EXPECT_TRUE(entries_.empty());
  ASSERT_EQ(ended_.size(), 1U);
  EXPECT_EQ(ended_[0].end, CallEnd::caller_closed);
}

TEST_F(RelayTest, CallsThatAreOverAtOnceLeaveNothingOpen) {
  const auto open_fds = [] {
    const std::filesystem::directory_iterator fds("/proc/self/fd");
    return std::distance(begin(fds), end(fds));
  };
  connect();
  const auto before = open_fds();
  for (std::uint32_t i = 0; i < 20; ++i) add({i}, HalfClose::ends_call);
  run_until([&] { return ended_.size() == 20; });
  EXPECT_EQ(open_fds(), before);
}

TEST_F(RelayTest, EndsCallsWhenNoDaemonComesBack) {
  std::filesystem::remove(path());
  start_relay(1s);
  connect();
  const auto far = add({7}, HalfClose::forward);
  client_.reset();
  run_until([&] { return at_end(far.first) && at_end(far.second); });
}

TEST_F(RelayTest, EndsACallOnRequest) {
  connect();
  const auto far = add({7}, HalfClose::forward);
  client_->end({7});
  run_until([this] { return !ended_.empty(); });
  EXPECT_EQ(ended_[0].end, CallEnd::ended_by_daemon);
  EXPECT_TRUE(at_end(far.first));
}

TEST_F(RelayTest, RefusesASecondCallOfTheSameNumber) {
  connect();
  const auto far = add({7}, HalfClose::forward);
  const auto other = add({7}, HalfClose::forward);
  run_until([this] { return !ended_.empty(); });
  EXPECT_EQ(ended_[0].end, CallEnd::too_many_calls);
  run_until([&] { return at_end(other.first); });
}

}  // namespace
}  // namespace dom0::io
