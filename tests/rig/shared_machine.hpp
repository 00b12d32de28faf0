// SPDX-License-Identifier: GPL-2.0-or-later
// One machine for all tests of a program, with a folder for its disks. Booted by the first test;
// machine and folder are gone after the last.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "tests/rig/machine.hpp"

namespace rig {

class SharedMachine {
 public:
  // Fills the folder and says what to boot.
  using Prepare = std::function<base::Result<MachineOptions>(const std::filesystem::path& folder)>;

  SharedMachine() = default;
  SharedMachine(const SharedMachine&) = delete;
  SharedMachine& operator=(const SharedMachine&) = delete;
  ~SharedMachine();

  // Tried once: when the machine does not boot, every test says why and none waits again.
  void boot(const Prepare& prepare);
  // Null when it did not boot; reason() says why.
  Machine* machine() { return machine_.get(); }
  const std::string& reason() const { return reason_; }
  const std::filesystem::path& folder() const { return folder_; }

 private:
  base::Result<std::unique_ptr<Machine>> start(const Prepare& prepare);

  bool tried_ = false;
  std::string reason_;
  std::filesystem::path folder_;
  std::unique_ptr<Machine> machine_;
};

}  // namespace rig
