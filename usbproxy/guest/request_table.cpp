// SPDX-License-Identifier: GPL-2.0-or-later
#include "usbproxy/guest/request_table.hpp"

#include <algorithm>
#include <utility>

namespace usbproxy::guest {

bool RequestTable::add(Number number, const Request& request) {
  if (!numbers_.emplace(request.id, number).second) return false;
  requests_.emplace(number, Entry{.request = request, .held = std::nullopt});
  order_[queue_of(request.endpoint)].push_back(number);
  bytes_sent_ += request.sent;
  return true;
}

const Request* RequestTable::find(Number number) const {
  const auto found = requests_.find(number);
  return found == requests_.end() || found->second.held ? nullptr : &found->second.request;
}

bool RequestTable::is_first(Number number) const {
  const Request& request = requests_.at(number).request;
  return request.stream != 0 || order_[queue_of(request.endpoint)].front() == number;
}

void RequestTable::hold(Number number, Answer answer) {
  requests_.at(number).held = std::move(answer);
}

void RequestTable::erase(Number number) {
  const auto found = requests_.find(number);
  if (found == requests_.end()) return;
  auto& queue = order_[queue_of(found->second.request.endpoint)];
  std::erase(queue, number);
  bytes_sent_ -= found->second.request.sent;
  numbers_.erase(found->second.request.id);
  requests_.erase(found);
}

std::optional<RequestTable::Ready> RequestTable::take_ready(std::uint8_t endpoint) {
  const auto& queue = order_[queue_of(endpoint)];
  if (queue.empty()) return std::nullopt;
  const Number number = queue.front();
  Entry& entry = requests_.at(number);
  if (!entry.held) return std::nullopt;
  Ready ready{.request = entry.request, .answer = std::move(*entry.held)};
  erase(number);
  return ready;
}

std::optional<RequestTable::Dropped> RequestTable::drop(std::uint64_t id) {
  const auto found = numbers_.find(id);
  if (found == numbers_.end()) return std::nullopt;
  const Number number = found->second;
  const Entry& entry = requests_.at(number);
  const Dropped dropped{
      .number = number, .request = entry.request, .was_answered = entry.held.has_value()};
  erase(number);
  return dropped;
}

}  // namespace usbproxy::guest
