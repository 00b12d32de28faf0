// SPDX-License-Identifier: GPL-2.0-or-later
// qvm-device's commands; see the header.
#include "cli/device_run.hpp"

#include <fnmatch.h>

#include <algorithm>
#include <optional>
#include <set>

#include "base/wire/ascii.hpp"
#include "base/wire/escape.hpp"
#include "cli/device_list.hpp"

namespace cli {
namespace {

struct DeviceName {
  std::string backend;
  std::string port_id;
  std::string device_id;  // empty: not given

  std::string port() const { return backend + ":" + port_id; }
};

// One run of one command. Every step returns an outcome to stop with, or nothing to go on.
class DeviceRun {
 public:
  using Stop = std::optional<Outcome>;

  DeviceRun(const DeviceCommand& command, const Admin& admin, Header header)
      : command_(command),
        admin_(admin),
        catalogue_(admin, command.device_class),
        header_(header) {}

  Outcome run() {
    Outcome outcome = act();
    for (const std::string& complaint : catalogue_.complaints()) {
      outcome.err = command_.prog + ": " + complaint + "\n" + outcome.err;
    }
    return outcome;
  }

 private:
  Outcome act() {
    switch (command_.action) {
      case DeviceAction::list_classes:
        return list_classes();
      case DeviceAction::list:
        return list();
      case DeviceAction::attach:
        return attach();
      case DeviceAction::detach:
        return detach();
      case DeviceAction::assign:
        return assign();
      case DeviceAction::unassign:
        return unassign();
      case DeviceAction::info:
        return info();
    }
    return error("no such command");
  }

  // "Error: TEXT": what the daemon refused.
  static Outcome error(const std::string& text) {
    return {.code = exit_failure, .out = {}, .err = "Error: " + text + "\n"};
  }
  // "PROG: error: TEXT": what the tool found out itself.
  Outcome runtime_error(const std::string& text) const {
    return {.code = exit_failure, .out = {}, .err = command_.prog + ": error: " + text + "\n"};
  }
  Outcome usage_error(const std::string& text) const {
    return {.code = exit_usage,
            .out = {},
            .err = command_.usage + command_.prog + ": error: " + text + "\n"};
  }

  Outcome failed(const AdminFailure& failure) const {
    switch (failure.kind) {
      case AdminFailure::Kind::unreachable:
      case AdminFailure::Kind::malformed:
        return runtime_error(failure.text);
      case AdminFailure::Kind::empty:
        return error(failure.text);
      case AdminFailure::Kind::refused:
        break;
    }
    // Qubes' clients print these three as Python prints a KeyError: in quotes.
    const bool key_error = failure.type == "DeviceAlreadyAttached" ||
                           failure.type == "DeviceAlreadyAssigned" ||
                           failure.type == "DeviceNotAssigned";
    return error(key_error ? python_repr(failure.text) : failure.text);
  }

  // While listing, a refused call means that the class is not there or not for this user.
  Outcome failed_listing(const AdminFailure& failure) const {
    const bool says_more = failure.type == "PermissionDenied";
    if (failure.kind != AdminFailure::Kind::refused || says_more) return failed(failure);
    return error("Failed to list '" + command_.device_class +
                 "' devices, this device type either does not exist or you do not have access to "
                 "it.");
  }

  Outcome done(const std::string& what) const {
    return {.code = 0, .out = {}, .err = command_.verbosity > 0 ? what + "\n" : ""};
  }

  Outcome list_classes() {
    auto answer = admin_(
        {.method = "admin.deviceclass.List", .argument = {}, .target = "dom0", .payload = {}});
    if (!answer) return failed(answer.error());
    return {.code = 0, .out = sorted_lines(*answer), .err = {}};
  }

  static std::string sorted_lines(const std::string& text) {
    std::set<std::string> lines;
    for (std::size_t start = 0; start < text.size();) {
      const std::size_t end = std::min(text.find('\n', start), text.size());
      if (end > start) lines.insert(base::wire::escape(text.substr(start, end - start)));
      start = end + 1;
    }
    std::string out;
    for (const std::string& line : lines) out += line + "\n";
    return out;
  }

  // The qubes that the command names, globs resolved.
  Stop select_qubes(std::vector<std::string>& chosen) {
    const auto qubes = catalogue_.qubes();
    if (!qubes) return failed(qubes.error());
    std::vector<std::string> patterns = command_.qubes;
    if (patterns.empty()) patterns.emplace_back("*");
    for (const std::string& pattern : patterns) {
      bool matched = command_.qubes.empty();
      for (const Qube& qube : **qubes) {
        if (!matches(pattern, qube.name)) continue;
        matched = true;
        const bool excluded =
            std::ranges::find(command_.exclude, qube.name) != command_.exclude.end();
        if (!excluded && std::ranges::find(chosen, qube.name) == chosen.end()) {
          chosen.push_back(qube.name);
        }
      }
      if (!matched) return usage_error("no such domain: " + python_repr(pattern));
    }
    return std::nullopt;
  }

  bool matches(const std::string& pattern, const std::string& name) const {
    const bool glob = pattern.find_first_of("*?[") != std::string::npos;
    if (!glob || (command_.action != DeviceAction::list)) return pattern == name;
    return ::fnmatch(pattern.c_str(), name.c_str(), 0) == 0;
  }

  Outcome list() {
    std::vector<std::string> chosen;
    if (auto stop = select_qubes(chosen)) return *stop;
    const auto rows = list_devices(catalogue_, chosen);
    if (!rows) return failed_listing(rows.error());
    std::vector<Row> table(*rows);
    if (header_ == Header::shown && !table.empty()) {
      table.insert(table.begin(), {"BACKEND:DEVID", "DESCRIPTION", "USED BY"});
    }
    return {.code = 0, .out = format_table(table), .err = {}};
  }

  // Splits what the user named; an id may hold colons itself.
  Stop take_device_name(DeviceName& name) const {
    const std::string& text = command_.device;
    const std::size_t first = text.find(':');
    const std::size_t second = first == std::string::npos ? first : text.find(':', first + 1);
    if (first != std::string::npos) {
      name.backend = text.substr(0, first);
      name.port_id = text.substr(first + 1, second - first - 1);
      if (second != std::string::npos) name.device_id = text.substr(second + 1);
    }
    const auto plain = [](char c) {
      return base::wire::is_name_character(c) || c == ':' || c == '*' || c == '?';
    };
    if (name.backend.empty() || name.port_id.empty() || !std::ranges::all_of(text, plain)) {
      return usage_error(
          "expected a backend vm, port id and [optional] device id combination like foo:bar[:baz] "
          "got " +
          base::wire::escape(text));
    }
    return std::nullopt;
  }

  Stop check_backend(const std::string& backend) {
    const auto qubes = catalogue_.qubes();
    if (!qubes) return failed(qubes.error());
    if (std::ranges::find((*qubes)->begin(), (*qubes)->end(), backend, &Qube::name) ==
        (*qubes)->end()) {
      return runtime_error("no such backend vm!");
    }
    return std::nullopt;
  }

  // The name, the qube if the command has one, and the backend, in the order Qubes checks them.
  Stop take_words(DeviceName& name) {
    std::vector<std::string> chosen;
    if (!command_.qubes.empty()) {
      if (auto stop = select_qubes(chosen)) return stop;
    }
    if (command_.device.empty() && command_.action != DeviceAction::info) return std::nullopt;
    if (auto stop = take_device_name(name)) return stop;
    return check_backend(name.backend);
  }

  // nullptr: the backend does not expose it.
  Stop look_up(const DeviceName& name, const DeviceInfo*& device) {
    const auto available = catalogue_.available(name.backend);
    if (!available) return failed(available.error());
    device = find_device(**available, name.port_id);
    return std::nullopt;
  }

  // Qubes' words; of a qube that does not run nothing else can be expected.
  std::string not_exposed(const DeviceName& name) {
    std::string text = "backend vm " + name.backend + " doesn't expose " + command_.device_class +
                       " device " + python_repr(name.port_id);
    if (const auto qubes = catalogue_.qubes(); qubes) {
      const auto halted = [&name](const Qube& qube) {
        return qube.name == name.backend && qube.state == "Halted";
      };
      if (std::ranges::any_of(**qubes, halted)) {
        text += ": it is not running; start it with: sallyport-qube start " + name.backend;
      }
    }
    return text;
  }

  Outcome attach() {
    DeviceName name;
    if (auto stop = take_words(name)) return *stop;
    // Nothing is attached that would then be missing after the next start.
    if (command_.persistent) return error(std::string(no_assignments));
    const DeviceInfo* device = nullptr;
    if (auto stop = look_up(name, device)) return *stop;
    if (device == nullptr) return runtime_error(not_exposed(name));
    if (!device->known) {
      return error("Unknown device, skipping attachment of device from the port " + name.port());
    }
    const bool anything = name.device_id.empty() || name.device_id == "*";
    if (!anything && name.device_id != device->device_id) {
      return error("Unrecognized identity, skipping attachment of device from the port " +
                   name.port());
    }
    const std::string& qube = command_.qubes.front();
    base::device::Properties payload{{"device_id", device->device_id},
                                     {"port_id", name.port_id},
                                     {"devclass", command_.device_class},
                                     {"backend_domain", name.backend},
                                     {"mode", "manual"},
                                     {"frontend_domain", qube}};
    for (const base::device::Property& option : command_.options) {
      payload.push_back({"_" + option.key, option.value});
    }
    const auto answer =
        admin_({.method = "admin.vm.device." + command_.device_class + ".Attach",
                .argument = device_argument(name.backend, name.port_id, device->device_id),
                .target = qube,
                .payload = base::device::format_properties(payload)});
    if (!answer) return failed(answer.error());
    return done("Attached " + name.port() + " to " + qube + ".");
  }

  Outcome detach() {
    DeviceName name;
    if (auto stop = take_words(name)) return *stop;
    const std::string& qube = command_.qubes.front();
    const auto attached = catalogue_.attached(qube);
    if (!attached) return failed(attached.error());
    if (command_.device.empty()) return detach_all(**attached);

    for (const Attachment& each : **attached) {
      const bool same_id =
          name.device_id.empty() || name.device_id == "*" || name.device_id == each.device_id;
      if (each.port() == name.port() && same_id) return detach_one(each, each.device_id);
    }
    const DeviceInfo* device = nullptr;
    if (auto stop = look_up(name, device)) return *stop;
    const std::string id = !name.device_id.empty() ? name.device_id
                           : device == nullptr     ? std::string(unknown_device_id)
                                                   : device->device_id;
    const bool there = device != nullptr && id == device->device_id;
    return error(name.port() + ":" + id + (there ? " is not attached." : " not found."));
  }

  Outcome detach_one(const Attachment& attachment, std::string_view device_id) const {
    const auto answer =
        admin_({.method = "admin.vm.device." + command_.device_class + ".Detach",
                .argument = device_argument(attachment.backend, attachment.port_id, device_id),
                .target = attachment.frontend,
                .payload = {}});
    if (!answer) return failed(answer.error());
    return done("Detached " + attachment.port() + " from " + attachment.frontend + ".");
  }

  // One that cannot be detached does not keep the others.
  Outcome detach_all(const DeviceCatalogue::Attachments& attachments) const {
    Outcome all;
    for (const Attachment& each : attachments) {
      const Outcome one = detach_one(each, "*");
      all.code = std::max(all.code, one.code);
      all.err += one.err;
    }
    return all;
  }

  Outcome assign() {
    DeviceName name;
    if (auto stop = take_words(name)) return *stop;
    const DeviceInfo* device = nullptr;
    if (auto stop = look_up(name, device)) return *stop;
    if (device == nullptr) return error(not_exposed(name));
    if (command_.required && command_.device_class != "pci" && command_.device_class != "block") {
      return error("Only pci and block devices can be assigned as required.");
    }
    return error(std::string(no_assignments));
  }

  Outcome unassign() {
    DeviceName name;
    if (auto stop = take_words(name)) return *stop;
    return error(std::string(no_assignments));
  }

  Outcome info() {
    DeviceName name;
    if (auto stop = take_words(name)) return *stop;
    if (!name.device_id.empty()) {
      return runtime_error(
          "this option works only for explicitly given port ID and does not support device ID");
    }
    const DeviceInfo* device = nullptr;
    if (auto stop = look_up(name, device)) return *stop;
    if (device == nullptr) return runtime_error(not_exposed(name));
    std::string out = base::device::describe(device->names) + "\n";
    out += "device ID: " + device->device_id + "\n";
    for (const base::device::Property& extra : device->extras) {
      out += extra.key + ": " + extra.value + "\n";
    }
    return {.code = 0, .out = out, .err = {}};
  }

  static constexpr std::string_view no_assignments =
      "assignments are not available yet in this version; use attach and detach";

  const DeviceCommand& command_;
  const Admin& admin_;
  DeviceCatalogue catalogue_;
  Header header_;
};

}  // namespace

Outcome run_device_command(const DeviceCommand& command, const Admin& admin, Header header) {
  return DeviceRun(command, admin, header).run();
}

}  // namespace cli
