// SPDX-License-Identifier: GPL-2.0-or-later
#include "agent/control.hpp"

#include <algorithm>
#include <bit>
#include <optional>

#include "base/wire/writer.hpp"

namespace agent {
namespace {

using base::Unexpected;
using base::wire::Bytes;
using base::wire::Reader;
using base::wire::Writer;

enum class Type : std::uint8_t {
  inventory_reset = 1,
  inventory_device = 2,
  inventory_remove = 3,
  inventory_complete = 4,
  call_request = 5,
  call_started = 6,
  call_exited = 7,
  pong = 8,
  call_status = 9,
  call_accepted = 65,
  call_refused = 66,
  call_start = 67,
  call_cancel = 68,
  ping = 69,
  call_ended = 70,
};

// A reader that remembers the first thing that was wrong beyond being short.
class Fields {
 public:
  explicit Fields(Bytes untrusted) : in_(untrusted) {}

  std::uint8_t u8() { return in_.u8(); }
  std::uint32_t u32() { return in_.u32(); }
  std::uint64_t u64() { return in_.u64(); }
  Bytes rest() { return in_.take(in_.rest().size()); }

  // Names and services: printable ASCII without blanks; what they may be is decided by policy.
  std::string name(std::size_t limit) {
    std::string text = short_text(in_.u8(), limit);
    const bool plain =
        std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7f; });
    if (!plain || text.empty()) note(ControlError::bad_text);
    return text;
  }
  std::string reason() { return short_text(in_.u16(), max_reason); }
  // Printable ASCII; may be empty.
  std::string options() {
    std::string text = short_text(in_.u8(), max_options);
    const bool plain =
        std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c < 0x7f; });
    if (!plain) note(ControlError::bad_text);
    return text;
  }

  base::wire::Token token() {
    base::wire::Token token{};
    const Bytes raw = in_.take(token.size());
    std::copy(raw.begin(), raw.end(), token.begin());
    return token;
  }

  std::optional<ControlError> error() const {
    if (error_) return error_;
    if (!in_.ok()) return ControlError::truncated;
    if (!in_.done()) return ControlError::trailing_bytes;
    return std::nullopt;
  }

 private:
  std::string short_text(std::size_t length, std::size_t limit) {
    if (length > limit) {
      note(ControlError::field_too_long);
      return {};
    }
    return std::string(base::wire::as_text(in_.take(length)));
  }
  void note(ControlError error) {
    if (!error_ && in_.ok()) error_ = error;
  }

  Reader in_;
  std::optional<ControlError> error_;
};

void put_type(Writer& out, Type type) { out.u8(static_cast<std::uint8_t>(type)); }
void put_name(Writer& out, std::string_view text, std::size_t limit) {
  text = text.substr(0, limit);
  out.u8(static_cast<std::uint8_t>(text.size())).text(text);
}
void put_reason(Writer& out, std::string_view text) {
  text = text.substr(0, max_reason);
  out.u16(static_cast<std::uint16_t>(text.size())).text(text);
}

struct Encoder {
  Writer& out;

  void operator()(const InventoryReset&) const { put_type(out, Type::inventory_reset); }
  void operator()(const InventoryDevice& m) const {
    put_type(out, Type::inventory_device);
    out.bytes(m.record);
  }
  void operator()(const InventoryRemove& m) const {
    put_type(out, Type::inventory_remove);
    put_name(out, m.port_id, max_port_id);
  }
  void operator()(const InventoryComplete&) const { put_type(out, Type::inventory_complete); }
  void operator()(const CallRequest& m) const {
    put_type(out, Type::call_request);
    out.u32(m.request.value);
    put_name(out, m.target, max_qube_name);
    put_name(out, m.service, max_service);
  }
  void operator()(const CallStarted& m) const {
    put_type(out, Type::call_started);
    out.u32(m.call.value);
  }
  void operator()(const CallExited& m) const {
    put_type(out, Type::call_exited);
    out.u32(m.call.value).u32(std::bit_cast<std::uint32_t>(m.exit_code));
    put_reason(out, m.reason);
  }
  void operator()(const CallStatus& m) const {
    put_type(out, Type::call_status);
    out.u32(m.call.value);
    put_name(out, m.word, max_status);
  }
  void operator()(const Pong& m) const {
    put_type(out, Type::pong);
    out.u64(m.number);
  }
  void operator()(const CallAccepted& m) const {
    put_type(out, Type::call_accepted);
    out.u32(m.request.value).bytes(m.token);
  }
  void operator()(const CallRefused& m) const {
    put_type(out, Type::call_refused);
    out.u32(m.request.value).u8(m.exit_code);
    put_reason(out, m.reason);
  }
  void operator()(const CallEnded& m) const {
    put_type(out, Type::call_ended);
    out.u32(m.request.value).u32(std::bit_cast<std::uint32_t>(m.exit_code));
    put_reason(out, m.reason);
  }
  void operator()(const CallStart& m) const {
    put_type(out, Type::call_start);
    out.u32(m.call.value).bytes(m.token);
    put_name(out, m.service, max_service);
    put_name(out, m.source, max_qube_name);
    put_name(out, m.requested_target, max_qube_name);
    put_name(out, m.options, max_options);
  }
  void operator()(const CallCancel& m) const {
    put_type(out, Type::call_cancel);
    out.u32(m.call.value);
  }
  void operator()(const Ping& m) const {
    put_type(out, Type::ping);
    out.u64(m.number);
  }
};

template <class Message>
std::vector<std::byte> encode_any(const Message& message) {
  std::vector<std::byte> wire;
  Writer out(wire);
  std::visit(Encoder{out}, message);
  return wire;
}

template <class Message>
base::Result<Message, ControlError> finish(const Fields& fields, Message message) {
  if (const auto error = fields.error()) return Unexpected{*error};
  return message;
}

// Braced initialisers are evaluated from left to right, so fields are read in the order of the
// wire.
std::optional<FromAgent> read_from_agent(Type type, Fields& in) {
  switch (type) {
    case Type::inventory_reset:
      return InventoryReset{};
    case Type::inventory_device: {
      const Bytes record = in.rest();
      return InventoryDevice{.record = {record.begin(), record.end()}};
    }
    case Type::inventory_remove:
      return InventoryRemove{.port_id = in.name(max_port_id)};
    case Type::inventory_complete:
      return InventoryComplete{};
    case Type::call_request:
      return CallRequest{
          .request = {in.u32()}, .target = in.name(max_qube_name), .service = in.name(max_service)};
    case Type::call_started:
      return CallStarted{.call = {in.u32()}};
    case Type::call_exited:
      return CallExited{.call = {in.u32()},
                        .exit_code = std::bit_cast<std::int32_t>(in.u32()),
                        .reason = in.reason()};
    case Type::pong:
      return Pong{.number = in.u64()};
    case Type::call_status:
      return CallStatus{.call = {in.u32()}, .word = in.name(max_status)};
    case Type::call_accepted:
    case Type::call_refused:
    case Type::call_start:
    case Type::call_cancel:
    case Type::ping:
    case Type::call_ended:
      break;
  }
  return std::nullopt;
}

std::optional<FromDom0> read_from_dom0(Type type, Fields& in) {
  switch (type) {
    case Type::call_accepted:
      return CallAccepted{.request = {in.u32()}, .token = in.token()};
    case Type::call_refused:
      return CallRefused{.request = {in.u32()}, .exit_code = in.u8(), .reason = in.reason()};
    case Type::call_start:
      return CallStart{.call = {in.u32()},
                       .token = in.token(),
                       .service = in.name(max_service),
                       .source = in.name(max_qube_name),
                       .requested_target = in.name(max_qube_name),
                       .options = in.options()};
    case Type::call_cancel:
      return CallCancel{.call = {in.u32()}};
    case Type::ping:
      return Ping{.number = in.u64()};
    case Type::call_ended:
      return CallEnded{.request = {in.u32()},
                       .exit_code = std::bit_cast<std::int32_t>(in.u32()),
                       .reason = in.reason()};
    case Type::inventory_reset:
    case Type::inventory_device:
    case Type::inventory_remove:
    case Type::inventory_complete:
    case Type::call_request:
    case Type::call_started:
    case Type::call_exited:
    case Type::pong:
    case Type::call_status:
      break;
  }
  return std::nullopt;
}

}  // namespace

const char* describe(ControlError error) {
  switch (error) {
    case ControlError::truncated:
      return "message ends inside a field";
    case ControlError::trailing_bytes:
      return "bytes behind the last field";
    case ControlError::unknown_type:
      return "message type is unknown or not the peer's to send";
    case ControlError::field_too_long:
      return "field longer than its bound";
    case ControlError::bad_text:
      return "name is empty or has characters outside printable ASCII";
  }
  return "unknown error";
}

std::vector<std::byte> encode(const FromAgent& message) { return encode_any(message); }
std::vector<std::byte> encode(const FromDom0& message) { return encode_any(message); }

base::Result<FromAgent, ControlError> parse_from_agent(Bytes untrusted) {
  Fields in(untrusted);
  const auto type = Type{in.u8()};
  auto message = read_from_agent(type, in);
  if (!message)
    return Unexpected{untrusted.empty() ? ControlError::truncated : ControlError::unknown_type};
  return finish(in, std::move(*message));
}

base::Result<FromDom0, ControlError> parse_from_dom0(Bytes untrusted) {
  Fields in(untrusted);
  const auto type = Type{in.u8()};
  auto message = read_from_dom0(type, in);
  if (!message)
    return Unexpected{untrusted.empty() ? ControlError::truncated : ControlError::unknown_type};
  return finish(in, std::move(*message));
}

}  // namespace agent
