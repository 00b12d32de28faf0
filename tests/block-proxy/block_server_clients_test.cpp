// SPDX-License-Identifier: GPL-2.0-or-later
// The block server with the clients that others have written.
#include <boost/json.hpp>
#include <thread>

#include "base/io/unix_socket.hpp"

#include "tests/block-proxy/block_server_rig.hpp"

namespace {

using blockproxy::nbd::Command;
using blockproxy::nbd::WireError;
using tests::mib;

// With and without io_uring: nobody may see a difference.
class BlockServerClients : public testing::TestWithParam<const char*> {
 protected:
  void start(std::vector<std::string> options = {}) {
    if (*GetParam() != '\0') options.emplace_back(GetParam());
    server_.start(std::move(options));
  }
  tests::BlockServer server_;
};

TEST_P(BlockServerClients, NbdinfoSeesWhatIsOffered) {
  tests::write_pattern(server_.medium(), 4 * mib);
  start({"--read-only", "--sector-size", "4096"});
  const auto info = boost::json::parse(tests::run({"nbdinfo", "--json", server_.uri()}));
  EXPECT_EQ(info.at("protocol").as_string(), "newstyle-fixed");
  EXPECT_TRUE(info.at("structured").as_bool());
  const auto& one = info.at("exports").at(0);
  EXPECT_EQ(one.at("export-size").as_int64(), 4 << 20);
  EXPECT_TRUE(one.at("is_read_only").as_bool());
  EXPECT_FALSE(one.at("can_trim").as_bool());
  EXPECT_FALSE(one.at("can_zero").as_bool());
  EXPECT_TRUE(one.at("can_df").as_bool());
  EXPECT_TRUE(one.at("can_multi_conn").as_bool());
  EXPECT_EQ(one.at("block_size_minimum").as_int64(), 4096);
  EXPECT_EQ(one.at("block_size_maximum").as_int64(), 32 << 20);
  EXPECT_EQ(one.at("contexts").at(0).as_string(), "base:allocation");
}

TEST_P(BlockServerClients, NbdcopyCopiesBothWays) {
  tests::write_sparse(server_.medium(), 24 * mib);
  const auto from = server_.file("from");
  const auto to = server_.file("to");
  tests::write_pattern(from, 24 * mib);
  start();
  tests::run({"nbdcopy", from.string(), server_.uri()});
  tests::run({"nbdcopy", server_.uri(), to.string()});
  const std::string wanted = tests::run({"sha256sum", from.string()}).substr(0, 64);
  EXPECT_EQ(wanted.size(), 64U);
  EXPECT_EQ(tests::run({"sha256sum", server_.medium().string()}).substr(0, 64), wanted);
  EXPECT_EQ(tests::run({"sha256sum", to.string()}).substr(0, 64), wanted);
}

TEST_P(BlockServerClients, QemuImgComparesAndConverts) {
  tests::write_pattern(server_.medium(), 8 * mib);
  std::filesystem::resize_file(server_.medium(), 40 * mib);  // and a hole behind it
  start();
  EXPECT_NE(tests::run({"qemu-img", "info", server_.uri()}).find("40 MiB"), std::string::npos);
  tests::run(
      {"qemu-img", "compare", "-f", "raw", "-F", "raw", server_.uri(), server_.medium().string()});
  const auto out = server_.file("out.qcow2").string();
  tests::run({"qemu-img", "convert", "-O", "qcow2", server_.uri(), out});
  tests::run({"qemu-img", "compare", out, server_.medium().string()});
  // The hole has been seen as one.
  EXPECT_NE(tests::run({"nbdinfo", "--map", server_.uri()}).find("hole,zero"), std::string::npos);
  EXPECT_LT(std::filesystem::file_size(out), 12 * mib);
}

TEST_P(BlockServerClients, FioReadsBackWhatItWrote) {
  tests::write_sparse(server_.medium(), 16 * mib);
  start();
  tests::run({"fio", "--name=verify", "--ioengine=nbd", "--uri=" + server_.uri(), "--rw=randwrite",
              "--bsrange=512-256k", "--bs_unaligned=0", "--iodepth=32", "--size=16m",
              "--verify=crc32c", "--verify_fatal=1", "--randseed=1"});
}

TEST_P(BlockServerClients, ReadOnlyHoldsOnEveryWayToWrite) {
  tests::write_pattern(server_.medium(), mib);
  const std::string before = tests::content(server_.medium());
  start({"--read-only"});
  const auto from = server_.file("from");
  tests::write_pattern(from, mib / 2);
  EXPECT_FALSE(tests::succeeds({"nbdcopy", from.string(), server_.uri()}));
  for (const char* command : {"write 0 4096", "write -f 0 4096", "write -z 0 4096",
                              "write -z -u 0 4096", "discard 0 4096"}) {
    tests::succeeds({"qemu-io", "-f", "raw", "-c", command, server_.uri()});
  }
  EXPECT_EQ(tests::content(server_.medium()), before);
}

// Our client with servers that others have written; `argv` listens at `socket`.
class OthersServers : public testing::Test {
 protected:
  base::io::Fd connect_to(const std::vector<std::string>& argv) {
    auto child = rig::Child::start(argv, folder_.path() / "log");
    EXPECT_TRUE(child);
    if (child) running_.push_back(std::move(*child));
    for (unsigned tries = 0; tries < 500; ++tries) {
      if (auto connected = base::io::connect_unix(socket_)) return std::move(*connected);
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    ADD_FAILURE() << rig::tail(folder_.path() / "log", 5);
    return {};
  }
  tests::Folder folder_;
  const std::string socket_ = (folder_.path() / "s").string();
  std::vector<rig::Child> running_;
};

TEST_F(OthersServers, NbdkitWithAMediumThatCannotBeRead) {
  tests::BlockClient client(
      connect_to({"nbdkit", "-f", "--unix", socket_, "--filter=error", "memory", "size=1M",
                  "error-pread=EIO", "error-pread-rate=100%"}));
  const std::string data(4096, 'n');
  EXPECT_EQ(client.ask(Command::write, 0, 4096, 0, data).error, WireError::none);
  EXPECT_EQ(client.ask(Command::read, 0, 4096).error, WireError::io);
  EXPECT_EQ(client.ask(Command::flush, 0, 0).error, WireError::none);
}

TEST_F(OthersServers, QemuNbdSendsHolesAndData) {
  const auto medium = folder_.path() / "medium";
  tests::write_pattern(medium, mib);
  std::filesystem::resize_file(medium, 3 * mib);
  tests::BlockClient client(
      connect_to({"qemu-nbd", "-r", "-t", "-f", "raw", "-k", socket_, medium.string()}));
  EXPECT_TRUE(client.ask(Command::read, 0, 3 * mib).data == tests::content(medium));
  const auto status = client.ask(Command::block_status, 0, 3 * mib);
  ASSERT_FALSE(status.extents.empty());
  EXPECT_EQ(status.extents.front().length, mib);
}

INSTANTIATE_TEST_SUITE_P(Engines, BlockServerClients, testing::Values("", "--no-uring"),
                         [](const auto& engine) {
                           return std::string(*engine.param == '\0' ? "Uring" : "PlainCalls");
                         });

}  // namespace
