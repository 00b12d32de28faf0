// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/rig/counted_sound.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace rig {
namespace {

using Sound = std::vector<std::byte>;

Sound sound(std::uint32_t from, std::uint32_t count) {
  Sound frames(count * sound_frame_size);
  for (std::uint32_t i = 0; i < count; ++i) {
    write_sound_frame(from + i, &frames[i * sound_frame_size]);
  }
  return frames;
}

Sound operator+(Sound first, const Sound& second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

Sound silence(std::size_t count) { return Sound(count * sound_frame_size); }

// As a mixer that turns it down.
Sound softer(Sound frames) {
  for (std::size_t at = 0; at + 1 < frames.size(); at += 2) {
    const auto raw = static_cast<std::uint16_t>(std::to_integer<unsigned>(frames[at]) |
                                                std::to_integer<unsigned>(frames[at + 1]) << 8U);
    const int value = static_cast<std::int16_t>(raw) * 240 / 255;
    frames[at] = static_cast<std::byte>(value & 0xff);
    frames[at + 1] = static_cast<std::byte>((value >> 8) & 0xff);
  }
  return frames;
}

TEST(CountedSound, IsHeardWhole) {
  const HeardSound heard = hear(silence(100) + sound(0, 100000) + silence(7));
  EXPECT_EQ(heard.in_order, 99999U);
  EXPECT_EQ(heard.breaks, 0U);
  EXPECT_EQ(heard.silent, 0U);
}

TEST(CountedSound, IsHeardWhenSofter) {
  const HeardSound heard = hear(softer(sound(0, 70000)));
  EXPECT_EQ(heard.in_order, 69999U);
  EXPECT_EQ(heard.breaks, 0U);
}

TEST(CountedSound, WhatIsMissingOrWrongIsHeard) {
  const HeardSound heard =
      hear(sound(0, 1000) + sound(1048, 1000) + silence(48) + sound(2048, 1000));
  EXPECT_EQ(heard.in_order, 2998U);
  EXPECT_EQ(heard.breaks, 1U);
  EXPECT_EQ(heard.silent, 48U);
  EXPECT_EQ(hear(silence(1000)).in_order, 0U);
  EXPECT_EQ(hear({}).in_order, 0U);
}

}  // namespace
}  // namespace rig
