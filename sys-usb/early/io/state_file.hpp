// SPDX-License-Identifier: GPL-2.0-or-later
// The record of early boot as a file in /run, under a lock while it is used.
#pragma once

#include <chrono>
#include <filesystem>

#include "base/io/fd.hpp"
#include "sys-usb/early/early_record.hpp"

namespace sysusb::early::io {

// Held open: the folder /run moves when the real root is mounted, and what is written by `revoke`
// must be seen by an `allow` that runs since before that.
class StateFile {
 public:
  static base::Result<StateFile> open(const std::filesystem::path& path);

  base::Status lock() const;  // waits
  void unlock() const;
  base::Result<EarlyRecord> read() const;
  base::Status append(std::string_view lines) const;

  // Held by an `allow` for as long as it runs, apart from the lock above; ends with the object.
  base::Status say_watching() const;
  // Whether every such `allow` has ended, at last after `patience`.
  bool watchers_end_within(std::chrono::milliseconds patience) const;

 private:
  base::io::Fd fd_;
};

}  // namespace sysusb::early::io
