// SPDX-License-Identifier: GPL-2.0-or-later
// What sallyport-qube does: start, stop, status, list, plug, unplug.
#pragma once

#include <ostream>

#include "base/io/paths.hpp"
#include "sys-usb/io/qube_process.hpp"
#include "sys-usb/qube_arguments.hpp"

namespace sysusb::io {

class Launcher {
 public:
  Launcher(const QubeArguments& arguments, std::ostream& out)
      : arguments_(arguments), paths_(arguments.root), out_(out) {}

  // The program's exit status: 0, or 3 for the status of a halted qube.
  base::Result<int> run();

 private:
  base::Result<int> start();
  base::Result<int> stop();
  base::Result<int> status();
  base::Result<int> list();
  base::Result<int> plug();
  base::Result<int> unplug();

  RunFolder folder(const std::string& name) const { return RunFolder(paths_.qube_run(name)); }
  base::Result<Machine> prepare_machine(const base::config::QubeConfig& config,
                                        const std::optional<base::io::Identity>& identity) const;
  base::Status wait_for_qmp(const RunFolder& folder, pid_t supervisor) const;
  base::Status must_run(const RunFolder& folder) const;
  std::string state_of(const RunFolder& folder) const;

  const QubeArguments& arguments_;
  base::io::Paths paths_;
  std::ostream& out_;
};

}  // namespace sysusb::io
