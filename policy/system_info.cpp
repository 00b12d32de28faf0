// SPDX-License-Identifier: GPL-2.0-or-later
#include "policy/system_info.hpp"

#include <algorithm>
#include <utility>

namespace policy {
namespace {

constexpr std::string_view admin_name = "dom0";
constexpr std::string_view admin_uuid = "00000000-0000-0000-0000-000000000000";
constexpr std::string_view uuid_prefix = "uuid:";

}  // namespace

SystemInfo::SystemInfo() { add(QubeFacts{.name = std::string(admin_name)}); }

void SystemInfo::add(QubeFacts facts) {
  if (facts.name == admin_name) {
    facts.type = "AdminVM";
    facts.running = true;
    facts.uuid = admin_uuid;
  } else if (facts.type == "AdminVM" || facts.uuid == admin_uuid) {
    // Only dom0 is dom0: a registry entry cannot make a second one.
    facts.type = "Unknown";
    facts.uuid.clear();
  }
  std::string name = facts.name;
  qubes_.insert_or_assign(std::move(name), std::move(facts));
}

const QubeFacts* SystemInfo::find(std::string_view name) const {
  if (name == "@adminvm") name = admin_name;
  if (!name.starts_with(uuid_prefix)) {
    const auto found = qubes_.find(name);
    return found == qubes_.end() ? nullptr : &found->second;
  }
  const std::string_view uuid = name.substr(uuid_prefix.size());
  if (uuid.empty()) return nullptr;
  const auto found = std::find_if(qubes_.begin(), qubes_.end(),
                                  [uuid](const auto& entry) { return entry.second.uuid == uuid; });
  return found == qubes_.end() ? nullptr : &found->second;
}

}  // namespace policy
