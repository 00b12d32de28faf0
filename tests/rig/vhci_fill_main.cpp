// SPDX-License-Identifier: GPL-2.0-or-later
// rig_vhci_fill [N]: attaches a device that never answers to every super speed port of vhci_hcd,
// which the rig's stick needs, or to those of its first N controllers; prints "full", and holds
// them until it is killed. Waits for ports in use.
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <limits>
#include <string>
#include <thread>
#include <vector>

#include "base/io/fd.hpp"

namespace {

constexpr char folder[] = "/sys/devices/platform/vhci_hcd.0/";
constexpr int free_port = 4;    // VDEV_ST_NULL
constexpr int super_speed = 5;  // enum usb_device_speed

struct Port {
  int number = 0;
  int state = 0;
};

// A status file: a line of headings, then "hs 0000 004 ..." or "ss 0008 004 ..." for each port.
void read_ports(std::ifstream status, std::vector<Port>& ports) {
  const auto next_line = [&status] {
    status.ignore(std::numeric_limits<std::streamsize>::max(), '\n');
  };
  next_line();
  std::string hub;
  for (Port port; status >> hub >> port.number >> port.state; next_line()) {
    if (hub == "ss") ports.push_back(port);
  }
}

// Of the first controllers: "status", "status.1" and so on.
std::vector<Port> read_ports(int controllers) {
  std::vector<Port> ports;
  std::string name = std::string(folder) + "status";
  for (int next = 1; next <= controllers && std::filesystem::exists(name); ++next) {
    read_ports(std::ifstream(name), ports);
    name = std::string(folder) + "status." + std::to_string(next);
  }
  return ports;
}

// The end that keeps the port taken.
base::Result<base::io::Fd> take(const Port& port) {
  auto sockets = base::io::stream_pair();
  if (!sockets) return base::fail(sockets.error().text);
  std::ofstream attach(std::string(folder) + "attach");
  attach << port.number << ' ' << sockets->second.get() << ' ' << 65536 + port.number << ' '
         << super_speed << std::flush;
  if (!attach) return base::fail("port " + std::to_string(port.number) + " cannot be taken");
  return std::move(sockets->first);
}

}  // namespace

int main(int argc, char** argv) {
  const int controllers = argc > 1 ? std::atoi(argv[1]) : std::numeric_limits<int>::max();
  std::vector<base::io::Fd> held;
  // A port whose device has just gone is in use a little longer.
  for (std::size_t ports = 1; held.size() < ports;) {
    const auto all = read_ports(controllers);
    if (all.empty()) {
      std::cerr << "rig_vhci_fill: no ports; is vhci_hcd loaded?\n";
      return EXIT_FAILURE;
    }
    ports = all.size();
    for (const Port& port : all) {
      if (port.state != free_port) continue;
      auto taken = take(port);
      if (!taken) {
        std::cerr << "rig_vhci_fill: " << taken.error().text << '\n';
        return EXIT_FAILURE;
      }
      held.push_back(std::move(*taken));
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  std::cout << "full" << std::endl;
  for (;;) ::pause();
}
