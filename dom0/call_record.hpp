// SPDX-License-Identifier: GPL-2.0-or-later
// What the relay keeps, with its stream, of a call between two qubes that carries no device, so
// that its end can be told in full even by a daemon that did not see its beginning.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "base/wire/reader.hpp"
#include "dom0/who.hpp"

namespace dom0 {

struct CallRecord {
  bool input = false;  // an input device: a daemon that starts anew ends it
  std::string source = {};
  std::string target = {};
  std::string service = {};  // with its argument
  std::string rule = {};     // FILE:LINE that allowed it
  std::string approver = {};
  Who who = {};
  std::int64_t since = 0;  // seconds since 1970

  friend bool operator==(const CallRecord&, const CallRecord&) = default;
};

// "call key='value' ...": never what a lease begins with (dom0/lease.hpp).
std::vector<std::byte> encode_call_record(const CallRecord& record);
std::optional<CallRecord> parse_call_record(base::wire::Bytes record);

}  // namespace dom0
