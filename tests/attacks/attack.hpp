// SPDX-License-Identifier: GPL-2.0-or-later
// One attack: a device or a backend that lies, where it is known from, and what must become of it.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/attacks/emulator/device.hpp"
#include "tests/attacks/emulator/io/redir_server.hpp"

namespace attacks {

enum class Class {
  descriptors,   // standard descriptors that break the grammar
  class_blocks,  // class-specific descriptors
  drivers,       // shapes that a driver does not expect
  identity,      // not what was approved, or not for long
  strings,
  transfers,  // answers: short, long, late, none, unplugged
  storage,
  input,
  floods,
  stream,  // the usbredir stream itself, from a backend that was taken over
  target   // a hostile target towards sys-usb's backend
};
std::string_view name_of(Class which);

enum class Outcome {
  not_enumerated,  // sys-usb's kernel has not made a device of it
  refused,         // never attached; the last words of frontend or backend hold `words`
  ended,           // attached, and ended by the frontend, whose last words hold `words`
  unplugged,       // attached, and left by itself
  attached,        // attached until we detach it
  harmless,        // of an expectation only: any of those before, and nothing bad came of it
  rejected         // of a target's request: the backend ended, its last words hold `words`
};
std::string_view name_of(Outcome outcome);

struct Expected {
  Outcome outcome = Outcome::attached;
  std::string_view words{};
};
Expected not_enumerated();
Expected refused(std::string_view words);
Expected ended(std::string_view words);
Expected unplugged();
Expected attached();
Expected harmless();
Expected rejected(std::string_view words);

// A row of the table (table/*.cpp).
struct Attack {
  std::string id{};
  Class kind = Class::descriptors;
  std::string source{};  // where it is known from
  std::string what{};
  std::function<Device()> device{};
  // Plugged into sys-usb and attached from there; empty: not that way.
  std::optional<Expected> plugged{};
  // Told by a backend that was taken over; empty: not that way.
  std::optional<Expected> streamed{};
  std::vector<Lie> lies{};    // of that backend
  Memory requests{};          // class target: what follows the guest's hello
  std::string approved{};     // identity; empty: what the device says it is
  std::string options{};      // what dom0 tells both ends: "KEY=VALUE KEY=VALUE"
  std::string never_binds{};  // a driver that must not get the target's device
  milliseconds run_for{0};    // how long it is watched at the least
};

// All rows.
const std::vector<Attack>& table();
const Attack* find_attack(std::string_view id);
// The honest device of this name, or the attack's: for usb_emulator.
std::optional<Device> find_device(std::string_view name);
// As a Markdown table, for docs/attacks.md.
std::string markdown();

// Of each file of table/.
std::vector<Attack> descriptor_attacks();
std::vector<Attack> class_attacks();
std::vector<Attack> hid_attacks();
std::vector<Attack> driver_attacks();
std::vector<Attack> identity_attacks();
std::vector<Attack> transfer_attacks();
std::vector<Attack> input_attacks();
std::vector<Attack> stream_attacks();
std::vector<Attack> target_attacks();
std::vector<Attack> rights_attacks();

}  // namespace attacks
