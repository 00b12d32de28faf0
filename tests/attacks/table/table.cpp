// SPDX-License-Identifier: GPL-2.0-or-later
// The rows together, and what is said of them.
#include <algorithm>
#include <map>

#include "tests/attacks/attack.hpp"
#include "tests/attacks/emulator/honest.hpp"

namespace attacks {
namespace {

std::string cell(const std::optional<Expected>& expected) {
  if (!expected) return "-";
  std::string text(name_of(expected->outcome));
  if (!expected->words.empty()) text += ": " + std::string(expected->words);
  return text;
}

}  // namespace

Expected not_enumerated() { return {Outcome::not_enumerated, {}}; }
Expected refused(std::string_view words) { return {Outcome::refused, words}; }
Expected ended(std::string_view words) { return {Outcome::ended, words}; }
Expected unplugged() { return {Outcome::unplugged, "unplugged"}; }
Expected attached() { return {Outcome::attached, {}}; }
Expected harmless() { return {Outcome::harmless, {}}; }
Expected rejected(std::string_view words) { return {Outcome::rejected, words}; }

std::string_view name_of(Class which) {
  switch (which) {
    case Class::descriptors:
      return "descriptors";
    case Class::class_blocks:
      return "class blocks";
    case Class::drivers:
      return "drivers";
    case Class::identity:
      return "identity";
    case Class::strings:
      return "strings";
    case Class::transfers:
      return "transfers";
    case Class::storage:
      return "storage";
    case Class::input:
      return "input";
    case Class::floods:
      return "floods";
    case Class::stream:
      return "stream";
    case Class::target:
      return "target";
  }
  return "";
}

std::string_view name_of(Outcome outcome) {
  switch (outcome) {
    case Outcome::not_enumerated:
      return "refused by sys-usb's kernel";
    case Outcome::refused:
      return "refused";
    case Outcome::ended:
      return "ended";
    case Outcome::unplugged:
      return "ended";
    case Outcome::attached:
      return "attached";
    case Outcome::harmless:
      return "harmless";
    case Outcome::rejected:
      return "ended";
  }
  return "";
}

const std::vector<Attack>& table() {
  static const std::vector<Attack> rows = [] {
    std::vector<Attack> all;
    for (auto part :
         {descriptor_attacks, hid_attacks, class_attacks, driver_attacks, identity_attacks,
          transfer_attacks, input_attacks, stream_attacks, target_attacks, rights_attacks}) {
      const std::vector<Attack> some = part();
      all.insert(all.end(), some.begin(), some.end());
    }
    return all;
  }();
  return rows;
}

const Attack* find_attack(std::string_view id) {
  const auto found = std::find_if(table().begin(), table().end(),
                                  [id](const Attack& each) { return each.id == id; });
  return found == table().end() ? nullptr : &*found;
}

std::optional<Device> find_device(std::string_view name) {
  if (name == "keyboard") return keyboard();
  if (name == "disk") return disk();
  if (name == "echo") return echo();
  if (name == "headset") return headset();
  if (name == "camera") return camera();
  const Attack* attack = find_attack(name);
  if (attack == nullptr || !attack->device) return std::nullopt;
  return attack->device();
}

std::string markdown() {
  std::string text =
      "| id | class | from | what it does | plugged in | from a hostile backend |\n"
      "|---|---|---|---|---|---|\n";
  for (const Attack& row : table()) {
    text += "| `" + row.id + "` | " + std::string(name_of(row.kind)) + " | " + row.source + " | " +
            row.what + " | " + cell(row.plugged) + " | " + cell(row.streamed) + " |\n";
  }
  return text;
}

}  // namespace attacks
