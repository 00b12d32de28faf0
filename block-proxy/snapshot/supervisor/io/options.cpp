// SPDX-License-Identifier: GPL-2.0-or-later
#include "block-proxy/snapshot/supervisor/io/options.hpp"

#include <charconv>

#include "base/io/sandbox.hpp"
#include "block-proxy/snapshot/geometry.hpp"

namespace blockproxy::snapshot {

const char* const supervisor_usage =
    "usage: sallyport-snapshots [--quota MIB] [--largest MIB] [--scanner USER] [--root DIR]\n"
    "          [--program PATH]\n"
    "Keeps the snapshots of this machine: takes requests, and starts a process for each snapshot\n"
    "that is in use.\n"
    "  --quota MIB     what all snapshots may take, 65536 if not given\n"
    "  --largest MIB   what one may take, 32768 if not given\n"
    "  --scanner USER  whose sallyport-scans may read and seal them\n"
    "  --root DIR      var/lib/sallyport-snapshot and run/sallyport-snapshot are below it\n"
    "  --program PATH  sallyport-snapshot, if it is not beside this program\n";

base::Result<SupervisorOptions> SupervisorOptions::parse(
    const std::vector<std::string>& arguments) {
  SupervisorOptions options;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& word = arguments[i];
    if (word == "--help") {
      options.help = true;
      return options;
    }
    if (i + 1 == arguments.size()) return base::fail("unknown or incomplete option " + word);
    const std::string& value = arguments[++i];
    if (word == "--root") {
      options.root = value;
    } else if (word == "--program") {
      options.program = value;
    } else if (word == "--scanner") {
      const auto found = base::io::find_identity(value);
      if (!found) return base::fail("--scanner: " + found.error().text);
      options.scanner = found->uid;
    } else if (word == "--quota" || word == "--largest") {
      std::uint64_t mib = 0;
      const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), mib);
      if (error != std::errc{} || end != value.data() + value.size() || mib < 64 ||
          mib > max_medium_size >> 20U) {
        return base::fail(word + " " + value + ": a number of MiB from 64 on");
      }
      (word == "--quota" ? options.limits.total : options.limits.largest) = mib << 20U;
    } else {
      return base::fail("unknown option " + word);
    }
  }
  return options;
}

}  // namespace blockproxy::snapshot
