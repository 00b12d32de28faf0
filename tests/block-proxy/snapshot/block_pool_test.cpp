// SPDX-License-Identifier: GPL-2.0-or-later
#include "block-proxy/snapshot/io/block_pool.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <string>

#include "block-proxy/snapshot/geometry.hpp"

namespace {

using blockproxy::snapshot::Block;
using blockproxy::snapshot::block_size;
using blockproxy::snapshot::BlockPool;

void fill(const Block& block, char with) {
  std::fill_n(block.get(), block_size, static_cast<std::byte>(with));
}
base::wire::Bytes bytes_of(const Block& block) { return {block.get(), block_size}; }

std::string read_pipe(const base::io::Fd& pipe) {
  std::string bytes(block_size, '\0');
  const ssize_t got = ::read(pipe.get(), bytes.data(), bytes.size());
  bytes.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  return bytes;
}

TEST(BlockPool, WhatIsReadOnceIsCopied) {
  BlockPool pool(2);
  const Block block = pool.get();
  EXPECT_FALSE(pool.lend(bytes_of(block)));
  EXPECT_TRUE(pool.lend(bytes_of(block)));
}

TEST(BlockPool, LentBytesStayWhenTheBlockIsUsedAgain) {
  BlockPool pool(1);
  auto pipe = base::io::pipe_pair();
  ASSERT_TRUE(pipe);
  std::byte* place = nullptr;
  {
    const Block block = pool.get();
    place = block.get();
    fill(block, 'a');
    pool.lend(bytes_of(block));
    const auto at = pool.lend(bytes_of(block).subspan(4096));
    ASSERT_TRUE(at);
    auto from = static_cast<off64_t>(*at);
    ASSERT_EQ(::splice(pool.file().get(), &from, pipe->second.get(), nullptr, block_size - 4096, 0),
              block_size - 4096);
  }
  const Block next = pool.get();
  ASSERT_EQ(next.get(), place);
  fill(next, 'b');
  EXPECT_EQ(read_pipe(pipe->first), std::string(block_size - 4096, 'a'));
}

TEST(BlockPool, MoreThanItHasComeFromTheHeapAndOutliveIt) {
  Block first;
  Block second;
  {
    BlockPool pool(1);
    first = pool.get();
    second = pool.get();
    EXPECT_FALSE(pool.lend(bytes_of(second)));
    EXPECT_FALSE(pool.lend(bytes_of(second)));
  }
  fill(first, 'x');
  fill(second, 'y');
  EXPECT_EQ(first[block_size - 1], std::byte{'x'});
  EXPECT_EQ(second[0], std::byte{'y'});
}

}  // namespace
