// SPDX-License-Identifier: GPL-2.0-or-later
// Sound whose every frame says which one it is, so that what arrives can be compared with what was
// played: 48 kHz, two channels of signed 16 bits.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/wire/reader.hpp"
#include "base/wire/result.hpp"

namespace rig {

inline constexpr std::size_t sound_rate = 48000;    // frames a second
inline constexpr std::size_t sound_frame_size = 4;  // bytes

// Frame `number` modulo 65,536, little endian: left its low byte, right its high one, as loudness.
void write_sound_frame(std::uint32_t number, std::byte* out);

// What was found of such sound, which may be louder or softer than it was played.
struct HeardSound {
  std::size_t in_order = 0;  // frames that are the one behind the one before
  std::size_t breaks = 0;    // places where others follow than should
  std::size_t silent = 0;    // frames of silence between the first and the last
};
HeardSound hear(base::wire::Bytes frames);
// "48000 frames in order, 0 breaks, 0 silent"
std::string describe(const HeardSound& heard);

// The frames of a file as QEMU's audiodev `wav` writes it; one that is still being written too.
base::Result<HeardSound> hear_wav(const std::string& path);

}  // namespace rig
