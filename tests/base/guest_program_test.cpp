// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/io/guest_program.hpp"

#include <gtest/gtest.h>

namespace base::io {
namespace {

TEST(GuestOptions, AreReadStrictly) {
  const auto good = GuestOptions::parse({"--qmp", "/run/qmp", "--agent-socket", "/run/agent"});
  ASSERT_TRUE(good.has_value()) << good.error().text;
  EXPECT_EQ(good->monitor, "/run/qmp");
  EXPECT_EQ(good->agent_socket, "/run/agent");
  for (const std::vector<std::string>& wrong :
       {std::vector<std::string>{}, {"--qmp"}, {"--agent-socket", "/x"}, {"--qmp", "/x", "more"}}) {
    EXPECT_FALSE(GuestOptions::parse(wrong).has_value());
  }
}

}  // namespace
}  // namespace base::io
