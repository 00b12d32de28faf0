// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/doctor_findings.hpp"

#include <algorithm>
#include <array>

#include "cli/doctor_checks.hpp"

namespace cli::doctor {
namespace {

std::string counted(std::size_t number, const std::string& what) {
  return std::to_string(number) + " " + what + (number == 1 ? "" : "s");
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& each : words) text += (text.empty() ? "" : ", ") + each;
  return text;
}

Finding check_registry(const Facts& facts) {
  if (!facts.registry_problems.empty()) {
    return {.check = "registry",
            .severity = Severity::problem,
            .found = "which controllers are given away is not known",
            .remedy = facts.registry_problems};
  }
  std::vector<std::string> given;
  for (const Owner& each : facts.owners)
    given.push_back(each.qube + " has " + joined(each.controllers));
  return {.check = "registry",
          .severity = Severity::ok,
          .found = given.empty() ? "no qube has a controller of this host" : joined(given),
          .remedy = {}};
}

// What stays is on USB, and the kernel binds nothing there by itself. Whether something else does
// is not known: now it may work because the option is not in force yet.
bool needs_authorising(const Facts& facts) {
  return facts.boot.usb == Boot::Usb::unauthorised &&
         std::ranges::none_of(facts.keyboards, [&facts](const auto& each) {
           return each.port.empty() && owner_of(facts.owners, each) == nullptr;
         });
}

Finding check_keyboard(const Facts& facts) {
  Finding finding{.check = "keyboard"};
  if (const auto* kept = first_kept(facts.keyboards, facts.owners)) {
    finding.found = describe(*kept) + ", stays with this host";
    if (!needs_authorising(facts)) return finding;
    finding.severity = Severity::warning;
    finding.found += ", but usbcore.authorized_default=0 leaves it without a driver";
    finding.remedy = {"let udev or USBGuard authorise it when the system starts"};
    return finding;
  }
  if (!facts.owners.empty()) {
    finding.severity = Severity::warning;
    finding.found = facts.keyboards.empty()
                        ? "this host has no keyboard of its own; those of " +
                              facts.owners.front().qube + " are let in by policy only"
                        : "every keyboard of this host (" +
                              counted(facts.keyboards.size(), "keyboard") +
                              ") hangs on a controller that is given to " +
                              owner_of(facts.owners, facts.keyboards.front())->qube;
    finding.remedy = {"keep one on PS/2, or on a controller that no qube has"};
    return finding;
  }
  finding.severity = facts.serial_console.empty() ? Severity::problem : Severity::warning;
  finding.found = "no keyboard at all is found";
  if (!facts.serial_console.empty())
    finding.found += "; there is the console " + facts.serial_console;
  finding.remedy = {"plug one in and run this again", "use a serial console (console=ttyS0)"};
  return finding;
}

bool usable_at_boot(const InputDevice& keyboard, const Boot& boot) {
  if (keyboard.port.empty()) return true;
  const auto& hidden = boot.hidden_controllers;
  return boot.usb == Boot::Usb::open &&
         std::ranges::find(hidden, keyboard.controller) == hidden.end();
}

Finding check_disk(const Facts& facts) {
  const Boot& boot = facts.boot;
  Finding finding{.check = "disk"};
  if (boot.passphrase == Presence::absent) {
    finding.found = "no disk of /etc/crypttab wants a passphrase";
    return finding;
  }
  const bool closed = boot.usb != Boot::Usb::open || !boot.hidden_controllers.empty();
  if (!closed || std::ranges::any_of(facts.keyboards, [&boot](const auto& each) {
        return usable_at_boot(each, boot);
      })) {
    finding.found = closed ? "a keyboard that is not hidden at boot can type the passphrase"
                           : "USB is open at boot, so any USB keyboard can type the passphrase";
    return finding;
  }
  // What hides a controller also hides it from sallyport-early-usb.
  if (boot.usb == Boot::Usb::unauthorised && boot.hidden_controllers.empty() &&
      boot.early_conf == Presence::present && boot.early_hook == Presence::present) {
    finding.found = "the passphrase is typed by the rules of early-boot.conf";
    return finding;
  }
  finding.severity = facts.serial_console.empty() ? Severity::problem : Severity::warning;
  finding.found =
      "a disk wants a passphrase, but USB is hidden at boot and no other keyboard is found";
  if (boot.early_conf == Presence::present && boot.early_hook == Presence::absent) {
    finding.found =
        "early-boot.conf is there, but nothing takes sallyport-early-usb into the initramfs";
    finding.remedy = {
        "put Sallyport's hooks and scripts into /etc/initramfs-tools and run "
        "update-initramfs -u",
        "use a PS/2 keyboard"};
    return finding;
  }
  finding.remedy = {boot.usb == Boot::Usb::unauthorised && boot.hidden_controllers.empty()
                        ? "write /etc/sallyport/early-boot.conf, see early-boot.conf(5), and run "
                          "update-initramfs -u"
                        : "boot with usbcore.authorized_default=0 instead, and write "
                          "/etc/sallyport/early-boot.conf, see early-boot.conf(5)",
                    "use a PS/2 keyboard"};
  return finding;
}

}  // namespace

const char* name_of(Severity severity) {
  constexpr std::array names{"ok", "warning", "problem"};
  return names.at(static_cast<std::size_t>(severity));
}

std::vector<Finding> examine(const Facts& facts) {
  return {check_registry(facts), check_keyboard(facts), check_policy(facts), check_prompt(facts),
          check_disk(facts)};
}

bool any_problem(const std::vector<Finding>& findings) {
  return std::ranges::any_of(
      findings, [](const Finding& each) { return each.severity == Severity::problem; });
}

}  // namespace cli::doctor
