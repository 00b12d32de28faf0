// SPDX-License-Identifier: GPL-2.0-or-later
// The frames of the control connection between a qube's agent and dom0 (docs/protocol.md 1).
//
// Both directions are parsed here, each with its own function, so that neither end can be made to
// understand a message that is only its own to send.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "base/wire/hello.hpp"
#include "base/wire/reader.hpp"
#include "base/wire/result.hpp"
#include "base/wire/strong.hpp"

namespace agent {

using RequestId = base::Strong<struct RequestIdTag, std::uint32_t>;  // chosen by the agent
using CallId = base::Strong<struct CallIdTag, std::uint32_t>;        // chosen by dom0

inline constexpr std::size_t max_port_id = 31;
inline constexpr std::size_t max_qube_name = 63;  // with "@dispvm:" in front of a name
inline constexpr std::size_t max_service = 127;   // with "+argument"
inline constexpr std::size_t max_reason = 1024;
inline constexpr std::size_t max_options = 255;  // of a service, from policy
inline constexpr std::size_t max_status = 31;    // a word that a running service says

// Exit codes of a call that never ran, as qrexec has them (qrexec.h).
inline constexpr int exit_problem = 125;
// Ours: of an input device nobody could be asked; the same call may be answered later.
inline constexpr int exit_unasked = 124;
inline constexpr int exit_refused = 126;
inline constexpr int exit_no_service = 127;

// --- from the agent ---
struct InventoryReset {
  friend bool operator==(const InventoryReset&, const InventoryReset&) = default;
};
struct InventoryDevice {
  std::vector<std::byte> record;  // sys-usb/inventory_record.hpp, not parsed here
  friend bool operator==(const InventoryDevice&, const InventoryDevice&) = default;
};
struct InventoryRemove {
  std::string port_id;
  friend bool operator==(const InventoryRemove&, const InventoryRemove&) = default;
};
struct InventoryComplete {
  friend bool operator==(const InventoryComplete&, const InventoryComplete&) = default;
};
struct CallRequest {
  RequestId request;
  std::string target;
  std::string service;
  friend bool operator==(const CallRequest&, const CallRequest&) = default;
};
struct CallStarted {
  CallId call;
  friend bool operator==(const CallStarted&, const CallStarted&) = default;
};
struct CallExited {
  CallId call;
  std::int32_t exit_code = 0;
  std::string reason;
  friend bool operator==(const CallExited&, const CallExited&) = default;
};
// What a running service says of itself, such as an input receiver "paired".
struct CallStatus {
  CallId call;
  std::string word;
  friend bool operator==(const CallStatus&, const CallStatus&) = default;
};
struct Pong {
  std::uint64_t number = 0;
  friend bool operator==(const Pong&, const Pong&) = default;
};
using FromAgent = std::variant<InventoryReset, InventoryDevice, InventoryRemove, InventoryComplete,
                               CallRequest, CallStarted, CallExited, Pong, CallStatus>;

// --- from dom0 ---
struct CallAccepted {
  RequestId request;
  base::wire::Token token{};
  friend bool operator==(const CallAccepted&, const CallAccepted&) = default;
};
struct CallRefused {
  RequestId request;
  std::uint8_t exit_code = exit_refused;
  std::string reason;
  friend bool operator==(const CallRefused&, const CallRefused&) = default;
};
struct CallStart {
  CallId call;
  base::wire::Token token{};
  std::string service;
  std::string source;
  std::string requested_target;
  std::string options = {};  // what policy decided, for the service: words with blanks between
  friend bool operator==(const CallStart&, const CallStart&) = default;
};
struct CallCancel {
  CallId call;
  friend bool operator==(const CallCancel&, const CallCancel&) = default;
};
// An accepted call is over; its stream may have ended before or may be ending yet.
struct CallEnded {
  RequestId request;
  std::int32_t exit_code = 0;  // the service's own, or one of those above
  std::string reason;
  friend bool operator==(const CallEnded&, const CallEnded&) = default;
};
struct Ping {
  std::uint64_t number = 0;
  friend bool operator==(const Ping&, const Ping&) = default;
};
using FromDom0 = std::variant<CallAccepted, CallRefused, CallStart, CallCancel, Ping, CallEnded>;

enum class ControlError { truncated, trailing_bytes, unknown_type, field_too_long, bad_text };
const char* describe(ControlError error);

// Payloads for base::wire::append_frame / Channel::send. Reasons are cut at max_reason.
std::vector<std::byte> encode(const FromAgent& message);
std::vector<std::byte> encode(const FromDom0& message);
base::Result<FromAgent, ControlError> parse_from_agent(base::wire::Bytes untrusted);
base::Result<FromDom0, ControlError> parse_from_dom0(base::wire::Bytes untrusted);

}  // namespace agent
