// SPDX-License-Identifier: GPL-2.0-or-later
// USB devices as sysfs shows them; see the header.
#include "sys-usb/io/usb_sysfs.hpp"

#include <sodium.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "base/hash/digest.hpp"
#include "base/io/files.hpp"
#include "sys-usb/described_interfaces.hpp"

namespace sysusb {
namespace {

namespace fs = std::filesystem;

// The device descriptor and eight configurations of 65535 bytes; more than the kernel takes.
constexpr std::size_t max_descriptors = 18 + std::size_t{8} * 65535;
constexpr std::uint32_t hub_class = 9;

// A device's own text, cut.
std::string text_of(const fs::path& file) {
  auto text = base::io::read_attribute(file);
  if (text.size() > max_text) text.resize(max_text);
  return text;
}

template <class Number>
std::optional<Number> number_of(const fs::path& file, int base) {
  const std::string text = text_of(file);
  const auto begin = std::find_if(text.begin(), text.end(), [](char c) { return c != ' '; });
  const char* first = text.data() + (begin - text.begin());
  Number value = 0;
  const auto parsed = std::from_chars(first, text.data() + text.size(), value, base);
  if (parsed.ec != std::errc{}) return std::nullopt;
  return value;
}

// As USBGuard 1.1 computes it (its Device::updateHash): the texts as sysfs shows them, uncut, and
// the descriptors, one behind the other with nothing between.
std::string usbguard_hash_of(const fs::path& folder, const std::string& descriptors) {
  std::string all;
  for (const char* attribute : {"product", "idVendor", "idProduct", "serial"}) {
    all += base::io::read_attribute(folder / attribute);
  }
  all += descriptors;
  // libsodium's and not base/hash/sha256, which would bring libcrypto into sys-usb for this alone.
  static_assert(usbguard_hash_size == crypto_hash_sha256_BYTES);
  std::array<std::byte, usbguard_hash_size> digest{};
  crypto_hash_sha256(static_cast<unsigned char*>(static_cast<void*>(digest.data())),
                     static_cast<const unsigned char*>(static_cast<const void*>(all.data())),
                     all.size());
  return std::string(base::wire::as_text(digest));
}

// What the descriptors tell beyond the active configuration; nothing when the kernel does not show
// them.
void add_descriptors(const fs::path& folder, DeviceRecord& record) {
  const auto descriptors = base::io::read_file(folder / "descriptors", max_descriptors);
  if (!descriptors || descriptors->empty()) return;
  const auto digest = base::hash::digest_of(base::wire::as_bytes(*descriptors));
  record.descriptors_hash = std::string(base::wire::as_text(digest));
  record.usbguard_hash = usbguard_hash_of(folder, *descriptors);
  if (auto described = described_interfaces(base::wire::as_bytes(*descriptors))) {
    record.described = *std::move(described);
  }
}

// "3.20" or " 2.00": binary coded decimal with a dot.
std::uint16_t version_of(const fs::path& file) {
  std::string text = text_of(file);
  std::erase_if(text, [](char c) { return c == '.' || c == ' '; });
  std::uint16_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value, 16);
  return value;
}

Speed speed_of(const fs::path& file) {
  const std::string text = text_of(file);
  if (text == "1.5") return Speed::low;
  if (text == "12") return Speed::full;
  if (text == "480") return Speed::high;
  if (text == "5000" || text == "10000" || text == "20000") return Speed::super;
  return Speed::unknown;
}

// Directories "PORT:CONFIGURATION.INTERFACE" below the device, by number.
std::vector<Interface> interfaces_of(const fs::path& folder, const std::string& port_id,
                                     std::uint32_t configuration) {
  std::vector<Interface> found;
  const std::string prefix = port_id + ":" + std::to_string(configuration) + ".";
  for (std::uint32_t number = 0; number < 256 && found.size() < max_interfaces; ++number) {
    const fs::path each = folder / (prefix + std::to_string(number));
    const auto interface_class = number_of<std::uint8_t>(each / "bInterfaceClass", 16);
    if (!interface_class) continue;
    found.push_back(Interface{
        .interface_class = *interface_class,
        .subclass = number_of<std::uint8_t>(each / "bInterfaceSubClass", 16).value_or(0),
        .protocol = number_of<std::uint8_t>(each / "bInterfaceProtocol", 16).value_or(0)});
  }
  return found;
}

std::optional<fs::path> folder_of(const fs::path& sysfs, const std::string& port_id) {
  if (!valid_port_id(port_id)) return std::nullopt;
  std::error_code error;
  fs::path folder = fs::canonical(sysfs / "bus/usb/devices" / port_id, error);
  if (error || folder.native().find("/vhci_hcd") != std::string::npos) return std::nullopt;
  const auto device_class = number_of<std::uint32_t>(folder / "bDeviceClass", 16);
  if (!device_class || *device_class == hub_class) return std::nullopt;
  return folder;
}

}  // namespace

std::vector<std::string> list_ports(const fs::path& sysfs) {
  std::vector<std::string> ports;
  std::error_code error;
  for (fs::directory_iterator each(sysfs / "bus/usb/devices", error), end; !error && each != end;
       each.increment(error)) {
    std::string name = each->path().filename();
    if (folder_of(sysfs, name)) ports.push_back(std::move(name));
  }
  std::ranges::sort(ports);
  if (ports.size() > max_devices) ports.resize(max_devices);
  return ports;
}

std::optional<SeenDevice> read_device(const fs::path& sysfs, const std::string& port_id) {
  const auto folder = folder_of(sysfs, port_id);
  if (!folder) return std::nullopt;
  const auto bus = number_of<std::uint8_t>(*folder / "busnum", 10);
  const auto device = number_of<std::uint8_t>(*folder / "devnum", 10);
  const auto vendor = number_of<std::uint16_t>(*folder / "idVendor", 16);
  const auto product = number_of<std::uint16_t>(*folder / "idProduct", 16);
  if (!bus || !device || !vendor || !product) return std::nullopt;

  SeenDevice seen;
  seen.record = DeviceRecord{
      .port_id = port_id,
      .bus = *bus,
      .device = *device,
      .speed = speed_of(*folder / "speed"),
      .vendor_id = *vendor,
      .product_id = *product,
      .device_version = number_of<std::uint16_t>(*folder / "bcdDevice", 16).value_or(0),
      .usb_version = version_of(*folder / "version"),
      .manufacturer = text_of(*folder / "manufacturer"),
      .product = text_of(*folder / "product"),
      .serial = text_of(*folder / "serial"),
      .interfaces = {}};
  seen.in_reset = *device == 0;
  add_descriptors(*folder, seen.record);
  const auto configuration = number_of<std::uint32_t>(*folder / "bConfigurationValue", 10);
  const auto count = number_of<std::uint32_t>(*folder / "bNumInterfaces", 10);
  if (configuration && count) {
    seen.record.interfaces = interfaces_of(*folder, port_id, *configuration);
    seen.complete = seen.record.interfaces.size() == std::min<std::size_t>(*count, max_interfaces);
  }
  return seen;
}

}  // namespace sysusb
