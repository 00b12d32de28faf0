// SPDX-License-Identifier: GPL-2.0-or-later
// The tables of qvm-device's command line, in the order in which usage texts show them.
#include "cli/device_specs.hpp"

#include <algorithm>
#include <array>

namespace cli {
namespace {

struct Verb {
  std::string_view name;
  DeviceAction action;
};
constexpr std::array verbs{
    Verb{"list", DeviceAction::list},     Verb{"ls", DeviceAction::list},
    Verb{"l", DeviceAction::list},        Verb{"attach", DeviceAction::attach},
    Verb{"at", DeviceAction::attach},     Verb{"a", DeviceAction::attach},
    Verb{"detach", DeviceAction::detach}, Verb{"d", DeviceAction::detach},
    Verb{"dt", DeviceAction::detach},     Verb{"assign", DeviceAction::assign},
    Verb{"s", DeviceAction::assign},      Verb{"unassign", DeviceAction::unassign},
    Verb{"u", DeviceAction::unassign},    Verb{"info", DeviceAction::info},
    Verb{"i", DeviceAction::info},
};

constexpr std::string_view watch_verb = "watch";  // not of Qubes

// Numbers of groups whose options exclude each other.
constexpr int mode_group = 1;
constexpr int what_group = 2;

std::vector<Option> common_options() {
  return {{{"--verbose", "-v"}, "", "say more"},
          {{"--quiet", "-q"}, "", "say less"},
          help_option(),
          {{"--version"}, "", "show program's version number and exit"}};
}

Positional qube() { return {"VMNAME", "the qube that gets, has or loses the device"}; }
Positional device(Count count = Count::one) {
  return {"BACKEND:DEVICE_ID", "BACKEND:PORT_ID, or BACKEND:PORT_ID:DEVICE_ID", count};
}

void add(CommandSpec& spec, std::vector<Option> options, std::vector<Positional> positionals) {
  spec.options.insert(spec.options.end(), options.begin(), options.end());
  spec.positionals = std::move(positionals);
}

void add_options_of_options(CommandSpec& spec) {
  add(spec,
      {{{"--option", "-o"}, "OPTION", "set an option, NAME=VALUE; may be repeated"},
       {{"--ro"}, "", "the same as -o read-only=yes"}},
      {});
}

Option json_option() {
  return {{"--json"}, "", "JSON, for programs; the manual page names the keys", 0, true};
}
Positional some_qubes() {
  return {"VMNAME", "only devices of these qubes; may hold *?[]", Count::many};
}

void describe_list(CommandSpec& spec) {
  spec.description = "Lists the devices that qubes have and use.";
  add(spec,
      {{{"--assignments", "-s"}, "", "show assignments too"},
       {{"--with-sbdf", "--resolve-paths"}, "", "show PCI addresses (pci only)"},
       {{"--all"}, "", "the devices of all qubes"},
       {{"--exclude"}, "EXCLUDE", "leave this qube out of --all; may be repeated"},
       json_option()},
      {some_qubes()});
}

void describe_attach(CommandSpec& spec) {
  spec.description = "Gives a device to a running qube, until it is detached.";
  add_options_of_options(spec);
  add(spec, {{{"--persistent", "-p"}, "", "attach now and at every start"}}, {qube(), device()});
}

void describe_assign(CommandSpec& spec) {
  spec.description = "Gives a device to a qube whenever both are there.";
  add_options_of_options(spec);
  add(spec,
      {{{"--ask", "--ask-to-attach"}, "", "ask each time", mode_group},
       {{"--required", "-r"}, "", "the qube starts only with it", mode_group},
       {{"--port", "--only-port"}, "", "whatever device is in the port", what_group},
       {{"--device", "--only-device"}, "", "the device in whatever port", what_group}},
      {qube(), device()});
}

void describe_unassign(CommandSpec& spec) {
  spec.description = "Ends an assignment.";
  add(spec,
      {{{"--port", "--only-port"}, "", "whatever device is in the port", what_group},
       {{"--device", "--only-device"}, "", "the device in whatever port", what_group}},
      {qube(), device(Count::optional)});
}

}  // namespace

CommandSpec device_spec(std::string_view prog) {
  CommandSpec spec{.prog = std::string(prog),
                   .description = "Lists devices and gives them to qubes.",
                   .options = common_options(),
                   .positionals = {},
                   .commands = {}};
  spec.options.push_back(
      {{"--list-device-classes", "--list-classes"}, "", "list the classes of devices and exit"});
  if (prog == "qvm-device") spec.positionals.push_back({"DEVICE_CLASS", "usb, block, ..."});
  for (const Verb& verb : verbs) spec.commands.push_back(verb.name);
  spec.own_commands.push_back(watch_verb);
  return spec;
}

bool is_device_verb(std::string_view verb) {
  return verb == watch_verb || std::ranges::find(verbs, verb, &Verb::name) != verbs.end();
}

DeviceAction action_of(std::string_view verb) {
  if (verb == watch_verb) return DeviceAction::watch;
  return std::ranges::find(verbs, verb, &Verb::name)->action;
}

CommandSpec verb_spec(std::string_view prog, std::string_view verb) {
  CommandSpec spec{.prog = std::string(prog) + " " + std::string(verb),
                   .description = {},
                   .options = common_options(),
                   .positionals = {},
                   .commands = {}};
  switch (action_of(verb)) {
    case DeviceAction::list_classes:
      break;
    case DeviceAction::list:
      describe_list(spec);
      break;
    case DeviceAction::attach:
      describe_attach(spec);
      break;
    case DeviceAction::detach:
      spec.description = "Takes a device, or all devices of the class, from a qube.";
      spec.positionals = {qube(), device(Count::optional)};
      break;
    case DeviceAction::assign:
      describe_assign(spec);
      break;
    case DeviceAction::unassign:
      describe_unassign(spec);
      break;
    case DeviceAction::info:
      spec.description = "Shows everything known about a device.";
      spec.options.push_back(json_option());
      spec.positionals = {device()};
      break;
    case DeviceAction::watch:
      spec.description = "Lists devices, then says what happens to them, until Ctrl-C.";
      add(spec, {{{"--json"}, "", "a line of JSON for each event"}}, {some_qubes()});
      break;
  }
  return spec;
}

}  // namespace cli
