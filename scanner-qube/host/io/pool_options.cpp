// SPDX-License-Identifier: GPL-2.0-or-later
#include "scanner-qube/host/io/pool_options.hpp"

#include <charconv>

#include "base/io/sandbox.hpp"

namespace scannerqube::io {
namespace {

base::Status take_number(const std::string& word, const std::string& value, unsigned most,
                         unsigned& into) {
  unsigned number = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (error != std::errc{} || end != value.data() + value.size() || number > most) {
    return base::fail(word + " " + value + ": a number up to " + std::to_string(most));
  }
  into = number;
  return base::Ok{};
}

base::Status take_seconds(const std::string& word, const std::string& value,
                          std::chrono::seconds& into) {
  unsigned number = 0;
  if (auto taken = take_number(word, value, 86'400, number); !taken) return taken;
  into = std::chrono::seconds(number);
  return base::Ok{};
}

base::Status take(MachinePoolOptions& options, const std::string& word, const std::string& value) {
  MachineOptions& machine = options.machine;
  if (word == "--ahead") return take_number(word, value, 16, options.ahead);
  if (word == "--most") return take_number(word, value, 64, options.most);
  if (word == "--memory") return take_number(word, value, 65'536, machine.memory_mib);
  if (word == "--boot-limit") return take_seconds(word, value, options.limits.boot);
  if (word == "--scan-limit") return take_seconds(word, value, options.limits.scan);
  if (word == "--silence-limit") return take_seconds(word, value, options.limits.silence);
  if (word == "--root") {
    options.root = value;
  } else if (word == "--images") {
    machine.images = value;
  } else if (word == "--launcher") {
    machine.launcher = value;
  } else if (word == "--accel") {
    machine.accelerator = value;
  } else if (word == "--client") {
    const auto found = base::io::find_identity(value);
    if (!found) return base::fail("--client: " + found.error().text);
    options.client = found->uid;
  } else {
    return base::fail("unknown option " + word);
  }
  return base::Ok{};
}

}  // namespace

const char* const pool_usage =
    "usage: sallyport-scanner [OPTION]...\n"
    "Keeps scanner qubes booted, gives one to each scan, and switches it off afterwards.\n"
    "  --ahead N            qubes that wait for a scan, 1 if not given; 0: booted when asked\n"
    "  --most N             qubes at a time, 3 if not given\n"
    "  --memory MIB         of each, 3072 if not given\n"
    "  --scan-limit S       the longest scan, 3600 if not given\n"
    "  --silence-limit S    the longest time without a word of the qube, 300 if not given\n"
    "  --boot-limit S       120 if not given\n"
    "  --client USER        who may ask, besides root: whose sallyport-scans it is\n"
    "  --images DIR         /usr/lib/sallyport/images if not given\n"
    "  --accel auto|kvm|tcg as sallyport-qube\n"
    "  --launcher PATH      sallyport-qube, if it is not beside this program\n"
    "  --root DIR           run/sallyport-scanner and var/lib/sallyport-scan-db are below it\n";

base::Result<PoolArguments> PoolArguments::parse(const std::vector<std::string>& words) {
  PoolArguments arguments;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i] == "--help") {
      arguments.help = true;
      return arguments;
    }
    if (i + 1 == words.size()) return base::fail("unknown or incomplete option " + words[i]);
    const std::string& word = words[i];
    if (auto taken = take(arguments.options, word, words[++i]); !taken) {
      return base::Unexpected{taken.error()};
    }
  }
  return arguments;
}

}  // namespace scannerqube::io
