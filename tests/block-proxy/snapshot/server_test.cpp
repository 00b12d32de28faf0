// SPDX-License-Identifier: GPL-2.0-or-later
// The snapshot process between real servers and real clients: nbdcopy, fio, nbdkit's filters.
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <fstream>
#include <regex>
#include <thread>

#include "base/io/files.hpp"
#include "block-proxy/nbd/reply.hpp"
#include "block-proxy/snapshot/merkle.hpp"
#include "tests/block-proxy/block_server_rig.hpp"
#include "tests/places.hpp"

namespace {

using blockproxy::nbd::Command;
using blockproxy::nbd::WireError;
using tests::BlockClient;
using tests::BlockServer;
using tests::mib;

class SnapshotServer : public testing::Test {
 protected:
  void SetUp() override {
    tests::write_pattern(source_.medium(), 6 * mib + 512);
    content_ = tests::content(source_.medium());
  }
  void serve(std::vector<std::string> options = {}) { serve_by(served_, std::move(options)); }
  void serve_by(BlockServer& server, std::vector<std::string> options) {
    std::vector<std::string> argv{places::build() + "/bin/sallyport-snapshot",
                                  "--listen",
                                  server.socket().string(),
                                  "--from",
                                  source_.socket().string(),
                                  "--root",
                                  source_.file("root").string(),
                                  "stick"};
    argv.insert(argv.end(), options.begin(), options.end());
    server.start_other(argv);
  }
  // A server that fails to start: what it says.
  std::string refusal(const std::string& name) {
    const std::vector<std::string> argv{places::build() + "/bin/sallyport-snapshot",
                                        "--listen",
                                        served_.file("other").string(),
                                        "--from",
                                        source_.socket().string(),
                                        "--root",
                                        source_.file("root").string(),
                                        name};
    auto child = rig::Child::start(argv, served_.file("refusal"));
    EXPECT_TRUE(child);
    EXPECT_NE(child->wait(tests::soon()).value_or(0), 0);
    return tests::content(served_.file("refusal"));
  }
  std::string log() const { return tests::content(served_.file("log")); }
  bool says(const std::string& what, unsigned seconds = 20) const {
    for (unsigned i = 0; i < seconds * 50; ++i) {
      if (log().find(what) != std::string::npos) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    return false;
  }
  std::string copy() {
    const auto to = served_.file("copy");
    tests::run({"nbdcopy", served_.uri(), to.string()});
    return tests::content(to);
  }
  static std::string root_of(const std::string& content) {
    namespace snapshot = blockproxy::snapshot;
    snapshot::Sha256 hash;
    snapshot::TreeBuilder tree;
    for (std::size_t at = 0; at < content.size(); at += snapshot::block_size) {
      tree.push(snapshot::leaf_hash(
          hash, base::wire::as_bytes(std::string_view(content).substr(at, snapshot::block_size))));
    }
    const auto geometry = snapshot::Geometry::make(content.size(), 512);
    return base::hash::to_hex(snapshot::root_of(*geometry, tree.finish()));
  }

  BlockServer source_;
  BlockServer served_;
  std::string content_;
};

TEST_F(SnapshotServer, TheFirstAnswerIsWhatEverybodyGets) {
  source_.start({"--read-only"});
  serve();
  EXPECT_TRUE(copy() == content_);
  tests::write_pattern(source_.medium(), 6 * mib + 1024);
  std::filesystem::resize_file(source_.medium(), content_.size());
  ASSERT_FALSE(tests::content(source_.medium()) == content_);
  EXPECT_TRUE(copy() == content_);
  // The same after the process was killed, as far as it had been made durable, and without a cache.
  served_.kill();
  serve();
  const std::string again = copy();
  for (std::size_t at = 0; at < content_.size(); at += 65536) {
    const auto part = again.substr(at, 65536);
    EXPECT_TRUE(part == content_.substr(at, 65536) ||
                part == tests::content(source_.medium()).substr(at, 65536));
  }
}

TEST_F(SnapshotServer, ManyReadersAndTheMediumIsAskedOnceForEachByte) {
  source_.start_other({"nbdkit", "-f", "-r", "--unix", source_.socket().string(), "--filter=stats",
                       "file", source_.medium().string(),
                       "statsfile=" + source_.file("stats").string()});
  serve();
  std::vector<std::thread> readers;
  for (unsigned i = 0; i < 4; ++i) {
    readers.emplace_back([this, i] {
      const std::string to = served_.file(("copy" + std::to_string(i)).c_str()).string();
      EXPECT_TRUE(tests::succeeds({"nbdcopy", served_.uri(), to}));
      EXPECT_TRUE(tests::content(to) == content_);
    });
  }
  for (auto& reader : readers) reader.join();
  served_.kill();
  source_.stop();
  const std::string stats = tests::content(source_.file("stats"));
  std::smatch found;
  ASSERT_TRUE(
      std::regex_search(stats, found, std::regex("total: [0-9]+ ops, [0-9.]+ s, ([0-9.]+) MiB")))
      << stats;
  EXPECT_NEAR(std::stod(found[1]), 6.0, 0.05) << stats;
}

TEST_F(SnapshotServer, IsCompletedInTheBackgroundAndSealedWithItsRoot) {
  source_.start({"--read-only"});
  serve({"--seal"});
  ASSERT_TRUE(says("event=sealed")) << log();
  EXPECT_NE(log().find("root=" + root_of(content_) + " different=0 events=0"), std::string::npos)
      << log();
  source_.kill();
  EXPECT_TRUE(copy() == content_);
}

TEST_F(SnapshotServer, AMediumThatAnswersDifferentlyTheSecondTimeIsExposed) {
  source_.start_other({"nbdkit", "-f", "-r", "--unix", source_.socket().string(), "eval",
                       "get_size=echo 1048576",
                       "pread=if [ -e $tmpdir/$4 ]; then c=b; else c=a; : >$tmpdir/$4; fi; "
                       "head -c $3 /dev/zero | tr '\\0' $c"});
  serve({"--seal"});
  ASSERT_TRUE(says("event=sealed")) << log();
  // The block at 0 was asked for with the whole, and again; the others at an offset of their own.
  EXPECT_NE(log().find("different=1 events=1"), std::string::npos) << log();
  EXPECT_TRUE(copy() == std::string(mib, 'a'));
}

TEST_F(SnapshotServer, UnreadableSectorsAreZerosAndCounted) {
  source_.start_other({"nbdkit", "-f", "-r", "--unix", source_.socket().string(), "eval",
                       "get_size=echo 2097152",
                       "pread=if [ $4 -le 700416 ] && [ $(($4 + $3)) -gt 700416 ]; then "
                       "echo EIO bad >&2; exit 1; fi; head -c $3 /dev/zero | tr '\\0' x"});
  serve({"--seal"});
  ASSERT_TRUE(says("event=sealed")) << log();
  EXPECT_NE(log().find("different=0 events=1"), std::string::npos) << log();
  std::string expected(2 * mib, 'x');
  expected.replace(700416, 512, 512, '\0');
  EXPECT_TRUE(copy() == expected);
}

TEST_F(SnapshotServer, WritesGoToTheOverlayAndNeverToTheMedium) {
  source_.start({"--read-only"});
  serve({"--writable"});
  tests::run({"fio", "--name=v", "--ioengine=nbd", "--uri=" + served_.uri(), "--rw=randrw",
              "--bsrange=512-128k", "--bs_unaligned=0", "--iodepth=16", "--size=6M",
              "--verify=sha256", "--verify_fatal=1", "--do_verify=1"});
  EXPECT_FALSE(copy() == content_);
  EXPECT_TRUE(tests::content(source_.medium()) == content_);
  const std::string written = copy();
  ASSERT_EQ(::kill(served_.pid(), SIGTERM), 0);
  served_.stop();
  serve({"--writable"});
  EXPECT_TRUE(copy() == written);
  served_.stop();
  serve();
  EXPECT_TRUE(copy() == content_);
  EXPECT_FALSE(tests::succeeds({"qemu-io", "-f", "raw", "-c", "write 0 512", served_.uri()}));
}

TEST_F(SnapshotServer, AMediumThatGoesLeavesWhatIsStored) {
  source_.start({"--read-only"});
  serve();
  BlockClient client(served_.connect());
  EXPECT_TRUE(client.ask(Command::read, 0, mib).data == content_.substr(0, mib));
  source_.kill();
  EXPECT_EQ(client.ask(Command::read, 4 * mib, 4096).error, WireError::io);
  EXPECT_TRUE(says("event=medium_failed")) << log();
  EXPECT_TRUE(client.ask(Command::read, 0, mib).data == content_.substr(0, mib));
  EXPECT_EQ(client.ask(Command::read, 4 * mib, 4096).error, WireError::io);
}

TEST_F(SnapshotServer, AMediumThatHangsIsGivenUpAndTheRestGoesOn) {
  source_.start_other({"nbdkit", "-f", "-r", "--unix", source_.socket().string(), "--filter=delay",
                       "memory", "4M", "delay-read=100"});
  serve({"--patience", "1"});
  BlockClient client(served_.connect());
  EXPECT_EQ(client.ask(Command::read, 0, 4096).error, WireError::io);
  EXPECT_TRUE(says("does not answer")) << log();
  BlockClient next(served_.connect());
  EXPECT_EQ(next.ask(Command::read, 0, 4096).error, WireError::io);
}

TEST_F(SnapshotServer, KilledInTheMiddleItGoesOnWhereItWas) {
  source_.start({"--read-only"});
  for (unsigned round = 0; round < 4; ++round) {
    serve({"--complete"});
    std::this_thread::sleep_for(std::chrono::milliseconds(3 * round));
    served_.kill();
  }
  serve({"--seal"});
  ASSERT_TRUE(says("event=sealed")) << log();
  EXPECT_NE(log().find("root=" + root_of(content_)), std::string::npos) << log();
  EXPECT_TRUE(copy() == content_);
}

TEST_F(SnapshotServer, RefusesWhatCannotBeRight) {
  source_.start({"--read-only"});
  serve({"--quota", "1"});
  ASSERT_TRUE(says("event=serving")) << log();
  EXPECT_NE(refusal("stick").find("another process has this snapshot open"), std::string::npos);
  EXPECT_NE(refusal("../stick").find("no name of a snapshot"), std::string::npos);
  BlockClient client(served_.connect());
  EXPECT_TRUE(client.ask(Command::read, 0, 65536).data == content_.substr(0, 65536));
  EXPECT_EQ(client.ask(Command::read, 0, 4 * mib).error, WireError::io);
  EXPECT_TRUE(says("limit of 1048576 bytes")) << log();
  served_.kill();
  source_.kill();
  BlockServer longer;
  tests::write_pattern(longer.medium(), 7 * mib);
  std::filesystem::rename(longer.medium(), source_.medium());
  source_.start({"--read-only"});
  EXPECT_NE(refusal("stick").find("another medium, or one that changes its size"),
            std::string::npos);
}

std::string read_request(std::uint64_t cookie, std::uint32_t length) {
  const auto bytes = blockproxy::nbd::Encoder<28>{}
                         .put(blockproxy::nbd::request_magic)
                         .put(std::uint16_t{0})
                         .put(std::uint16_t{0})
                         .put(cookie)
                         .put(std::uint64_t{0})
                         .put(length)
                         .bytes();
  return std::string(base::wire::as_text(bytes));
}

// What is in a socket is a block's own pages; these get another block's bytes soon after.
TEST_F(SnapshotServer, BytesOnTheirWayStayWhatTheyAre) {
  source_.start({"--read-only"});
  serve({"--cache", "1"});
  constexpr std::uint32_t length = mib / 2;
  BlockClient slow(served_.connect());
  std::string requests;
  for (unsigned i = 0; i < 6; ++i) requests += read_request(i, length);
  ASSERT_TRUE(base::io::write_all(slow.socket(), requests));
  int waiting = 0;
  for (unsigned i = 0; i < 1000 && waiting < 3 * static_cast<int>(length); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    ASSERT_EQ(::ioctl(slow.socket().get(), FIONREAD, &waiting), 0);
  }
  ASSERT_GE(waiting, 3 * static_cast<int>(length));
  BlockClient busy(served_.connect());
  for (unsigned i = 0; i < 3; ++i) {
    EXPECT_TRUE(busy.ask(Command::read, 0, 6 * mib).data == content_.substr(0, 6 * mib));
  }
  for (unsigned i = 0; i < 6; ++i) {
    std::string reply(blockproxy::nbd::data_header_size + length, '\0');
    ASSERT_EQ(::recv(slow.socket().get(), reply.data(), reply.size(), MSG_WAITALL),
              static_cast<ssize_t>(reply.size()));
    EXPECT_TRUE(reply.substr(blockproxy::nbd::data_header_size) == content_.substr(0, length)) << i;
  }
}

TEST_F(SnapshotServer, AClientThatBreaksTheRulesIsAlone) {
  source_.start({"--read-only"});
  serve();
  BlockClient good(served_.connect());
  for (unsigned i = 0; i < 20; ++i) {
    const auto socket = served_.connect();
    base::io::write_all(socket, std::string(4096, static_cast<char>(i * 37))).has_value();
  }
  // One that asks and does not read.
  BlockClient silent(served_.connect());
  std::string requests;
  for (unsigned i = 0; i < 4096; ++i) requests += read_request(i, 6 * mib);
  EXPECT_TRUE(base::io::write_all(silent.socket(), requests));
  EXPECT_TRUE(good.ask(Command::read, mib, mib).data == content_.substr(mib, mib));
  EXPECT_TRUE(copy() == content_);
  struct stat info {};
  EXPECT_EQ(::stat(("/proc/" + std::to_string(served_.pid())).c_str(), &info), 0);
  const std::string status = tests::content("/proc/" + std::to_string(served_.pid()) + "/status");
  std::smatch found;
  ASSERT_TRUE(std::regex_search(status, found, std::regex("VmRSS:\\s+([0-9]+) kB")));
  // What it asked for is 24 GiB; with a sanitizer all takes some times as much as without.
  EXPECT_LT(std::stoul(found[1]), 1024UL * 1024) << status;
}

}  // namespace
