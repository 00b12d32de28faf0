// SPDX-License-Identifier: GPL-2.0-or-later
// A medium between two margins of zeros, read through the supervisor as the scanner reads it.
#include <sys/socket.h>

#include <array>

#include "base/io/files.hpp"
#include "block-proxy/snapshot/request.hpp"
#include "tests/block-proxy/snapshot/supervisor_rig.hpp"

namespace {

using blockproxy::nbd::Command;
using blockproxy::nbd::WireError;
using blockproxy::snapshot::margin_size;
using tests::BlockClient;
using tests::mib;

class SnapshotMargin : public tests::SupervisorRig {
 protected:
  // What a reader is to see of the whole.
  std::string framed() const {
    return std::string(margin_size, '\0') + content_ + std::string(margin_size, '\0');
  }
  void expect_all_around(BlockClient& client) const;
};

// In, across and around both margins, aligned or not.
void SnapshotMargin::expect_all_around(BlockClient& client) const {
  const std::string all = framed();
  const std::uint64_t first = margin_size;
  const std::uint64_t behind = margin_size + content_.size();
  for (const std::uint64_t at :
       {std::uint64_t{0}, std::uint64_t{512}, first - 65536, first - 513, first - 512, first - 1,
        first, first + 1, first + 511, behind - 513, behind - 512, behind - 1, behind, behind + 1,
        behind + 511, std::uint64_t{all.size()} - 65536, std::uint64_t{all.size()} - 1}) {
    for (const std::uint64_t length : {1U, 2U, 511U, 512U, 513U, 4096U, 65535U, 65537U, mib}) {
      if (at >= all.size() || length > all.size() - at) continue;
      // A medium of whole sectors is read in sectors; any other to the byte.
      const std::uint32_t least = client.offer().minimum_block;
      if (at % least != 0 || length % least != 0) continue;
      const auto reply = client.ask(Command::read, at, static_cast<std::uint32_t>(length));
      EXPECT_EQ(reply.error, WireError::none) << at << "+" << length;
      EXPECT_TRUE(reply.data == all.substr(at, length)) << at << "+" << length;
    }
  }
}

class SnapshotMarginOf : public SnapshotMargin, public testing::WithParamInterface<std::uint64_t> {
 protected:
  void SetUp() override { make(GetParam()); }
};
INSTANTIATE_TEST_SUITE_P(Sizes, SnapshotMarginOf,
                         testing::Values(0, 1, 511, 512, 65536, 3 * mib + 777, 9 * mib + 512));

TEST_P(SnapshotMarginOf, EveryRangeIsZerosOrTheMediums) {
  BlockClient client(reader("access=read-only margin=yes"));
  EXPECT_EQ(refused_, "ready " + std::to_string(GetParam())) << "the size is the medium's alone";
  ASSERT_EQ(client.offer().size, 2 * margin_size + GetParam());
  // From the medium, and once more from the store.
  expect_all_around(client);
  expect_all_around(client);
  std::string all;
  for (std::uint64_t at = 0; at < framed().size(); at += mib) {
    const auto length = std::min<std::uint64_t>(mib, framed().size() - at);
    all += client.ask(Command::read, at, static_cast<std::uint32_t>(length)).data;
  }
  EXPECT_TRUE(all == framed());
}

// Tables at the beginning, copies of GPT and of RAID's and LVM's labels at the end.
TEST_P(SnapshotMarginOf, AKernelFindsNothingWhereItLooksForTables) {
  BlockClient client(reader("access=read-only margin=yes"));
  const std::uint64_t size = client.offer().size;
  const std::string zeros(65536, '\0');
  for (const std::uint64_t at : {std::uint64_t{0}, std::uint64_t{65536}, size / 512 * 512 - 65536,
                                 size - 65536, size - 131072}) {
    EXPECT_TRUE(client.ask(Command::read, at, 65536).data == zeros) << at;
  }
}

// What a client of ours would not even send; NBD's number of the error that comes back.
std::uint32_t refusal(const BlockClient& client, Command command, std::uint64_t offset,
                      std::uint32_t length) {
  const auto request = blockproxy::nbd::Encoder<28>{}
                           .put(blockproxy::nbd::request_magic)
                           .put(std::uint16_t{0})
                           .put(static_cast<std::uint16_t>(command))
                           .put(std::uint64_t{1})
                           .put(offset)
                           .put(length)
                           .bytes();
  std::string out(base::wire::as_text(request));
  if (command == Command::write) out.append(length, 'x');
  EXPECT_TRUE(base::io::write_all(client.socket(), out));
  // A simple reply has the error behind its magic; a chunk has it behind a header of 20 bytes.
  std::array<unsigned char, 24> reply{};
  const std::size_t size = command == Command::read ? 24 : 16;
  const auto got = ::recv(client.socket().get(), reply.data(), size, MSG_WAITALL);
  EXPECT_EQ(got, static_cast<ssize_t>(size));
  std::uint32_t error = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    error = error << 8U | reply.at((command == Command::read ? 20 : 4) + i);
  }
  return error;
}

TEST_P(SnapshotMarginOf, NothingIsWritten) {
  BlockClient client(reader("access=read-only margin=yes"));
  constexpr std::uint32_t not_permitted = 1;
  EXPECT_NE(client.offer().flags & blockproxy::nbd::transmission::read_only, 0);
  for (const std::uint64_t at : {std::uint64_t{0}, margin_size, margin_size - 512}) {
    for (const Command command : {Command::write, Command::trim, Command::write_zeroes}) {
      EXPECT_EQ(refusal(client, command, at, 512), not_permitted) << at;
    }
  }
  expect_all_around(client);
  EXPECT_FALSE(reader("access=read-write margin=yes"));
  EXPECT_EQ(refused_, "failed margins are for those who only read");
}

TEST_P(SnapshotMarginOf, NothingIsReadPastTheEnd) {
  constexpr std::uint32_t invalid = 22;
  const std::uint64_t size = 2 * margin_size + GetParam();
  for (const std::uint64_t at :
       {size - 511, size, size + 1, ~std::uint64_t{0} - 511, ~std::uint64_t{0} - margin_size}) {
    const BlockClient client(reader("access=read-only margin=yes"));
    EXPECT_EQ(refusal(client, Command::read, at, 512), invalid) << at;
  }
}

// What could not be read is zeros for a qube, and an error for whoever judges the medium.
TEST_F(SnapshotMargin, WhatCouldNotBeReadIsNoZeros) {
  bad_ = "0x0 +\n0x0 0x11000 +\n0x11000 0x400 -\n0x11400 0xeec00 +\n";
  make(mib);
  BlockClient framed(reader("access=read-only margin=yes"));
  BlockClient plain(reader("access=read-only"));
  const std::uint64_t bad = 0x11000;
  for (unsigned round = 0; round < 2; ++round) {
    for (const std::uint64_t at : {bad, bad + 512}) {
      EXPECT_EQ(framed.ask(Command::read, margin_size + at, 512).error, WireError::io) << at;
      EXPECT_EQ(plain.ask(Command::read, at, 512).data, std::string(512, '\0')) << at;
    }
    EXPECT_EQ(framed.ask(Command::read, margin_size, mib).error, WireError::io);
    for (const std::uint64_t at : {bad - 512, bad + 1024}) {
      EXPECT_TRUE(framed.ask(Command::read, margin_size + at, 512).data == content_.substr(at, 512))
          << at;
    }
    EXPECT_EQ(framed.ask(Command::read, 0, 4096).data, std::string(4096, '\0'));
  }
}

TEST_P(SnapshotMarginOf, ASnapshotIsSealedBesideItsReader) {
  BlockClient client(reader("access=read-only margin=yes"));
  ASSERT_EQ(client.ask(Command::read, 0, 4096).data, std::string(4096, '\0'));
  const auto seal = ask("seal stick", nullptr);
  ASSERT_TRUE(seal);
  std::string word = hear(*seal);
  while (word.starts_with("progress ")) word = hear(*seal);
  EXPECT_TRUE(word.starts_with("done root ")) << word;
  expect_all_around(client);
}

}  // namespace
