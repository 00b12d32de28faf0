// SPDX-License-Identifier: GPL-2.0-or-later
// rig_guest: PID 1 of a test machine. Runs the shell commands that come over the virtio-serial port
// `rig` (tests/rig/wire.hpp), one after another, and reaps everything that is left behind.
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "tests/rig/guest/guest.hpp"

int main() {
  const auto port = rig::guest::open_port();
  if (!port) {
    std::fprintf(stderr, "rig_guest: %s\n", port.error().text.c_str());
    return EXIT_FAILURE;
  }
  auto guest = rig::guest::Guest::create(*port);
  if (!guest) {
    std::fprintf(stderr, "rig_guest: %s\n", guest.error().text.c_str());
    return EXIT_FAILURE;
  }
  for (;;) guest->serve_one();
}
