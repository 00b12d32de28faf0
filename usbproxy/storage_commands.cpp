// SPDX-License-Identifier: GPL-2.0-or-later
// Sources: SPC-4 6 (INQUIRY, MODE SENSE, REPORT LUNS, REQUEST SENSE, TEST UNIT READY), SBC-3 5
// (READ, READ CAPACITY, START STOP UNIT, SYNCHRONIZE CACHE, PREVENT ALLOW), MMC-6 6 (READ FORMAT
// CAPACITIES, READ TOC, GET CONFIGURATION, GET EVENT STATUS NOTIFICATION, READ DISC and TRACK
// INFORMATION).
//
// Not among them though they write no block: READ BUFFER, LOG SENSE, RECEIVE DIAGNOSTIC, ATA
// PASS-THROUGH, SECURITY PROTOCOL IN (what they read or switch is the maker's business), VERIFY
// (takes data), MAINTENANCE IN.
#include "usbproxy/storage_commands.hpp"

#include <algorithm>
#include <array>

namespace usbproxy {
namespace {

using Handling = StorageCommand::Handling;

struct Row {
  std::uint8_t opcode = 0;
  std::size_t length = 0;
  DataStage data = DataStage::none;
  Handling handling = Handling::pass;
};

constexpr std::uint8_t start_stop_unit = 0x1b;
constexpr std::uint8_t service_action_in = 0x9e;

constexpr std::array rows{
    Row{0x00, 6, DataStage::none, Handling::pass},  // TEST UNIT READY
    Row{0x03, 6, DataStage::in, Handling::request_sense},
    Row{0x08, 6, DataStage::in, Handling::pass},         // READ(6)
    Row{0x12, 6, DataStage::in, Handling::pass},         // INQUIRY
    Row{0x1a, 6, DataStage::in, Handling::mode_header},  // MODE SENSE(6)
    Row{start_stop_unit, 6, DataStage::none, Handling::pass},
    Row{0x1e, 6, DataStage::none, Handling::pass},            // PREVENT ALLOW MEDIUM REMOVAL
    Row{0x23, 10, DataStage::in, Handling::pass},             // READ FORMAT CAPACITIES
    Row{0x25, 10, DataStage::in, Handling::pass},             // READ CAPACITY(10)
    Row{0x28, 10, DataStage::in, Handling::pass},             // READ(10)
    Row{0x35, 10, DataStage::none, Handling::nothing_to_do},  // SYNCHRONIZE CACHE(10)
    Row{0x43, 10, DataStage::in, Handling::pass},             // READ TOC
    Row{0x46, 10, DataStage::in, Handling::pass},             // GET CONFIGURATION
    Row{0x4a, 10, DataStage::in, Handling::pass},             // GET EVENT STATUS NOTIFICATION
    Row{0x51, 10, DataStage::in, Handling::pass},             // READ DISC INFORMATION
    Row{0x52, 10, DataStage::in, Handling::pass},             // READ TRACK INFORMATION
    Row{0x5a, 10, DataStage::in, Handling::mode_header},      // MODE SENSE(10)
    Row{0x88, 16, DataStage::in, Handling::pass},             // READ(16)
    Row{0x91, 16, DataStage::none, Handling::nothing_to_do},  // SYNCHRONIZE CACHE(16)
    Row{service_action_in, 16, DataStage::in, Handling::pass},
    Row{0xa0, 12, DataStage::in, Handling::pass},  // REPORT LUNS
    Row{0xa8, 12, DataStage::in, Handling::pass},  // READ(12)
};

// Those that a target's driver is told by name: FORMAT UNIT, WRITE(6), MODE SELECT(6), WRITE(10),
// WRITE AND VERIFY(10), WRITE BUFFER, WRITE SAME(10), UNMAP, SANITIZE, MODE SELECT(10), EXTENDED
// COPY, COMPARE AND WRITE, WRITE(16), ORWRITE, WRITE AND VERIFY(16), WRITE SAME(16), WRITE(12),
// WRITE AND VERIFY(12), variable length (WRITE(32)).
constexpr std::array<std::uint8_t, 19> writes{0x04, 0x0a, 0x15, 0x2a, 0x2e, 0x3b, 0x41,
                                              0x42, 0x48, 0x55, 0x83, 0x89, 0x8a, 0x8b,
                                              0x8e, 0x93, 0xaa, 0xae, 0x7f};

std::uint8_t byte_of(base::wire::Bytes block, std::size_t at) {
  return std::to_integer<std::uint8_t>(block[at]);
}

// Two opcodes stand for more than one thing.
bool harmless_variant(std::uint8_t opcode, base::wire::Bytes block) {
  if (opcode == service_action_in) {
    constexpr std::uint8_t read_capacity_16 = 0x10;
    return (byte_of(block, 1) & 0x1fU) == read_capacity_16;
  }
  // Spinning up and down, and neither power conditions nor LOEJ: "eject" makes some devices come
  // back as another one.
  if (opcode == start_stop_unit) return (byte_of(block, 4) & 0xfeU) == 0;
  return true;
}

}  // namespace

StorageCommand judge_command(base::wire::Bytes block, std::size_t length) {
  if (block.size() != max_command_block || length == 0 || length > block.size()) return {};
  const std::uint8_t opcode = byte_of(block, 0);
  const auto row = std::find_if(rows.begin(), rows.end(),
                                [opcode](const Row& one) { return one.opcode == opcode; });
  if (row == rows.end() || !harmless_variant(opcode, block)) {
    const bool known = std::find(writes.begin(), writes.end(), opcode) != writes.end();
    return {.handling = known ? Handling::write_protected : Handling::unknown,
            .data = DataStage::none};
  }
  const auto behind = block.subspan(row->length);
  const bool padded =
      std::all_of(behind.begin(), behind.end(), [](std::byte one) { return one == std::byte{0}; });
  const bool right = length >= row->length && padded;
  return {.handling = right ? row->handling : Handling::lies, .data = row->data};
}

}  // namespace usbproxy
