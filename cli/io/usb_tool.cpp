// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/io/usb_tool.hpp"

#include <algorithm>

#include "base/io/files.hpp"
#include "base/wire/ascii.hpp"
#include "base/wire/escape.hpp"
#include "cli/device_catalogue.hpp"
#include "cli/own_command.hpp"
#include "cli/usb_specs.hpp"
#include "policy/io/device_facts_json.hpp"
#include "policy/io/policy_files.hpp"
#include "policy/usb_policy.hpp"
#include "policy/usbguard_import.hpp"

namespace cli::io {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view default_backend = "sys-usb";

std::string last_value(const Arguments& given, std::string_view option,
                       std::string_view otherwise) {
  const auto found = given.options.find(option);
  return std::string(found == given.options.end() ? otherwise : found->second.back());
}

bool is_port(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, base::wire::is_name_character);
}

// The values of --port.
base::Status read_ports(const Arguments& given, policy::UsbguardImport& import) {
  const auto found = given.options.find("--port");
  if (found == given.options.end()) return base::Ok{};
  for (const std::string& value : found->second) {
    const std::size_t equals = value.find('=');
    const std::string from = value.substr(0, equals);
    const std::string to = equals == std::string::npos ? "" : value.substr(equals + 1);
    if (!is_port(from) || !is_port(to)) {
      return base::fail("argument --port: " + python_repr(value) + " is not OLD=NEW, as 1-2=2-1");
    }
    if (!import.ports.emplace(from, to).second) {
      return base::fail("argument --port: " + from + " is given twice");
    }
  }
  return base::Ok{};
}

// Where it was asked for. A file that is there is somebody's policy, and is not written over.
Outcome deliver(const Arguments& given, const std::string& policy, std::string remarks) {
  if (policy.size() > policy::io::max_policy_file_size) {
    return own_failure("the policy has " + std::to_string(policy.size()) +
                       " bytes; a file may have " +
                       std::to_string(policy::io::max_policy_file_size));
  }
  const fs::path out = last_value(given, "--out", "");
  if (out.empty()) return {.code = 0, .out = policy, .err = std::move(remarks)};
  std::error_code error;
  if (fs::exists(fs::symlink_status(out, error))) {
    return own_failure(out.string() + " is there already; name a new file");
  }
  if (auto written = base::io::write_file_atomically(out, policy); !written) {
    return own_failure(written.error().text);
  }
  return {.code = 0, .out = out.string() + ": written\n", .err = std::move(remarks)};
}

Outcome import_rules(const Arguments& given, const CommandSpec& spec, std::size_t columns) {
  policy::UsbguardImport import{.target = last_value(given, "--target", ""),
                                .backend = last_value(given, "--backend", default_backend),
                                .inexact = given.has("--partial")
                                               ? policy::UsbguardImport::Inexact::ask
                                               : policy::UsbguardImport::Inexact::refuse};
  if (import.target.empty()) {
    return misused(spec, columns, "the following arguments are required: --target");
  }
  if (auto read = read_ports(given, import); !read)
    return misused(spec, columns, read.error().text);
  const std::string& file = given.positionals[0].front();
  const auto text = base::io::read_file(file, policy::io::max_policy_file_size);
  if (!text) return own_failure(text.error().text);
  const auto imported = policy::import_usbguard(*text, file, import);
  if (imported) {
    std::string remarks;
    for (const std::string& each : imported->remarks) remarks += "asks: " + each + "\n";
    return deliver(given, imported->policy, std::move(remarks));
  }
  Outcome outcome = own_failure("nothing is imported, since not all of it can be said");
  for (const std::string& each : imported.error()) outcome.err += each + "\n";
  if (!given.has("--partial")) {
    outcome.err += "With --partial, rules that allow and cannot be said exactly ask a person.\n";
  }
  return outcome;
}

// As the evaluator of policy will see it.
base::Result<policy::DeviceFacts> facts_of(const Admin& admin, const DeviceInfo& device) {
  const auto told = admin({.method = "sallyport.DeviceFacts",
                           .argument = device.port_id,
                           .target = device.backend,
                           .payload = {}});
  if (!told) return base::fail(device.port() + ": " + told.error().text);
  return policy::io::parse_device_facts(*told);
}

base::Result<std::vector<policy::DeviceFacts>> plugged_in(const Admin& admin) {
  DeviceCatalogue catalogue(admin, "usb");
  const auto qubes = catalogue.qubes();
  if (!qubes) return base::fail(qubes.error().text);
  std::vector<policy::DeviceFacts> found;
  for (const Qube& qube : **qubes) {
    if (!qube.running()) continue;
    const auto devices = catalogue.available(qube.name);
    if (!devices) return base::fail(devices.error().text);
    for (const DeviceInfo& device : **devices) {
      auto facts = facts_of(admin, device);
      if (!facts) return base::Unexpected{facts.error()};
      found.push_back(*std::move(facts));
    }
  }
  // A line that could not be read is a device that would be missing.
  if (!catalogue.complaints().empty()) return base::fail(catalogue.complaints().front());
  return found;
}

Outcome generate(const Arguments& given, const CommandSpec& spec, const Admin& admin,
                 std::size_t columns) {
  const std::string rest = last_value(given, "--rest", "deny");
  if (rest != "deny" && rest != "ask") {
    return misused(
        spec, columns,
        "argument --rest: invalid choice: " + python_repr(rest) + " (choose from 'deny', 'ask')");
  }
  const auto devices = plugged_in(admin);
  if (!devices) return own_failure(devices.error().text);
  const auto policy = policy::generate_usb_policy(
      *devices,
      {.target = last_value(given, "--target", ""),
       .rest = rest == "ask" ? policy::UsbPolicy::Rest::ask : policy::UsbPolicy::Rest::deny});
  if (!policy) return own_failure(policy.error().text);
  return deliver(given, *policy, {});
}

}  // namespace

Outcome run_usb(const Words& words, const Admin& admin, std::size_t columns) {
  const CommandSpec spec = usb_spec();
  const auto given = read_arguments(spec, words);
  if (auto over = help_or_misuse(spec, given, columns)) return *std::move(over);
  const std::string& verb = given->command;
  if (verb.empty()) return misused(spec, columns, "the following arguments are required: command");
  const CommandSpec verb_spec = usb_verb_spec(verb);
  const auto rest = read_arguments(verb_spec, given->rest);
  if (auto over = help_or_misuse(verb_spec, rest, columns)) return *std::move(over);
  return verb == "import-rules" ? import_rules(*rest, verb_spec, columns)
                                : generate(*rest, verb_spec, admin, columns);
}

}  // namespace cli::io
