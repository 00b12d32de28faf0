// SPDX-License-Identifier: GPL-2.0-or-later
// The USB device behind a disk; see the header.
#include "tests/bench/guest_usb.hpp"

#include <fcntl.h>
#include <linux/usbdevice_fs.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <string>
#include <vector>

#include "base/io/fd.hpp"
#include "base/io/files.hpp"
#include "tests/bench/guest_program.hpp"

namespace bench_guest {
namespace {

using base::io::Fd;

constexpr unsigned interface_number = 0;
// Of QEMU's usb-storage (hw/usb/dev-storage.c).
constexpr unsigned in_endpoint = 0x81, out_endpoint = 0x02;
constexpr unsigned timeout_ms = 5000;
// Not counted: the first ones bring code into caches, and take a pending unit attention.
constexpr long warm_up = 50;

using Wrapper = std::array<unsigned char, 31>;
using StatusBlock = std::array<unsigned char, 13>;

// Bulk-Only Transport 1.0, 5.1: no data, a command of 6 bytes; TEST UNIT READY is all zeroes.
constexpr Wrapper test_unit_ready = {'U', 'S', 'B', 'C', 's', 'a', 'l', 'l', 0, 0, 0, 0, 0, 0, 6};

std::filesystem::path device_of(const std::filesystem::path& disk) {
  std::error_code error;
  auto folder = std::filesystem::canonical("/sys/class/block" / disk.filename(), error);
  while (!error && folder.has_relative_path()) {
    if (std::filesystem::exists(folder / "busnum", error)) return folder;
    folder = folder.parent_path();
  }
  return {};
}

std::optional<std::uint64_t> number_in(const std::filesystem::path& file) {
  const std::string text = base::io::read_attribute(file);
  std::uint64_t value = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  if (parsed.ec != std::errc{} || text.empty()) return std::nullopt;
  return value;
}

std::string node_of(const std::filesystem::path& device) {
  char name[64];
  std::snprintf(name, sizeof name, "/dev/bus/usb/%03u/%03u",
                static_cast<unsigned>(number_in(device / "busnum").value_or(0)),
                static_cast<unsigned>(number_in(device / "devnum").value_or(0)));
  return name;
}

bool transfer(const Fd& node, unsigned endpoint, unsigned char* data, unsigned size) {
  usbdevfs_bulktransfer request{.ep = endpoint, .len = size, .timeout = timeout_ms, .data = data};
  return ::ioctl(node.get(), USBDEVFS_BULK, &request) == static_cast<int>(size);
}

// The seconds of one exchange; nothing if the device did not say that it is ready.
std::optional<double> exchange(const Fd& node) {
  Wrapper wrapper = test_unit_ready;
  StatusBlock status{};
  const auto start = Clock::now();
  if (!transfer(node, out_endpoint, wrapper.data(), wrapper.size())) return std::nullopt;
  if (!transfer(node, in_endpoint, status.data(), status.size())) return std::nullopt;
  const double seconds = seconds_since(start);
  // Its signature, our tag, nothing left, "passed" (5.2).
  constexpr StatusBlock passed = {'U', 'S', 'B', 'S', 's', 'a', 'l', 'l', 0, 0, 0, 0, 0};
  if (status != passed) return std::nullopt;
  return seconds;
}

// A driver comes back on its own only when the device does.
bool give_back(const Fd& node) {
  unsigned number = interface_number;
  if (::ioctl(node.get(), USBDEVFS_RELEASEINTERFACE, &number) != 0) return false;
  usbdevfs_ioctl request{
      .ifno = static_cast<int>(interface_number), .ioctl_code = USBDEVFS_CONNECT, .data = nullptr};
  return ::ioctl(node.get(), USBDEVFS_IOCTL, &request) >= 0;
}

}  // namespace

std::optional<std::uint64_t> requests_of(const std::filesystem::path& disk) {
  return number_in(device_of(disk) / "urbnum");
}

int round_trips(const char* disk, long count) {
  const Fd node(::open(node_of(device_of(disk)).c_str(), O_RDWR | O_CLOEXEC));
  if (!node) return complain("open the device behind the disk");
  usbdevfs_disconnect_claim claim{};
  claim.interface = interface_number;
  if (::ioctl(node.get(), USBDEVFS_DISCONNECT_CLAIM, &claim) != 0) return complain("claim");
  std::vector<double> seconds;
  seconds.reserve(static_cast<std::size_t>(count));
  for (long i = 0; i < warm_up + count; ++i) {
    const auto one = exchange(node);
    if (i < warm_up) continue;
    if (!one) return complain("a round trip");
    seconds.push_back(*one);
  }
  if (!give_back(node)) return complain("give the device back");
  std::sort(seconds.begin(), seconds.end());
  std::printf("%.9f %.9f\n", seconds[seconds.size() / 2], seconds[seconds.size() * 99 / 100]);
  return EXIT_SUCCESS;
}

}  // namespace bench_guest
