// SPDX-License-Identifier: GPL-2.0-or-later
// Words, look-ups and failures of qvm-device's commands; see the header.
#include "cli/device_context.hpp"

#include <fnmatch.h>

#include <algorithm>

#include "base/wire/ascii.hpp"
#include "base/wire/escape.hpp"
#include "cli/device_list.hpp"

namespace cli {

std::string failure_text(const AdminFailure& failure) {
  // Qubes' clients print these three as Python prints a KeyError: in quotes.
  const bool key_error =
      failure.kind == AdminFailure::Kind::refused &&
      (failure.type == "DeviceAlreadyAttached" || failure.type == "DeviceAlreadyAssigned" ||
       failure.type == "DeviceNotAssigned");
  return key_error ? python_repr(failure.text) : failure.text;
}

Outcome DeviceContext::error(const std::string& text) {
  return {.code = exit_failure, .out = {}, .err = "Error: " + text + "\n"};
}

Outcome DeviceContext::runtime_error(const std::string& text) const {
  return {.code = exit_failure, .out = {}, .err = command_.prog + ": error: " + text + "\n"};
}

Outcome DeviceContext::usage_error(const std::string& text) const {
  return {.code = exit_usage,
          .out = {},
          .err = command_.usage + command_.prog + ": error: " + text + "\n"};
}

Outcome DeviceContext::failed(const AdminFailure& failure) const {
  switch (failure.kind) {
    case AdminFailure::Kind::unreachable:
    case AdminFailure::Kind::malformed:
      return runtime_error(failure.text);
    case AdminFailure::Kind::empty:
    case AdminFailure::Kind::refused:
      break;
  }
  return error(failure_text(failure));
}

Outcome DeviceContext::failed_listing(const AdminFailure& failure) const {
  const bool says_more =
      failure.type == "QubesDaemonCommunicationError" || failure.type == "QubesVMNotFoundError";
  if (failure.kind != AdminFailure::Kind::refused || says_more) return failed(failure);
  return error("Failed to list '" + command_.device_class +
               "' devices, this device type either does not exist or you do not have access to "
               "it.");
}

Outcome DeviceContext::done(const std::string& what) const {
  return {.code = 0, .out = {}, .err = command_.verbosity > 0 ? what + "\n" : ""};
}

bool DeviceContext::matches(const std::string& pattern, const std::string& name) const {
  const bool listing =
      command_.action == DeviceAction::list || command_.action == DeviceAction::watch;
  const bool glob = pattern.find_first_of("*?[") != std::string::npos;
  if (!glob || !listing) return pattern == name;
  return ::fnmatch(pattern.c_str(), name.c_str(), 0) == 0;
}

Stop DeviceContext::select_qubes(std::vector<std::string>& chosen) {
  const auto qubes = catalogue_.qubes();
  if (!qubes) return failed(qubes.error());
  std::vector<std::string> patterns = command_.qubes;
  if (patterns.empty()) patterns.emplace_back("*");
  for (const std::string& pattern : patterns) {
    bool matched = command_.qubes.empty();
    for (const Qube& qube : **qubes) {
      if (!command_.qubes.empty() && !matches(pattern, qube.name)) continue;
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

// Splits what the user named; an id may hold colons itself.
Stop DeviceContext::take_device_name(DeviceName& name) const {
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

Stop DeviceContext::check_backend(const std::string& backend) {
  const auto qube = catalogue_.qube(backend);
  if (!qube) return failed(qube.error());
  if (*qube == nullptr) return runtime_error("no such backend vm!");
  return std::nullopt;
}

Stop DeviceContext::take_words(DeviceName& name) {
  std::vector<std::string> chosen;
  if (!command_.qubes.empty()) {
    if (auto stop = select_qubes(chosen)) return stop;
  }
  if (command_.device.empty() && command_.action != DeviceAction::info) return std::nullopt;
  if (auto stop = take_device_name(name)) return stop;
  return check_backend(name.backend);
}

Stop DeviceContext::look_up(const DeviceName& name, const DeviceInfo*& device) {
  const auto available = catalogue_.available(name.backend);
  if (!available) return failed(available.error());
  device = find_device(**available, name.port_id);
  return std::nullopt;
}

std::string DeviceContext::not_exposed(const DeviceName& name) {
  std::string text = "backend vm " + name.backend + " doesn't expose " + command_.device_class +
                     " device " + python_repr(name.port_id);
  const auto backend = catalogue_.qube(name.backend);
  if (backend && *backend != nullptr && (*backend)->state == "Halted") {
    text += ": it is not running; start it with: sallyport-qube start " + name.backend;
  }
  return text;
}

AdminAnswer DeviceContext::call(std::string_view verb, const DeviceName& device,
                                std::string payload) const {
  return admin_({.method = "admin.vm.device." + command_.device_class + "." + std::string(verb),
                 .argument = device_argument(device.backend, device.port_id, device.device_id),
                 .target = qube(),
                 .payload = std::move(payload)});
}

std::string DeviceContext::payload(const DeviceName& device, std::string_view mode) const {
  base::device::Properties properties{
      {"device_id", device.device_id},     {"port_id", device.port_id},
      {"devclass", command_.device_class}, {"backend_domain", device.backend},
      {"mode", std::string(mode)},         {"frontend_domain", qube()}};
  for (const base::device::Property& option : command_.options) {
    properties.push_back({"_" + option.key, option.value});
  }
  return base::device::format_properties(properties);
}

}  // namespace cli
