// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/rig/counted_sound.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

#include "base/io/files.hpp"
#include "base/wire/writer.hpp"

namespace rig {
namespace {

constexpr int levels = 128;    // of each sign
constexpr int loudness = 128;  // of one level
constexpr std::size_t wav_header = 44;

struct Frame {
  int left = 0, right = 0;
};

Frame frame_at(base::wire::Bytes frames, std::size_t index) {
  base::wire::Reader in(frames.subspan(index * sound_frame_size, sound_frame_size));
  return {std::bit_cast<std::int16_t>(in.u16()), std::bit_cast<std::int16_t>(in.u16())};
}

int loudest(base::wire::Bytes frames) {
  int least = 0;
  for (std::size_t i = 0; i < frames.size() / sound_frame_size; ++i) {
    const Frame frame = frame_at(frames, i);
    least = std::min({least, frame.left, frame.right});
  }
  return -least;
}

std::uint16_t number_of(const Frame& frame, double level) {
  const auto byte_of = [level](int value) {
    const auto found = static_cast<int>(std::lround(value / level)) + levels;
    return static_cast<std::uint16_t>(std::clamp(found, 0, 2 * levels - 1));
  };
  return static_cast<std::uint16_t>(byte_of(frame.left) | byte_of(frame.right) << 8U);
}

}  // namespace

void write_sound_frame(std::uint32_t number, std::byte* out) {
  for (const unsigned shift : {0U, 8U}) {
    const int level = static_cast<int>((number >> shift) & 0xffU) - levels;
    const auto value = static_cast<std::uint16_t>(level * loudness);
    *out++ = static_cast<std::byte>(value & 0xffU);
    *out++ = static_cast<std::byte>(value >> 8U);
  }
}

HeardSound hear(base::wire::Bytes frames) {
  HeardSound heard;
  const double level = static_cast<double>(loudest(frames)) / levels;
  if (level < 1) return heard;
  std::uint16_t next = 0;
  std::size_t pause = 0;
  bool begun = false;
  for (std::size_t i = 0; i < frames.size() / sound_frame_size; ++i) {
    const Frame frame = frame_at(frames, i);
    const std::uint16_t number = number_of(frame, level);
    const bool silence = frame.left == 0 && frame.right == 0;
    if (silence && (!begun || number != next)) {
      ++pause;
      continue;
    }
    if (begun) heard.silent += pause;
    pause = 0;
    if (begun && number == next) {
      ++heard.in_order;
    } else if (begun) {
      ++heard.breaks;
    }
    begun = true;
    next = static_cast<std::uint16_t>(number + 1);
  }
  return heard;
}

std::string describe(const HeardSound& heard) {
  return std::to_string(heard.in_order) + " frames in order, " + std::to_string(heard.breaks) +
         " breaks, " + std::to_string(heard.silent) + " silent";
}

base::Result<HeardSound> hear_wav(const std::string& path) {
  constexpr std::size_t largest = std::size_t{256} << 20U;
  auto content = base::io::read_file(path, largest);
  if (!content) return base::Unexpected{content.error()};
  if (content->size() < wav_header || content->substr(0, 4) != "RIFF") {
    return base::fail(path + " is no sound of QEMU's");
  }
  return hear(base::wire::as_bytes(*content).subspan(wav_header));
}

}  // namespace rig
