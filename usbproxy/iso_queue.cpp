// SPDX-License-Identifier: GPL-2.0-or-later
#include "usbproxy/iso_queue.hpp"

#include <cstdlib>
#include <utility>

namespace usbproxy {

bool IsoQueue::has_room(std::size_t packets, std::size_t bytes) const {
  return size_ < max_requests && packets <= max_packets - packets_ && bytes <= max_bytes - bytes_;
}

void IsoQueue::push_back(std::uint32_t seqnum, std::span<const usbip::IsoPlace> packets,
                         base::wire::Bytes data) {
  if (size_ == max_requests) std::abort();  // our own fault, and never a peer's
  IsoRequest& one = at(size_++);
  one.seqnum = seqnum;
  one.sent = false;
  one.packets.assign(packets.begin(), packets.end());
  one.data.assign(data.begin(), data.end());
  packets_ += packets.size();
  bytes_ += data.size();
}

void IsoQueue::mark_sent(IsoRequest& request) {
  request.sent = true;
  bytes_ -= request.data.size();
  request.data.clear();
}

void IsoQueue::erase(std::uint32_t seqnum) {
  std::size_t index = 0;
  while (index < size_ && at(index).seqnum != seqnum) ++index;
  if (index == size_) return;
  packets_ -= at(index).packets.size();
  bytes_ -= at(index).data.size();
  if (index == 0) {
    first_ = (first_ + 1) % max_requests;
  } else {
    for (; index + 1 < size_; ++index) std::swap(at(index), at(index + 1));
  }
  --size_;
}

}  // namespace usbproxy
