// SPDX-License-Identifier: GPL-2.0-or-later
#include "block-proxy/io/lent_device.hpp"

#include <charconv>

#include "agent/devices/client.hpp"
#include "base/io/files.hpp"
#include "base/wire/escape.hpp"
#include "sys-usb/block_record.hpp"

namespace blockproxy::io {
namespace {

struct Number {
  std::uint32_t major = 0;
  std::uint32_t minor = 0;
};

// "8:1"
std::optional<Number> parse_number(std::string_view text) {
  Number number;
  const char* end = text.data() + text.size();
  const auto major = std::from_chars(text.data(), end, number.major);
  if (major.ec != std::errc{} || major.ptr == end || *major.ptr != ':') return std::nullopt;
  const auto minor = std::from_chars(major.ptr + 1, end, number.minor);
  if (minor.ec != std::errc{} || minor.ptr != end) return std::nullopt;
  return number;
}

}  // namespace

base::Result<base::io::Fd> borrow_device(const std::string& untrusted_name, nbd::Access access,
                                         const std::filesystem::path& devices_socket,
                                         const std::filesystem::path& sysfs) {
  if (!sysusb::valid_block_id(untrusted_name)) {
    return base::fail("'" + base::wire::escape(untrusted_name) + "' is no name of a block device");
  }
  const auto number =
      parse_number(base::io::read_attribute(sysfs / "class/block" / untrusted_name / "dev"));
  if (!number) return base::fail("no block device " + untrusted_name + " here; was it unplugged?");
  auto helper = agent::devices::Client::connect(devices_socket);
  if (!helper) return base::fail(helper.error().text);
  using agent::devices::BlockAccess;
  auto opened = helper->open_block(
      number->major, number->minor,
      access == nbd::Access::read_only ? BlockAccess::read_only : BlockAccess::read_write);
  if (!opened) return base::fail(opened.error().text);
  return *std::move(opened);
}

}  // namespace blockproxy::io
