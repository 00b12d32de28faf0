// SPDX-License-Identifier: GPL-2.0-or-later
// Isochronous OUT packets, one at a time, gathered into requests of several.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "usbproxy/usbip.hpp"

namespace usbproxy::exported {

// Holds back half of what may be under way before it begins, and again after it ran dry, as
// libusbredirhost does: the session sends that much ahead of its time. What comes while all places
// are taken replaces the oldest.
class IsoSender {
 public:
  struct Request {
    std::vector<std::byte> data = {};  // each packet's place has the full size: usbip-host wants it
    std::vector<usbip::IsoPlace> places = {};
  };

  // `packets` in each request and `requests` at once, 1 or more of each.
  IsoSender(std::uint16_t packet_size, std::uint8_t packets, std::size_t requests);

  void push(base::wire::Bytes packet);  // at most packet_size bytes
  // The next request to send, if it is time for one while `under_way` have no answer.
  std::optional<Request> next(std::size_t under_way);

 private:
  std::uint16_t packet_size_;
  std::uint8_t packets_;
  std::size_t requests_;
  bool running_ = false;
  Request gathered_;
  std::deque<Request> whole_;
};

}  // namespace usbproxy::exported
