// SPDX-License-Identifier: GPL-2.0-or-later
#include "sys-usb/early/early_arguments.hpp"

#include "base/wire/escape.hpp"

namespace sysusb::early {
namespace {

std::string* value_of(EarlyArguments& arguments, std::string_view option) {
  if (option == "--config") return &arguments.config;
  if (option == "--sys") return &arguments.sys;
  if (option == "--state") return &arguments.state;
  return nullptr;
}

// Action::help: it is none.
Action action_named(std::string_view word) {
  if (word == "allow") return Action::allow;
  if (word == "check") return Action::check;
  return word == "revoke" ? Action::revoke : Action::help;
}

}  // namespace

std::string_view usage() {
  return "usage: sallyport-early-usb allow [--config FILE] [--sys DIR] [--state FILE] [--once] "
         "[--kmsg]\n"
         "       sallyport-early-usb check [--config FILE]\n"
         "       sallyport-early-usb revoke [--sys DIR] [--state FILE] [--kmsg]\n"
         "allow lets keyboards in, at the ports of FILE and while the disk is not open; revoke\n"
         "takes all of them back; check only reads FILE. See sallyport-early-usb(8).\n";
}

base::Result<EarlyArguments> parse_early_arguments(const std::vector<std::string>& words) {
  EarlyArguments arguments;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    if (word == "--help" || word == "-h") return EarlyArguments{};
    if (word == "--once") {
      arguments.rounds = Rounds::one;
    } else if (word == "--kmsg") {
      arguments.kmsg = Kmsg::on;
    } else if (std::string* value = value_of(arguments, word); value != nullptr) {
      if (i + 1 == words.size() || words[i + 1].empty()) {
        return base::fail(word + " wants a path behind it");
      }
      *value = words[++i];
    } else if (const Action action = action_named(word);
               action != Action::help && arguments.action == Action::help) {
      arguments.action = action;
    } else {
      return base::fail("'" + base::wire::escape(word, 60) + "' is not known");
    }
  }
  if (arguments.action == Action::help)
    return base::fail("one of allow, check and revoke is to be given");
  return arguments;
}

}  // namespace sysusb::early
