// SPDX-License-Identifier: GPL-2.0-or-later
// Media of every size, and media that change or fail while they are served.
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>

#include "base/io/files.hpp"
#include "tests/block-proxy/block_server_rig.hpp"
#include "tests/places.hpp"

namespace {

using blockproxy::nbd::Command;
using blockproxy::nbd::WireError;
using tests::BlockClient;
using tests::BlockServer;
using tests::mib;

TEST(BlockServerMedia, NothingAtAll) {
  BlockServer server;
  tests::write_sparse(server.medium(), 0);
  server.start();
  BlockClient client(server.connect());
  EXPECT_EQ(client.offer().size, 0U);
  EXPECT_EQ(client.ask(Command::flush, 0, 0).error, WireError::none);
  EXPECT_EQ(tests::run({"nbdinfo", "--size", server.uri()}), "0\n");
}

TEST(BlockServerMedia, ATailThatIsNoWholeSector) {
  for (const std::uint32_t size : {1U, 511U, 513U, mib + 1, 3 * mib + 4095}) {
    BlockServer server;
    tests::write_pattern(server.medium(), size);
    server.start();
    BlockClient client(server.connect());
    EXPECT_EQ(client.offer().size, size);
    EXPECT_TRUE(client.ask(Command::read, 0, size).data == tests::content(server.medium())) << size;
    EXPECT_EQ(client.ask(Command::read, size - 1, 1).data.size(), 1U);
    const auto copy = server.file("copy");
    tests::run({"nbdcopy", server.uri(), copy.string()});
    EXPECT_TRUE(tests::content(copy) == tests::content(server.medium())) << size;
  }
}

TEST(BlockServerMedia, ThreeTebibytesOfHoles) {
  constexpr std::uint64_t size = 3ULL << 40U;
  BlockServer server;
  tests::write_sparse(server.medium(), size);
  server.start();
  BlockClient client(server.connect());
  const std::string word(4096, 'x');
  EXPECT_EQ(client.ask(Command::write, size - 8192, 4096, 0, word).error, WireError::none);
  EXPECT_EQ(client.ask(Command::read, size - 8192, 4096).data, word);
  EXPECT_EQ(client.ask(Command::read, 2ULL << 40U, 2 * mib).data, std::string(2 * mib, '\0'));
  const auto status = client.ask(Command::block_status, size - mib, mib);
  ASSERT_EQ(status.extents.size(), 3U);
  EXPECT_EQ(status.extents[0].state, 3U);
  EXPECT_EQ(status.extents[1].state, 0U);
  EXPECT_EQ(status.extents[1].length, 4096U);
  EXPECT_EQ(client.ask(Command::block_status, size - mib, mib, blockproxy::nbd::command_req_one)
                .extents.size(),
            1U);
}

TEST(BlockServerMedia, EveryLengthAndWayOfReading) {
  BlockServer server;
  tests::write_pattern(server.medium(), 34 * mib);
  const std::string all = tests::content(server.medium());
  server.start();
  BlockClient client(server.connect());
  for (const std::uint32_t length : {512U, 4096U, 65536U, 66048U, mib / 2, mib, 32 * mib}) {
    for (const std::uint64_t offset : {std::uint64_t{0}, std::uint64_t{512}}) {
      for (const std::uint16_t flags : {std::uint16_t{0}, blockproxy::nbd::command_df}) {
        const auto reply = client.ask(Command::read, offset, length, flags);
        EXPECT_TRUE(reply.data == all.substr(offset, length)) << length << " at " << offset;
      }
    }
  }
}

TEST(BlockServerMedia, WritesZeroesAndTrimsAsAsked) {
  BlockServer server;
  tests::write_pattern(server.medium(), mib);
  std::string wanted = tests::content(server.medium());
  server.start();
  BlockClient client(server.connect());
  const std::string long_one(mib / 2, 'y');
  EXPECT_EQ(client.ask(Command::write, 4096, mib / 2, blockproxy::nbd::command_fua, long_one).error,
            WireError::none);
  wanted.replace(4096, long_one.size(), long_one);
  EXPECT_EQ(client.ask(Command::write_zeroes, 512, 1024).error, WireError::none);
  wanted.replace(512, 1024, 1024, '\0');
  EXPECT_EQ(client.ask(Command::write_zeroes, 8192, 4096, blockproxy::nbd::command_no_hole).error,
            WireError::none);
  wanted.replace(8192, 4096, 4096, '\0');
  EXPECT_EQ(client.ask(Command::trim, mib - 8192, 8192, blockproxy::nbd::command_fua).error,
            WireError::none);
  wanted.replace(mib - 8192, 8192, 8192, '\0');
  EXPECT_EQ(client.ask(Command::cache, 0, mib).error, WireError::none);
  EXPECT_TRUE(client.ask(Command::read, 0, mib).data == wanted);
  EXPECT_TRUE(tests::content(server.medium()) == wanted);
}

// Requests as no decent client would send them: it knows that the export is read-only.
TEST(BlockServerMedia, ReadOnlyIsTheServersWord) {
  BlockServer server;
  tests::write_pattern(server.medium(), mib);
  const std::string before = tests::content(server.medium());
  server.start({"--read-only"});
  BlockClient client(server.connect());
  for (const Command command : {Command::write, Command::trim, Command::write_zeroes}) {
    for (const std::uint16_t flags : {std::uint16_t{0}, blockproxy::nbd::command_fua}) {
      const auto request = blockproxy::nbd::Encoder<blockproxy::nbd::request_size>{}
                               .put(blockproxy::nbd::request_magic)
                               .put(flags)
                               .put(static_cast<std::uint16_t>(command))
                               .put(std::uint64_t{7})
                               .put(std::uint64_t{0})
                               .put(std::uint32_t{4096})
                               .bytes();
      const std::string payload(command == Command::write ? 4096 : 0, 'w');
      ASSERT_TRUE(base::io::write_all(client.socket(),
                                      std::string(base::wire::as_text(request)) + payload));
      std::array<std::byte, blockproxy::nbd::simple_reply_size> reply{};
      ASSERT_EQ(::recv(client.socket().get(), reply.data(), reply.size(), MSG_WAITALL), 16);
      EXPECT_EQ(reply, blockproxy::nbd::simple_reply(blockproxy::nbd::Cookie{7},
                                                     WireError::not_permitted));
    }
  }
  EXPECT_EQ(client.ask(Command::flush, 0, 0).error, WireError::none);
  EXPECT_TRUE(tests::content(server.medium()) == before);
}

TEST(BlockServerMedia, WhatIsNotInMemoryComesTheSame) {
  for (const char* engine : {"--read-only", "--no-uring"}) {
    BlockServer server;
    tests::write_pattern(server.medium(), 8 * mib);
    const std::string all = tests::content(server.medium());
    server.start({engine});
    BlockClient client(server.connect());
    const base::io::Fd file(::open(server.medium().c_str(), O_RDONLY | O_CLOEXEC));
    ASSERT_EQ(::fsync(file.get()), 0);
    ASSERT_EQ(::posix_fadvise(file.get(), 0, 0, POSIX_FADV_DONTNEED), 0);
    for (std::uint64_t offset = 0; offset < 8 * mib; offset += 777 * 512) {
      const auto reply = client.ask(Command::read, offset, 4096);
      EXPECT_TRUE(reply.data == all.substr(offset, 4096)) << offset;
    }
  }
}

TEST(BlockServerMedia, OneThatShrinksFailsWhereItIsGone) {
  for (const char* engine : {"--read-only", "--no-uring"}) {
    BlockServer server;
    tests::write_pattern(server.medium(), 4 * mib);
    server.start({engine});
    BlockClient client(server.connect());
    std::filesystem::resize_file(server.medium(), 2 * mib);
    EXPECT_EQ(client.ask(Command::read, 3 * mib, 4096).error, WireError::io);
    EXPECT_EQ(client.ask(Command::read, 3 * mib, mib).error, WireError::io);
    EXPECT_EQ(client.ask(Command::read, 2 * mib - 4096, 8192).error, WireError::io);
    EXPECT_EQ(client.ask(Command::read, mib, 2 * mib).error, WireError::io);
    const auto kept = client.ask(Command::read, 0, mib);
    EXPECT_EQ(kept.error, WireError::none);
    EXPECT_EQ(kept.data.size(), mib);
  }
}

TEST(BlockServerMedia, OneThatGrowsIsSeenByTheNextProcess) {
  BlockServer server;
  tests::write_pattern(server.medium(), mib);
  server.start();
  BlockClient client(server.connect());
  std::filesystem::resize_file(server.medium(), 2 * mib);
  EXPECT_EQ(client.ask(Command::read, 0, mib).data.size(), mib);
  EXPECT_EQ(client.offer().size, mib);
}

// As a service is started: the stream is its standard input and output.
TEST(BlockServerMedia, OneStreamOnStdinAndStdout) {
  const tests::Folder folder;
  const std::string medium = (folder.path() / "medium").string();
  tests::write_pattern(medium, mib);
  std::string program = places::build() + "/bin/sallyport-block-server";
  for (const bool leaves_well : {true, false}) {
    auto pair = base::io::stream_pair();
    ASSERT_TRUE(pair);
    const pid_t child = ::fork();
    if (child == 0) {
      ::dup2(pair->second.get(), STDIN_FILENO);
      ::dup2(pair->second.get(), STDOUT_FILENO);
      ::execl(program.c_str(), program.c_str(), medium.c_str(), nullptr);
      ::_exit(127);
    }
    pair->second.reset();
    {
      BlockClient client(std::move(pair->first));
      EXPECT_TRUE(client.ask(Command::read, 0, mib).data == tests::content(medium));
      std::vector<std::byte> last;
      blockproxy::nbd::ClientSession::leave(last);
      if (!leaves_well) last.front() = std::byte{0};
      EXPECT_TRUE(base::io::write_all(client.socket(), base::wire::as_text(last)));
    }
    int status = -1;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(status, leaves_well ? 0 : 1 << 8);
  }
}

TEST(BlockServerMedia, AWrongSizeIsNotServed) {
  BlockServer server;
  tests::write_pattern(server.medium(), mib);
  const std::string program = places::build() + "/bin/sallyport-block-server";
  const auto ran = rig::run_program({program, "--size-check", "1048577", server.medium().string()},
                                    tests::soon());
  ASSERT_FALSE(ran);
  EXPECT_NE(ran.error().text.find("has 1048576 bytes, not 1048577"), std::string::npos)
      << ran.error().text;
  EXPECT_FALSE(tests::succeeds({program, "/dev/null"}));
  EXPECT_FALSE(tests::succeeds({program, server.file("none").string()}));
}

}  // namespace
