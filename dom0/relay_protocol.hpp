// SPDX-License-Identifier: GPL-2.0-or-later
// What the daemon and its relay tell each other over one AF_UNIX SOCK_SEQPACKET socket.
//
// The relay outlives the daemon, so it also keeps, for each call, a record that only the daemon
// understands: from these a restarted daemon learns its leases again.
#pragma once

#include <cstdint>
#include <vector>

#include "agent/control.hpp"
#include "base/wire/reader.hpp"
#include "base/wire/result.hpp"

namespace dom0 {

using agent::CallId;

inline constexpr std::size_t max_relay_record = 4096;
inline constexpr std::size_t max_relay_message = max_relay_record + 64;

enum class HalfClose : std::uint8_t {
  forward = 0,   // end of file one way is passed on; the other way stays open
  ends_call = 1  // device streams: the end of either side ends the call
};

// Wire: u8 type, u32 call, u8 half close, u16 length, record. `add` comes with two fds: the
// caller's stream, then the service's.
struct RelayRequest {
  enum class Type : std::uint8_t { add = 1, set_record = 2, end = 3, list = 4 };
  Type type = Type::list;
  CallId call = {};
  HalfClose half_close = HalfClose::forward;
  std::vector<std::byte> record = {};
  friend bool operator==(const RelayRequest&, const RelayRequest&) = default;
};

enum class CallEnd : std::uint8_t {
  none = 0,
  caller_closed = 1,
  service_closed = 2,
  both_closed = 3,
  ended_by_daemon = 4,
  daemon_away = 5,  // no daemon came back in time: calls without a master are ended
  too_many_calls = 6
};
const char* describe(CallEnd end);

// Wire: u8 type, u32 call, u8 end, u64 bytes to the service, u64 bytes to the caller, u16 length,
// record.
struct RelayReport {
  enum class Type : std::uint8_t { entry = 129, list_end = 130, ended = 131 };
  Type type = Type::list_end;
  CallId call = {};
  CallEnd end = CallEnd::none;
  std::uint64_t bytes_to_service = 0;
  std::uint64_t bytes_to_caller = 0;
  std::vector<std::byte> record = {};
  friend bool operator==(const RelayReport&, const RelayReport&) = default;
};

enum class RelayError { malformed, unknown_type, record_too_long };

std::vector<std::byte> encode(const RelayRequest& request);
std::vector<std::byte> encode(const RelayReport& report);
base::Result<RelayRequest, RelayError> parse_relay_request(base::wire::Bytes untrusted);
base::Result<RelayReport, RelayError> parse_relay_report(base::wire::Bytes untrusted);

}  // namespace dom0
