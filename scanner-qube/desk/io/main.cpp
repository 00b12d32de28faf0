// SPDX-License-Identifier: GPL-2.0-or-later
// sallyport-scans: scans of media, for people.
#include <iostream>

#include "base/io/fd.hpp"
#include "scanner-qube/desk/io/desk.hpp"

int main(int argc, char** argv) {
  try {
    const auto options =
        scannerqube::desk::DeskOptions::parse(std::vector<std::string>(argv + 1, argv + argc));
    if (!options || options->help) {
      (options ? std::cout : std::cerr)
          << (options ? "" : "sallyport-scans: " + options.error().text + "\n")
          << scannerqube::desk::desk_usage;
      return options ? 0 : 2;
    }
    const base::io::Log log("sallyport-scans");
    base::io::ignore_sigpipe();
    const auto done = scannerqube::desk::run_desk(*options, log);
    if (done) return 0;
    log.error("failed", {{"reason", done.error().text}});
  } catch (const std::exception& error) {
    std::cerr << "sallyport-scans: " << error.what() << '\n';
  }
  return 1;
}
