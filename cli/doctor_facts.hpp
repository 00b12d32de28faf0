// SPDX-License-Identifier: GPL-2.0-or-later
// What `sallyport doctor` knows of the host: its keyboards, who has its controllers, what policy
// says, and how it starts.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/device/host_input.hpp"
#include "base/wire/result.hpp"

namespace cli::doctor {

using InputDevice = base::device::HostInputDevice;
using base::device::describe;

// A qube with controllers: PCI addresses, "emulated" left out.
struct Owner {
  std::string qube = {};
  std::string type = {};
  std::vector<std::string> tags = {};
  std::vector<std::string> controllers = {};
};

// `digits`: allowed once digits were typed on it, which somebody has to see. The best first.
enum class Answer { allow, digits, ask, deny };

// What the policy files say to a call of an input service to dom0.
struct PolicyAnswer {
  Answer answer = Answer::deny;
  std::string by = {};  // "30-user.policy:2", or why there is no rule
};

struct PolicyQuestion {
  std::string service = {};
  Owner source = {};
  InputDevice device = {};  // event is empty: whichever comes
};
using AskPolicy = std::function<base::Result<PolicyAnswer>(const PolicyQuestion&)>;

// The answer for one keyboard that goes to a qube, or for those that can be seen no more.
struct KeyboardAnswer {
  std::string qube = {};
  InputDevice keyboard = {};
  base::Result<PolicyAnswer> answer = PolicyAnswer{};
};

enum class Presence { absent, present };

// How the host starts.
struct Boot {
  enum class Usb : std::uint8_t { open, unauthorised, hidden } usb = Usb::open;
  std::vector<std::string> hidden_controllers = {};
  Presence passphrase = Presence::absent;  // a disk of /etc/crypttab wants one
  Presence early_conf = Presence::absent;
  // What takes sallyport-early-usb into the initramfs, where initramfs-tools looks for it.
  Presence early_hook = Presence::absent;
};

struct Facts {
  std::vector<InputDevice> keyboards = {};
  std::vector<InputDevice> pointers = {};
  std::vector<Owner> owners = {};
  std::vector<std::string> registry_problems = {};
  std::vector<KeyboardAnswer> answers = {};
  std::vector<std::string> mouse_allowed = {};  // qubes whose mice need no question
  Presence prompt_agent = Presence::absent;
  std::string serial_console = {};  // "ttyS0"
  Boot boot = {};
};

// Who has this controller; nullptr: the host.
const Owner* owner_of(const std::vector<Owner>& owners, const InputDevice& device);

// The first that goes to no qube; nullptr: there is none.
const InputDevice* first_kept(const std::vector<InputDevice>& devices,
                              const std::vector<Owner>& owners);
// Where a kernel's command line stands: of this start, and what the next one is to have. Not all of
// them are used on a host, so the one that hides most counts.
struct BootFiles {
  std::string_view command_line = {};  // /proc/cmdline
  std::string_view grub = {};          // /etc/default/grub
  std::string_view kernel = {};        // /etc/kernel/cmdline
  std::string_view crypttab = {};      // /etc/crypttab
};
// early_conf and early_hook are the caller's to set.
Boot read_boot(const BootFiles& files);
// The first console of /sys/class/tty/console/active that is no screen.
std::string serial_console(std::string_view active);

}  // namespace cli::doctor
