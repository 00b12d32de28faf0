// SPDX-License-Identifier: GPL-2.0-or-later
#include "dom0/io/admin_vm.hpp"

#include <boost/json.hpp>

namespace dom0::io {
namespace {

struct VmProperty {
  std::string name;
  std::string type;  // Qubes' names: str, bool, int, label
  std::string value;
};

bool is_running(const Switchboard& board, const std::string& qube) {
  return qube == "dom0" || board.link(qube) != nullptr;
}

std::vector<VmProperty> properties_of(const Switchboard& board, const std::string& qube) {
  // Numbers as Qubes gives them: dom0 is 0, the others in the registry's order.
  const auto found = board.qubes.find(qube);
  const bool admin = found == board.qubes.end();
  const auto place = admin ? 0 : 1 + std::distance(board.qubes.begin(), found);
  return {{"name", "str", qube},
          {"qid", "int", std::to_string(place)},
          {"label", "label", admin ? "black" : found->second.label},
          {"memory", "int", admin ? "0" : std::to_string(found->second.memory_mib)},
          {"virt_mode", "str", "hvm"},
          {"template_for_dispvms", "bool",
           !admin && found->second.template_for_dispvms ? "True" : "False"},
          {"default_dispvm", "vm", admin ? "" : found->second.default_dispvm},
          {"devices_denied", "str", board.devices.denied(qube)}};
}

// A backslash and a newline in a value would end the line early.
std::string escaped(const std::string& value) {
  std::string text;
  for (const char c : value) {
    if (c == '\\') text += "\\\\";
    if (c == '\n') text += "\\n";
    if (c != '\\' && c != '\n') text += c;
  }
  return text;
}

bool is_default(const VmProperty& property) {
  return property.name != "name" && property.name != "label" && property.name != "qid" &&
         (property.name != "devices_denied" || property.value.empty()) &&
         (property.name != "default_dispvm" || property.value.empty()) &&
         (property.name != "template_for_dispvms" || property.value == "False");
}

std::string serialise(const VmProperty& property) {
  return std::string("default=") + (is_default(property) ? "True" : "False") +
         " type=" + property.type + " " + property.value;
}

std::string vm_line(const Switchboard& board, const std::string& name, const std::string& type) {
  return name + " class=" + type + " state=" + (is_running(board, name) ? "Running" : "Halted") +
         "\n";
}

}  // namespace

std::string vm_list(const Switchboard& board, const std::string& target) {
  if (target != "dom0") return vm_line(board, target, board.qubes.at(target).type);
  std::string lines = vm_line(board, "dom0", "AdminVM");
  for (const auto& [name, config] : board.qubes) lines += vm_line(board, name, config.type);
  return lines;
}

std::string current_state(const Switchboard& board, const std::string& qube) {
  const auto found = board.qubes.find(qube);
  const std::string memory =
      found == board.qubes.end() ? "0" : std::to_string(found->second.memory_mib * 1024ULL);
  return "mem=" + memory + " mem_static_max=" + memory +
         " cputime=0 power_state=" + (is_running(board, qube) ? "Running" : "Halted");
}

std::string properties(const Switchboard& board, const std::string& qube) {
  std::string lines;
  for (VmProperty each : properties_of(board, qube)) {
    each.value = escaped(each.value);
    lines += each.name + " " + serialise(each) + "\n";
  }
  return lines;
}

std::optional<std::string> property(const Switchboard& board, const std::string& qube,
                                    std::string_view name) {
  for (const VmProperty& each : properties_of(board, qube)) {
    if (each.name == name) return serialise(each);
  }
  return std::nullopt;
}

std::string system_info_json(const Switchboard& board) {
  boost::json::object domains;
  const policy::SystemInfo info = board.system_info();
  for (const auto& [name, qube] : info.qubes()) {
    boost::json::array tags;
    for (const std::string& tag : qube.tags) tags.emplace_back(tag);
    domains[name] = boost::json::object{
        {"tags", std::move(tags)},
        {"type", qube.type},
        {"internal", qube.internal},
        {"template_for_dispvms", qube.template_for_dispvms},
        {"default_dispvm", qube.default_dispvm.empty() ? boost::json::value()
                                                       : boost::json::value(qube.default_dispvm)},
        {"icon", qube.icon},
        {"power_state", qube.running ? "Running" : "Halted"},
        {"uuid", qube.uuid}};
  }
  return boost::json::serialize(boost::json::object{{"domains", std::move(domains)}});
}

}  // namespace dom0::io
