// SPDX-License-Identifier: GPL-2.0-or-later
// The command line of sallyport-early-usb, as a value.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/wire/result.hpp"

namespace sysusb::early {

enum class Action { help, check, allow, revoke };
enum class Rounds { one, endless };
enum class Kmsg { off, on };

struct EarlyArguments {
  Action action = Action::help;
  Rounds rounds = Rounds::endless;
  Kmsg kmsg = Kmsg::off;
  std::string config = "/etc/sallyport/early-boot.conf";
  std::string sys = "/sys";
  std::string state = "/run/sallyport-early-usb";
};

std::string_view usage();
base::Result<EarlyArguments> parse_early_arguments(const std::vector<std::string>& words);

}  // namespace sysusb::early
