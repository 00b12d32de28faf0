// SPDX-License-Identifier: GPL-2.0-or-later
// One call that policy is asked about: who wants which service of whom.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/wire/result.hpp"
#include "policy/device_facts.hpp"

namespace policy {

// The longest service with argument, and the longest name of a qube or target token.
inline constexpr std::size_t max_call = 256;
inline constexpr std::size_t max_name = 63;

struct Request {
  std::string source;    // known from the transport, never from the caller
  std::string target;    // as asked for: a name, @default, @adminvm, @dispvm, @dispvm:NAME
  std::string service;   // without argument
  std::string argument;  // "+2-1", or "+" for a call without argument
  // The remote qube that `source` says it calls for, as its relay; empty: for itself.
  std::string requested_source = {};
  // What conditions of rules are about; nothing where the call is about no device.
  std::optional<DeviceFacts> device = {};
};

// Splits "qubes.USB+2-1" at the first plus. As in qrexec, a character that is in no service name
// becomes '_', and an empty service or one that starts with '+' is refused.
struct ServiceCall {
  std::string service;
  std::string argument;
};
base::Result<ServiceCall> parse_service_call(std::string_view untrusted_call);

// The same for a whole call. An empty target means @default.
base::Result<Request> parse_request(std::string_view source, std::string_view untrusted_target,
                                    std::string_view untrusted_call);

// "qubes.USB+2-1", or "qubes.USB" without argument.
std::string call_name(const Request& request);

}  // namespace policy
