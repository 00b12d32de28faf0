// SPDX-License-Identifier: GPL-2.0-or-later
// What the programs have in common that put a device of another qube into the running QEMU of a
// guest without an agent: sallyport-block-guest and sallyport-usb-guest.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/io/agent_call.hpp"
#include "base/io/qmp.hpp"

namespace base::io {

struct GuestOptions {
  std::string agent_socket = default_agent_socket;
  std::string monitor;  // QEMU's -qmp socket
  bool help = false;

  static Result<GuestOptions> parse(const std::vector<std::string>& arguments);
};

struct GuestProgram {
  const char* name;
  const char* usage;
  // From the request to the end of the attachment: the exit code.
  int (*run)(const GuestOptions& options);
};
// All of main().
int guest_main(int argc, char** argv, const GuestProgram& program);

Qmp::Deadline soon();  // Qmp::usual_time from now
// The error says how a guest must be started to have a monitor.
Result<Qmp> connect_to_guest(const std::filesystem::path& monitor, Qmp::Deadline deadline);

// What a device of a guest reads from or writes to, as QEMU lists and removes such things.
struct GuestBackends {
  std::string_view list;  // the command whose answer names them ...
  boost::json::object list_arguments;
  std::string_view named_by;    // ... by this key
  std::string_view remove;      // the command that removes one ...
  std::string_view removed_by;  // ... by this key
};
// Devices and their backends of processes that are no more. What cannot be removed stays: it does
// not hinder.
void remove_left_behind(Qmp& qmp, const GuestBackends& backends, Qmp::Deadline deadline);
// Pulls the plug and waits until the device is gone.
Status unplug_from_guest(Qmp& qmp, const std::string& id, Qmp::Deadline deadline);

}  // namespace base::io
