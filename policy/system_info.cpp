// SPDX-License-Identifier: GPL-2.0-or-later
#include "policy/system_info.hpp"

#include <algorithm>
#include <utility>

namespace policy {
namespace {

constexpr std::string_view admin_name = "dom0";
constexpr std::string_view admin_uuid = "00000000-0000-0000-0000-000000000000";
constexpr std::string_view admin_icon = "adminvm-black";
constexpr std::string_view uuid_prefix = "uuid:";

}  // namespace

SystemInfo::SystemInfo() { add(QubeFacts{.name = std::string(admin_name)}); }

void SystemInfo::add(QubeFacts facts) {
  if (facts.name == admin_name) {
    facts.type = "AdminVM";
    facts.running = true;
    facts.uuid = admin_uuid;
    if (facts.icon.empty()) facts.icon = admin_icon;
  } else if (facts.type == "AdminVM" || facts.uuid == admin_uuid) {
    // Only dom0 is dom0: a registry entry cannot make a second one.
    facts.type = "Unknown";
    facts.uuid.clear();
  }
  std::string name = facts.name;
  const auto [place, added] = qubes_.insert_or_assign(std::move(name), std::move(facts));
  if (added) return index(place->second);
  by_name_.clear();
  by_uuid_.clear();
  for (const auto& [each, qube] : qubes_) index(qube);
}

void SystemInfo::index(const QubeFacts& qube) {
  by_name_.emplace(qube.name, &qube);
  if (qube.uuid.empty()) return;
  const QubeFacts*& first = by_uuid_[qube.uuid];
  if (first == nullptr || qube.name < first->name) first = &qube;
}

const QubeFacts* SystemInfo::find(std::string_view name) const {
  if (name == "@adminvm") name = admin_name;
  const bool uuid = name.starts_with(uuid_prefix);
  const Index& index = uuid ? by_uuid_ : by_name_;
  const auto found = index.find(uuid ? name.substr(uuid_prefix.size()) : name);
  return found == index.end() ? nullptr : found->second;
}

}  // namespace policy
