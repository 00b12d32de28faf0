// SPDX-License-Identifier: GPL-2.0-or-later
// sallyport-scanner: machines for scans.
#include <sys/signalfd.h>

#include <csignal>
#include <iostream>

#include "scanner-qube/host/io/pool_options.hpp"

namespace {

int run(const scannerqube::io::MachinePoolOptions& options) {
  const base::io::Log log("sallyport-scanner");
  base::io::ignore_sigpipe();
  sigset_t ends{};
  ::sigemptyset(&ends);
  ::sigaddset(&ends, SIGTERM);
  ::sigaddset(&ends, SIGINT);
  ::sigprocmask(SIG_BLOCK, &ends, nullptr);
  const base::io::Fd stop(::signalfd(-1, &ends, SFD_CLOEXEC));
  scannerqube::io::MachinePool pool(options, log);
  const auto done = pool.run(stop);
  if (done) return 0;
  log.error("failed", {{"reason", done.error().text}});
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const auto given =
        scannerqube::io::PoolArguments::parse(std::vector<std::string>(argv + 1, argv + argc));
    if (given && !given->help) return run(given->options);
    (given ? std::cout : std::cerr)
        << (given ? "" : "sallyport-scanner: " + given.error().text + "\n")
        << scannerqube::io::pool_usage;
    return given ? 0 : 2;
  } catch (const std::exception& error) {
    std::cerr << "sallyport-scanner: " << error.what() << '\n';
    return 1;
  }
}
