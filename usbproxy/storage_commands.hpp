// SPDX-License-Identifier: GPL-2.0-or-later
// The SCSI commands that read-only storage knows.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/wire/reader.hpp"

namespace usbproxy {

inline constexpr std::size_t max_command_block = 16;

enum class DataStage { none, in };

// What becomes of a command block.
struct StorageCommand {
  enum class Handling {
    pass,             // reads: the device answers
    request_sense,    // the device, unless the command before was refused here
    mode_header,      // answered here: write protected, no pages
    nothing_to_do,    // answered here: done
    write_protected,  // refused: writes
    unknown,          // refused: not known here, or not needed to read
    lies              // refused: known, but with another length or with bytes behind its end
  };
  Handling handling = Handling::unknown;
  DataStage data = DataStage::none;
};

// `block`: the 16 bytes of a wrapper's command block, of which the wrapper says that `length` are
// the command. A command may be padded with zeros, as some systems do; no other byte may follow it.
StorageCommand judge_command(base::wire::Bytes block, std::size_t length);

}  // namespace usbproxy
