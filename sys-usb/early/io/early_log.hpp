// SPDX-License-Identifier: GPL-2.0-or-later
// What sallyport-early-usb says: on stderr, and in the kernel's log, which outlives the initramfs.
#pragma once

#include <string>

#include "base/io/fd.hpp"
#include "sys-usb/early/early_arguments.hpp"

namespace sysusb::early::io {

enum class Weight { error = 3, warning = 4, notice = 5 };  // syslog's numbers

class EarlyLog {
 public:
  explicit EarlyLog(Kmsg kmsg);

  // `text` is one line; what came from elsewhere is escaped in it.
  void say(Weight weight, const std::string& text) const;

 private:
  base::io::Fd kmsg_;  // empty: stderr only
};

}  // namespace sysusb::early::io
