// SPDX-License-Identifier: GPL-2.0-or-later
// OutQueue: see the header.
#include "usbproxy/out_queue.hpp"

#include <algorithm>
#include <array>

namespace usbproxy {

void OutQueue::took(std::size_t count) {
  taken_ += std::min(count, size());
  if (taken_ == bytes_.size()) {
    bytes_.clear();
    taken_ = 0;
  } else if (taken_ > bytes_.size() / 2) {
    bytes_.erase(bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(taken_));
    taken_ = 0;
  }
}

void OutQueue::add_payload(base::wire::Bytes payload) {
  if (writer_ && payload.size() >= direct_size) {
    const std::size_t before = size();
    const std::array parts{waiting(), payload};
    const std::size_t count = writer_(parts);
    took(std::min(count, before));
    payload = payload.subspan(std::min(payload.size(), count - std::min(count, before)));
  }
  bytes_.insert(bytes_.end(), payload.begin(), payload.end());
}

void OutQueue::flush() {
  if (!writer_ || empty()) return;
  const std::array parts{waiting()};
  took(writer_(parts));
}

void OutQueue::clear() {
  bytes_.clear();
  taken_ = 0;
}

}  // namespace usbproxy
