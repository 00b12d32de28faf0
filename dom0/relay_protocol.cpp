// SPDX-License-Identifier: GPL-2.0-or-later
#include "dom0/relay_protocol.hpp"

#include <cstdlib>

#include "base/wire/writer.hpp"

namespace dom0 {
namespace {

using base::Unexpected;
using base::wire::Bytes;
using base::wire::Reader;
using base::wire::Writer;

void put_record(Writer& out, const std::vector<std::byte>& record) {
  if (record.size() > max_relay_record) std::abort();  // ours: a lease's record is bounded
  out.u16(static_cast<std::uint16_t>(record.size())).bytes(record);
}

// Reads the record that ends every message; empty result: too long.
bool take_record(Reader& in, std::vector<std::byte>& record) {
  const std::size_t size = in.u16();
  if (size > max_relay_record) return false;
  const Bytes bytes = in.take(size);
  record.assign(bytes.begin(), bytes.end());
  return true;
}

}  // namespace

const char* describe(CallEnd end) {
  switch (end) {
    case CallEnd::none:
      return "still running";
    case CallEnd::caller_closed:
      return "the calling side closed the stream";
    case CallEnd::service_closed:
      return "the serving side closed the stream";
    case CallEnd::both_closed:
      return "both sides closed the stream";
    case CallEnd::ended_by_daemon:
      return "ended on request";
    case CallEnd::daemon_away:
      return "ended by the relay: the daemon did not come back in time";
    case CallEnd::too_many_calls:
      return "refused by the relay: too many calls at once";
  }
  return "unknown";
}

std::vector<std::byte> encode(const RelayRequest& request) {
  std::vector<std::byte> wire;
  Writer out(wire);
  out.u8(static_cast<std::uint8_t>(request.type))
      .u32(request.call.value)
      .u8(static_cast<std::uint8_t>(request.half_close));
  put_record(out, request.record);
  return wire;
}

std::vector<std::byte> encode(const RelayReport& report) {
  std::vector<std::byte> wire;
  Writer out(wire);
  out.u8(static_cast<std::uint8_t>(report.type))
      .u32(report.call.value)
      .u8(static_cast<std::uint8_t>(report.end))
      .u64(report.bytes_to_service)
      .u64(report.bytes_to_caller);
  put_record(out, report.record);
  return wire;
}

base::Result<RelayRequest, RelayError> parse_relay_request(Bytes untrusted) {
  Reader in(untrusted);
  RelayRequest request;
  const std::uint8_t type = in.u8();
  request.call = {in.u32()};
  const std::uint8_t half_close = in.u8();
  if (!take_record(in, request.record)) return Unexpected{RelayError::record_too_long};
  if (!in.done() || half_close > 1) return Unexpected{RelayError::malformed};
  if (type < 1 || type > 4) return Unexpected{RelayError::unknown_type};
  request.type = RelayRequest::Type{type};
  request.half_close = HalfClose{half_close};
  return request;
}

base::Result<RelayReport, RelayError> parse_relay_report(Bytes untrusted) {
  Reader in(untrusted);
  RelayReport report;
  const std::uint8_t type = in.u8();
  report.call = {in.u32()};
  const std::uint8_t end = in.u8();
  report.bytes_to_service = in.u64();
  report.bytes_to_caller = in.u64();
  if (!take_record(in, report.record)) return Unexpected{RelayError::record_too_long};
  if (!in.done() || end > static_cast<std::uint8_t>(CallEnd::too_many_calls)) {
    return Unexpected{RelayError::malformed};
  }
  if (type < 129 || type > 131) return Unexpected{RelayError::unknown_type};
  report.type = RelayReport::Type{type};
  report.end = CallEnd{end};
  return report;
}

}  // namespace dom0
