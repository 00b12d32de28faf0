// SPDX-License-Identifier: GPL-2.0-or-later
// The input streams that run now, by the device that each belongs to. Pure.
#pragma once

#include <cstddef>
#include <map>
#include <string>

#include "agent/control.hpp"
#include "policy/request.hpp"

namespace dom0 {

// A device is a qube and a place of its (dom0/input_argument.hpp): a keyboard with three event
// nodes has three streams and is one device.
class InputStreams {
 public:
  void add(agent::CallId id, const policy::Request& request) { streams_[id] = request; }
  void remove(agent::CallId id) { streams_.erase(id); }
  // nullptr: no such stream.
  const policy::Request* find(agent::CallId id) const;
  bool any_of(const std::string& source, const std::string& argument) const;
  // Devices of the qube that are keyboards, beside the one of `request`: another node of a device
  // that is there makes no further keyboard.
  std::size_t keyboards_beside(const policy::Request& request) const;
  const std::map<agent::CallId, policy::Request>& all() const { return streams_; }

 private:
  std::map<agent::CallId, policy::Request> streams_;
};

}  // namespace dom0
