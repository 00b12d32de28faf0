// SPDX-License-Identifier: GPL-2.0-or-later
// What has to be asked of a device behind USB/IP before usbredir can say what it is.
#pragma once

#include <cstdint>
#include <optional>

#include "base/wire/result.hpp"
#include "usbproxy/firewall/descriptor_reader.hpp"

namespace usbproxy::exported {

// One request after the other: all descriptors, checked as the firewall does, then the first
// configuration is set. usbip-host takes a device without one, or with whatever the last target
// left; and a HID interface tells its report descriptor in its configuration only. The target's
// kernel chooses for itself later.
class Introduction {
 public:
  explicit Introduction(Speed speed) : reader_(speed, 0) {}

  // The request that waits for its answer; nothing: all is known.
  std::optional<Setup> question() const;
  // Its answer, no longer than was asked; nothing: the device did not give it.
  base::Status answered(std::optional<base::wire::Bytes> untrusted);

  // Once all is known.
  const firewall::Device& device() const { return reader_.device(); }
  std::uint8_t configuration() const;

 private:
  firewall::DescriptorReader reader_;
  bool configured_ = false;
};

}  // namespace usbproxy::exported
