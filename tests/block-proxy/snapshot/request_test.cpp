// SPDX-License-Identifier: GPL-2.0-or-later
#include "block-proxy/snapshot/request.hpp"

#include <gtest/gtest.h>

#include "block-proxy/snapshot/reservation.hpp"

namespace blockproxy::snapshot {
namespace {

TEST(SnapshotRequest, IsReadAsItIsWritten) {
  for (const char* text :
       {"list", "show stick", "verify sda-20261128-153012", "complete s", "seal s", "hashes s",
        "image s partial=no", "image s partial=yes", "diff s", "discard s", "keep s", "drop s",
        "medium s fill=lazy seal=no", "medium s fill=in-order seal=yes", "commit s",
        "reader s access=read-only", "reader s access=read-write",
        "reader s access=read-only margin=yes"}) {
    const auto request = parse_request(text);
    ASSERT_TRUE(request.has_value()) << text << ": " << request.error().text;
    EXPECT_EQ(format_request(*request), text);
  }
  const auto shortest = parse_request("reader s");
  ASSERT_TRUE(shortest.has_value());
  EXPECT_EQ(shortest->access, nbd::Access::read_only) << "writing has to be asked for";
}

TEST(SnapshotRequest, AnythingElseIsRefused) {
  for (const std::string& text : std::vector<std::string>{"",
                                                          " ",
                                                          "list all",
                                                          "lists",
                                                          "show",
                                                          "show ",
                                                          "show Stick",
                                                          "show 1",
                                                          "show -s",
                                                          "show ../s",
                                                          "show s x",
                                                          "show s fill=lazy",
                                                          "medium s fill=",
                                                          "medium s fill=fast",
                                                          "medium s access=read-write",
                                                          "reader s access=all",
                                                          "reader s margin=maybe",
                                                          "reader s margin=",
                                                          "medium s margin=yes",
                                                          "seal s margin=yes",
                                                          "image s partial=maybe",
                                                          "reader  s",
                                                          "drop s\n",
                                                          std::string("drop s\0", 7),
                                                          "drop " + std::string(32, 's'),
                                                          "list" + std::string(max_request, ' ')}) {
    EXPECT_FALSE(parse_request(text).has_value()) << text;
  }
}

TEST(SnapshotRequest, MarginsAreForThoseWhoOnlyRead) {
  const auto plain = parse_request("reader s margin=no");
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->margin, Margin::none);
  EXPECT_EQ(format_request(*plain), "reader s access=read-only");
  const auto framed = parse_request("reader s margin=yes");
  ASSERT_TRUE(framed);
  EXPECT_EQ(framed->margin, Margin::zeros);
  EXPECT_EQ(framed->access, nbd::Access::read_only);
  for (const char* text :
       {"reader s access=read-write margin=yes", "reader s margin=yes access=read-write"}) {
    EXPECT_FALSE(parse_request(text)) << text;
  }
  EXPECT_TRUE(parse_request("reader s access=read-write margin=no"));
}

TEST(SnapshotRequest, OnlyTheQubesServicesHandStreamsOver) {
  for (const Verb verb : {Verb::medium, Verb::commit, Verb::reader}) {
    EXPECT_EQ(who_may(verb), Asker::service) << name_of(verb);
  }
  for (const Verb verb : {Verb::list, Verb::show}) EXPECT_EQ(who_may(verb), Asker::viewer);
  EXPECT_EQ(who_may(Verb::drop), Asker::person);
}

TEST(Reservation, AllSharesTogetherStayWithinTheStore) {
  constexpr std::uint64_t gib = std::uint64_t{1} << 30U;
  const StoreLimits limits{.total = 64 * gib, .largest = 32 * gib};
  EXPECT_GT(share_of(gib, limits), 2 * gib);
  EXPECT_LT(share_of(gib, limits), 2 * gib + gib / 16);
  EXPECT_EQ(share_of(~std::uint64_t{0}, limits), limits.largest);
  std::vector<std::uint64_t> media;
  std::uint64_t promised = 0;
  while (const std::uint64_t left = share_left(media, limits)) {
    EXPECT_LE(left, limits.largest);
    EXPECT_LE(promised + left, limits.total);
    media.push_back(8 * gib);
    promised += share_of(media.back(), limits);
    ASSERT_LT(media.size(), 10U);
  }
  EXPECT_EQ(media.size(), 4U);
}

}  // namespace
}  // namespace blockproxy::snapshot
