// SPDX-License-Identifier: GPL-2.0-or-later
#include "sys-usb/qube_arguments.hpp"

#include <array>
#include <charconv>
#include <string_view>
#include <utility>

namespace sysusb {
namespace {

struct Verb {
  std::string_view word;
  QubeVerb verb;
  std::size_t names;  // words that must follow
};
constexpr std::array verbs{Verb{"help", QubeVerb::help, 0},    Verb{"start", QubeVerb::start, 1},
                           Verb{"stop", QubeVerb::stop, 1},    Verb{"status", QubeVerb::status, 1},
                           Verb{"list", QubeVerb::list, 0},    Verb{"plug", QubeVerb::plug, 2},
                           Verb{"unplug", QubeVerb::unplug, 2}};
constexpr unsigned max_wait = 3600;

base::Status set_accelerator(QubeArguments& arguments, const std::string& value) {
  if (value == "auto") {
    arguments.accelerator.reset();
  } else if (value == "kvm") {
    arguments.accelerator = Accelerator::kvm;
  } else if (value == "tcg") {
    arguments.accelerator = Accelerator::tcg;
  } else {
    return base::fail("--accel: '" + value + "' is none of: auto kvm tcg");
  }
  return base::Ok{};
}

base::Status set_wait(QubeArguments& arguments, const std::string& value) {
  unsigned seconds = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), seconds);
  if (error != std::errc{} || end != value.data() + value.size() || seconds == 0 ||
      seconds > max_wait) {
    return base::fail("--wait: '" + value + "' is not a number of seconds from 1 to 3600");
  }
  arguments.wait = std::chrono::seconds(seconds);
  return base::Ok{};
}

base::Status set_option(QubeArguments& arguments, const std::string& name,
                        const std::string& value) {
  const std::array<std::pair<std::string_view, std::string*>, 7> texts{{
      {"--root", &arguments.root},
      {"--images", &arguments.images},
      {"--qemu", &arguments.qemu},
      {"--dial", &arguments.dial},
      {"--user", &arguments.user},
      {"--image", &arguments.plug_image},
      {"--device", &arguments.plug_driver},
  }};
  if (name == "--accel") return set_accelerator(arguments, value);
  if (name == "--wait") return set_wait(arguments, value);
  if (name == "--qemu-option") {
    arguments.more.push_back(value);
    return base::Ok{};
  }
  for (const auto& [known, text] : texts) {
    if (known != name) continue;
    if (value.empty()) return base::fail(name + " needs a value");
    *text = value;
    return base::Ok{};
  }
  return base::fail("unknown option " + name + "; see sallyport-qube --help");
}

base::Status check_plug(const QubeArguments& arguments) {
  if (!valid_plug_id(arguments.plug_id)) {
    return base::fail("'" + arguments.plug_id +
                      "' cannot be the ID of a device; use a letter, then letters, digits, - and "
                      "_, and none of the machine's own (xhci, root, disk0, ...)");
  }
  if (arguments.verb != QubeVerb::plug) return base::Ok{};
  if (arguments.plug_image.empty() == arguments.plug_driver.empty()) {
    return base::fail("plug needs either --image FILE or --device DRIVER");
  }
  if (!arguments.plug_driver.empty() && !valid_plug_driver(arguments.plug_driver)) {
    return base::fail("--device: '" + arguments.plug_driver +
                      "' is none of: " + known_plug_drivers());
  }
  return base::Ok{};
}

base::Status take_words(QubeArguments& arguments, const std::vector<std::string>& plain) {
  if (plain.empty()) return base::fail("nothing to do; say for example: sallyport-qube list");
  for (const Verb& verb : verbs) {
    if (verb.word != plain[0]) continue;
    if (plain.size() != verb.names + 1) {
      return base::fail(plain[0] + " takes " + std::to_string(verb.names) +
                        " names; see sallyport-qube --help");
    }
    arguments.verb = verb.verb;
    if (verb.names > 0) arguments.name = plain[1];
    if (verb.names > 1) arguments.plug_id = plain[2];
    return verb.names > 1 ? check_plug(arguments) : base::Ok{};
  }
  return base::fail("unknown command '" + plain[0] + "'; see sallyport-qube --help");
}

}  // namespace

const char* const qube_usage =
    "usage: sallyport-qube COMMAND [OPTION]...\n"
    "  start NAME         boot a qube of /etc/sallyport/qubes.d and wait until QEMU answers\n"
    "  stop NAME          end it\n"
    "  status NAME        running or halted; exit status 0 or 3\n"
    "  list               every qube of the registry\n"
    "  plug NAME ID --image FILE [--readonly] | --device DRIVER\n"
    "                     plug an emulated stick or device into the emulated controller\n"
    "  unplug NAME ID     pull it out\n"
    "options\n"
    "  --root DIR         where etc/ and run/ are (default /)\n"
    "  --images DIR       where the images are (default /usr/lib/sallyport/images)\n"
    "  --accel auto|kvm|tcg  auto boots a kernel once to see whether KVM works here\n"
    "  --user NAME        started as root: run QEMU as this user\n"
    "  --wait SECONDS     how long start and stop wait (default 20)\n"
    "  --qemu PROGRAM, --dial PROGRAM, --qemu-option WORD (repeatable)  for tests\n";

base::Result<QubeArguments> parse_qube_arguments(const std::vector<std::string>& words) {
  QubeArguments arguments;
  std::vector<std::string> plain;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    if (word == "--help" || word == "-h") return QubeArguments{};
    if (word == "--readonly") {
      arguments.plug_readonly = true;
      continue;
    }
    if (!word.starts_with("-")) {
      plain.push_back(word);
      continue;
    }
    if (i + 1 == words.size()) return base::fail(word + " needs a value, or is no option");
    if (auto set = set_option(arguments, word, words[++i]); !set) {
      return base::fail(set.error().text);
    }
  }
  if (auto taken = take_words(arguments, plain); !taken) return base::fail(taken.error().text);
  return arguments;
}

}  // namespace sysusb
