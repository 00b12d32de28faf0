// SPDX-License-Identifier: GPL-2.0-or-later
// Looks at the bus again and again, and authorises what the rule lets in.
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "sys-usb/early/io/early_bus.hpp"
#include "sys-usb/early/io/early_log.hpp"
#include "sys-usb/early/io/state_file.hpp"

namespace sysusb::early::io {

class EarlyWatch {
 public:
  // Borrows the log.
  EarlyWatch(std::filesystem::path sys, EarlyConfig config, StateFile state, const EarlyLog& log)
      : sys_(std::move(sys)), config_(std::move(config)), state_(std::move(state)), log_(log) {}

  // One look at all devices. Phase::over: it was revoked, and nothing was done. An error ends it:
  // what cannot be recorded could not be taken back.
  base::Result<Phase> look();

 private:
  base::Result<Phase> look_locked();
  base::Status consider(const BusDevice& device, EarlyRecord& record);
  unsigned keyboards_in_use(const EarlyRecord& record) const;
  void say_once(const BusDevice& device, const std::string& text);

  std::filesystem::path sys_;
  EarlyConfig config_;
  StateFile state_;
  const EarlyLog& log_;
  std::map<std::string, std::string> said_;  // the last word about each name of the bus
};

}  // namespace sysusb::early::io
