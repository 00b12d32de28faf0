// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/attacks/guest/side.hpp"

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <limits>

#include "base/io/files.hpp"

namespace attacks {
namespace {

constexpr int free_state = 4;  // VDEV_ST_NULL
constexpr std::size_t max_file = 65536;

base::Status write_attribute(const std::filesystem::path& file, const char* text) {
  std::ofstream out(file);
  out << text << std::flush;
  if (!out) return base::fail("cannot write " + file.string());
  return base::Ok{};
}

}  // namespace

base::Status forbid_drivers_on_source() {
  const auto hubs = hub_folders(source_controller);
  if (hubs.empty()) return base::fail("vhci_hcd has no controller 7: is it loaded?");
  for (const auto& hub : hubs) {
    if (auto done = write_attribute(hub / "interface_authorized_default", "0"); !done) return done;
  }
  return base::Ok{};
}

std::set<std::filesystem::path> devices_on(unsigned controller) {
  std::set<std::filesystem::path> found;
  std::error_code ignored;
  for (const auto& hub : hub_folders(controller)) {
    const std::string prefix = hub.filename().string().substr(3) + "-";
    for (const auto& entry : std::filesystem::directory_iterator(hub, ignored)) {
      const std::string name = entry.path().filename().string();
      if (name.starts_with(prefix) && name.find(':') == std::string::npos)
        found.insert(entry.path());
    }
  }
  return found;
}

std::vector<std::filesystem::path> interfaces_of(const std::filesystem::path& device) {
  std::vector<std::filesystem::path> found;
  std::error_code ignored;
  const std::string prefix = device.filename().string() + ":";
  for (const auto& entry : std::filesystem::directory_iterator(device, ignored)) {
    if (entry.path().filename().string().starts_with(prefix)) found.push_back(entry.path());
  }
  return found;
}

std::vector<std::string> drivers_of(const std::filesystem::path& device) {
  std::vector<std::string> names;
  for (const auto& interface : interfaces_of(device)) {
    std::error_code error;
    const auto driver = std::filesystem::read_symlink(interface / "driver", error);
    if (!error) names.push_back(driver.filename().string());
  }
  return names;
}

bool is_configured(const std::filesystem::path& device) {
  if (base::io::read_attribute(device / "bConfigurationValue").empty()) return false;
  const std::string wanted = base::io::read_attribute(device / "bNumInterfaces");
  return interfaces_of(device).size() >= std::strtoul(wanted.c_str(), nullptr, 10);
}

base::Status authorise_interfaces(const std::filesystem::path& device) {
  for (const auto& interface : interfaces_of(device)) {
    if (auto done = write_attribute(interface / "authorized", "1"); !done) return done;
  }
  return base::Ok{};
}

std::string node_of(const std::filesystem::path& device) {
  const auto number = [&device](const char* name) {
    return std::strtoul(base::io::read_attribute(device / name).c_str(), nullptr, 10);
  };
  char text[64];
  std::snprintf(text, sizeof text, "/dev/bus/usb/%03lu/%03lu", number("busnum"), number("devnum"));
  return text;
}

unsigned ports_in_use() {
  unsigned used = 0;
  for (unsigned i = 0; i < controllers; ++i) {
    const std::string suffix = i == 0 ? "" : "." + std::to_string(i);
    std::ifstream status("/sys/devices/platform/vhci_hcd.0/status" + suffix);
    const auto next_line = [&status] {
      status.ignore(std::numeric_limits<std::streamsize>::max(), '\n');
    };
    next_line();
    std::string hub;
    int number = 0;
    for (int state = 0; status >> hub >> number >> state; next_line()) {
      if (state != free_state) ++used;
    }
  }
  return used;
}

long available_memory_mib() {
  std::ifstream file("/proc/meminfo");
  std::string key;
  while (file >> key) {
    long value = 0;
    if (file >> value && key == "MemAvailable:") return value / 1024;
    file.ignore(std::numeric_limits<std::streamsize>::max(), '\n');
  }
  return 0;
}

long taint() {
  const auto text = base::io::read_file("/proc/sys/kernel/tainted", max_file);
  return text ? std::strtol(text->c_str(), nullptr, 10) : -1;
}

}  // namespace attacks
