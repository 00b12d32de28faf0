// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/rig/shared_machine.hpp"

#include <stdlib.h>

namespace rig {

SharedMachine::~SharedMachine() {
  machine_.reset();
  std::error_code ignored;
  if (!folder_.empty()) std::filesystem::remove_all(folder_, ignored);
}

void SharedMachine::boot(const Prepare& prepare) {
  if (tried_) return;
  tried_ = true;
  auto machine = start(prepare);
  if (machine) {
    machine_ = *std::move(machine);
  } else {
    reason_ = machine.error().text;
  }
}

base::Result<std::unique_ptr<Machine>> SharedMachine::start(const Prepare& prepare) {
  std::string path = std::filesystem::temp_directory_path() / "sallyport-machine-XXXXXX";
  if (::mkdtemp(path.data()) == nullptr) return base::io::fail_errno("mkdtemp");
  folder_ = path;
  const auto options = prepare(folder_);
  if (!options) return base::fail(options.error().text);
  return Machine::start(*options);
}

}  // namespace rig
