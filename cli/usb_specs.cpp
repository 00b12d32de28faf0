// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/usb_specs.hpp"

namespace cli {
namespace {

Option out_option() {
  return {{"--out"}, "FILE", "a new file for the policy, instead of standard output"};
}

CommandSpec import_rules_spec() {
  return {.prog = "sallyport usb import-rules",
          .description = "Turns USBGuard's rules into policy for one qube.",
          .options = {help_option(),
                      {{"--target"}, "QUBE", "the qube that is given what the rules allow"},
                      {{"--backend"}, "QUBE", "the qube that has the devices, else sys-usb"},
                      {{"--port"}, "OLD=NEW", "USBGuard's port OLD is the backend's port NEW"},
                      {{"--partial"}, "", "ask where an 'allow' cannot be said exactly"},
                      out_option()},
          .positionals = {{"RULES", "USBGuard's rules.conf"}},
          .commands = {}};
}

CommandSpec generate_policy_spec() {
  return {.prog = "sallyport usb generate-policy",
          .description = "Writes policy for the USB devices that are plugged in now.",
          .options = {help_option(),
                      {{"--target"}, "QUBE", "the qube that may have them; else any may ask"},
                      {{"--rest"}, "ACTION", "what becomes of all others: deny (else) or ask"},
                      out_option()},
          .positionals = {},
          .commands = {}};
}

}  // namespace

CommandSpec usb_spec() {
  return {.prog = "sallyport usb",
          .description = "Policy for USB devices, from USBGuard's rules or what is plugged in.",
          .options = {help_option()},
          .positionals = {},
          .commands = {"import-rules", "generate-policy"}};
}

CommandSpec usb_verb_spec(std::string_view verb) {
  if (verb == "import-rules") return import_rules_spec();
  if (verb == "generate-policy") return generate_policy_spec();
  return {.prog = {}, .description = {}, .options = {}, .positionals = {}, .commands = {}};
}

}  // namespace cli
