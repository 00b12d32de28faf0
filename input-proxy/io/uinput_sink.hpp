// SPDX-License-Identifier: GPL-2.0-or-later
// A device of this machine's kernel that plays what was received (/dev/uinput).
#pragma once

#include <span>
#include <string>

#include "base/io/fd.hpp"
#include "input-proxy/capabilities.hpp"
#include "input-proxy/event.hpp"

namespace inputproxy::io {

struct Appearance {
  std::string name;  // "QUBE: what the device says", cut to what the kernel takes
  std::string phys;  // for udev rules: "sallyport/QUBE/ARGUMENT"
  std::uint16_t vendor = 0xffff;
  std::uint16_t product = 0xffff;
};

// Owns the made device: with the object it goes, and its kernel releases every key.
class UinputSink {
 public:
  // `uinput` is open for reading and writing, non-blocking.
  static base::Result<UinputSink> make(base::io::Fd uinput, const Capabilities& device,
                                       const Appearance& appearance);

  int fd() const { return uinput_.get(); }
  base::Status write(std::span<const Event> events);
  // What the kernel wants of the device: lights. Fills the front; 0: nothing now.
  base::Result<std::size_t> read(std::span<Event> feedback);

 private:
  explicit UinputSink(base::io::Fd uinput) : uinput_(std::move(uinput)) {}

  base::io::Fd uinput_;
};

}  // namespace inputproxy::io
