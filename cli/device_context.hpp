// SPDX-License-Identifier: GPL-2.0-or-later
// What every command of qvm-device needs: its words checked, devices looked up, failures in words.
//
// A step that can end the command returns what to stop with, or nothing to go on.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/device_catalogue.hpp"
#include "cli/device_command.hpp"

namespace cli {

struct DeviceName {
  std::string backend;
  std::string port_id;
  std::string device_id;  // empty: not given

  std::string port() const { return backend + ":" + port_id; }
  std::string full() const { return port() + ":" + device_id; }
};

using Stop = std::optional<Outcome>;

class DeviceContext {
 public:
  DeviceContext(const DeviceCommand& command, const Admin& admin)
      : command_(command), admin_(admin), catalogue_(admin, command.device_class) {}

  const DeviceCommand& command() const { return command_; }
  DeviceCatalogue& catalogue() { return catalogue_; }
  // The qube that the command is about.
  const std::string& qube() const { return command_.qubes.front(); }

  // "Error: TEXT": what the daemon refused.
  static Outcome error(const std::string& text);
  // "PROG: error: TEXT": what the tool found out itself.
  Outcome runtime_error(const std::string& text) const;
  Outcome usage_error(const std::string& text) const;
  Outcome failed(const AdminFailure& failure) const;
  // While listing, a refused call means that the class is not there or not for this user.
  Outcome failed_listing(const AdminFailure& failure) const;
  // Success; `what` is said with --verbose.
  Outcome done(const std::string& what) const;

  // The qubes that the command names, globs resolved; all if it names none.
  Stop select_qubes(std::vector<std::string>& chosen);
  // The name, the qube if the command has one, and the backend, in the order Qubes checks them.
  Stop take_words(DeviceName& name);
  // nullptr: the backend does not expose it.
  Stop look_up(const DeviceName& name, const DeviceInfo*& device);
  // Qubes' words; of a qube that does not run nothing else can be expected.
  std::string not_exposed(const DeviceName& name);

  // admin.vm.device.CLASS.VERB for the command's qube.
  AdminAnswer call(std::string_view verb, const DeviceName& device, std::string payload) const;
  // What names a device and its options in a payload.
  std::string payload(const DeviceName& device, std::string_view mode) const;
  const Admin& admin() const { return admin_; }

 private:
  Stop take_device_name(DeviceName& name) const;
  Stop check_backend(const std::string& backend);
  bool matches(const std::string& pattern, const std::string& name) const;

  const DeviceCommand& command_;
  const Admin& admin_;
  DeviceCatalogue catalogue_;
};

// The failure as the text that Qubes' tools print after "Error: ".
std::string failure_text(const AdminFailure& failure);

}  // namespace cli
