// SPDX-License-Identifier: GPL-2.0-or-later
// USBGuard's rules.conf as lines of policy: which of sys-usb's devices one qube may have.
//
// Pure. The lines never let in a device that the rules would not: what cannot be said exactly is an
// error, or, if that is wanted, a question to a person.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/wire/result.hpp"

namespace policy {

struct UsbguardImport {
  // Of rules that allow and that cannot be said exactly.
  enum class Inexact : std::uint8_t { refuse, ask };

  std::string target;   // the qube that is given devices
  std::string backend;  // the qube that has them
  // Ports as USBGuard named them to ports of the backend.
  std::map<std::string, std::string, std::less<>> ports = {};
  Inexact inexact = Inexact::refuse;
};

struct UsbguardImported {
  std::string policy;
  // "FILE:LINE:COLUMN: ...": what became a question, and why.
  std::vector<std::string> remarks = {};
};

using Complaints = std::vector<std::string>;

// `file` is for messages and comments. The errors are all that there are, one text each.
base::Result<UsbguardImported, Complaints> import_usbguard(std::string_view text,
                                                           const std::string& file,
                                                           const UsbguardImport& import);

}  // namespace policy
