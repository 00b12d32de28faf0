// SPDX-License-Identifier: GPL-2.0-or-later
#include "sys-usb/early/io/early_log.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <iostream>

namespace sysusb::early::io {

EarlyLog::EarlyLog(Kmsg kmsg) {
  if (kmsg == Kmsg::off) return;
  kmsg_.reset(::open("/dev/kmsg", O_WRONLY | O_CLOEXEC));  // NOLINT: variadic
}

void EarlyLog::say(Weight weight, const std::string& text) const {
  const std::string line = "sallyport-early-usb: " + text + "\n";
  std::cerr << line << std::flush;
  if (!kmsg_) return;
  const std::string record = "<" + std::to_string(static_cast<int>(weight)) + ">" + line;
  // One write is one record. There is nobody to tell that the log is gone.
  [[maybe_unused]] const auto written = ::write(kmsg_.get(), record.data(), record.size());
}

}  // namespace sysusb::early::io
