// SPDX-License-Identifier: GPL-2.0-or-later
#include "usbproxy/exported/iso_sender.hpp"

#include <utility>

namespace usbproxy::exported {

IsoSender::IsoSender(std::uint16_t packet_size, std::uint8_t packets, std::size_t requests)
    : packet_size_(packet_size), packets_(packets), requests_(requests) {}

void IsoSender::push(base::wire::Bytes packet) {
  gathered_.places.push_back({.offset = static_cast<std::uint32_t>(gathered_.data.size()),
                              .length = static_cast<std::uint32_t>(packet.size())});
  gathered_.data.insert(gathered_.data.end(), packet.begin(), packet.end());
  gathered_.data.resize(gathered_.places.size() * packet_size_);
  if (gathered_.places.size() < packets_) return;
  if (whole_.size() == requests_) whole_.pop_front();
  whole_.push_back(std::exchange(gathered_, {}));
}

std::optional<IsoSender::Request> IsoSender::next(std::size_t under_way) {
  if (under_way == 0 && whole_.empty()) running_ = false;
  if (!running_ && whole_.size() < (requests_ + 1) / 2) return std::nullopt;
  running_ = true;
  if (whole_.empty() || under_way >= requests_) return std::nullopt;
  Request request = std::move(whole_.front());
  whole_.pop_front();
  return request;
}

}  // namespace usbproxy::exported
