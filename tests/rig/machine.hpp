// SPDX-License-Identifier: GPL-2.0-or-later
// One test machine under QEMU (TCG, one virtual CPU): Debian's kernel, the build machine's root
// read-only below a tmpfs, commands run over a port of its own, QMP for its hardware.
#pragma once

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/rig/child.hpp"
#include "tests/rig/command_channel.hpp"
#include "tests/rig/kernel.hpp"
#include "tests/rig/qmp.hpp"

namespace rig {

struct MachineOptions {
  std::string name = "rig";
  unsigned memory_mib = 1536;
  std::vector<std::string> arguments;  // more of QEMU's command line; may use scratch files
  std::string kernel_arguments;        // appended
  std::chrono::milliseconds boot_time = std::chrono::minutes(3);
};

// Owns QEMU and a scratch folder; both are gone when it is. Failures carry the console's tail.
class Machine {
 public:
  static base::Result<std::unique_ptr<Machine>> start(const MachineOptions& options);
  Machine(const Machine&) = delete;
  Machine& operator=(const Machine&) = delete;
  ~Machine();

  // Runs a shell command as root in the guest, with its timeout counted there.
  CommandResult run(const std::string& command,
                    std::chrono::milliseconds timeout = std::chrono::seconds(30));
  // Starts a command that outlives the call; its output goes to background_log(name) in the guest,
  // its process id (also its session's) is the result, -1 if it did not start.
  long start_background(const std::string& name, const std::string& command);
  static std::string background_log(const std::string& name) { return "/run/rig/" + name + ".log"; }
  // Repeats a command in the guest until it succeeds; the last result.
  CommandResult wait_until(const std::string& command,
                           std::chrono::milliseconds timeout = std::chrono::seconds(30));

  base::Result<boost::json::value> qmp(
      std::string_view command, const boost::json::object& arguments = {},
      std::chrono::milliseconds timeout = std::chrono::seconds(30));
  base::Result<boost::json::object> wait_event(
      std::string_view name, std::chrono::milliseconds timeout = std::chrono::seconds(30));

  const Kernel& kernel() const { return kernel_; }
  std::string console_tail() const;

 private:
  Machine(std::filesystem::path scratch, Kernel kernel)
      : scratch_(std::move(scratch)), kernel_(std::move(kernel)) {}

  base::Status boot(const MachineOptions& options);
  base::Status build_initramfs();
  std::vector<std::string> command_line(const MachineOptions& options) const;
  std::string failure(const std::string& what) const;

  std::filesystem::path scratch_;
  Kernel kernel_;
  std::optional<Child> qemu_;
  std::optional<Qmp> qmp_;
  std::optional<CommandChannel> commands_;
};

}  // namespace rig
