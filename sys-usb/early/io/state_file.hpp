// SPDX-License-Identifier: GPL-2.0-or-later
// The record of early boot as a file in /run, under a lock while it is used.
#pragma once

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

 private:
  base::io::Fd fd_;
};

}  // namespace sysusb::early::io
