// SPDX-License-Identifier: GPL-2.0-or-later
// Group usb: sound played on QEMU's usb-audio, straight on the xHCI and over usbproxy.
#pragma once

#include <string>
#include <vector>

#include "base/wire/result.hpp"
#include "tests/rig/machine.hpp"

namespace bench {

// 48 kHz, two channels of 16 bits; the part of the frames that did not come out in order.
struct SoundLoss {
  double direct = 0;
  double ours = 0;
  double frames = 0;  // played each time
};

// Where the sound comes out: arguments for QEMU, and the file, which the caller removes.
std::string sound_file();
std::vector<std::string> sound_arguments(const std::string& file);

base::Result<SoundLoss> measure_sound(rig::Machine& vm, const std::string& file);

}  // namespace bench
