// SPDX-License-Identifier: GPL-2.0-or-later
// A session between a hostile backend, a kernel that sends anything, and time. Checks what the
// kernel relies on: every reply names a pending request, once, and is no longer than it asked.
//
// Input: records of one byte kind (bits 0, 1: backend, kernel, time, backend's own packet), one
// byte length, then that many bytes.
#include <cstdlib>

#include "tests/fuzz/checked_kernel.hpp"
#include "tests/usbproxy/described_device.hpp"
#include "usbproxy/session.hpp"

namespace {

using namespace usbproxy;
using base::wire::Bytes;
using fuzz::Kernel;

// Whether everything that the backend is asked from now on by the session itself is answered with
// the truth.
enum class Device { honest, silent };

void introduce(Session& session, Time now) {
  std::vector<std::byte> out;
  redir::append_hello(out, 0xff);
  redir::append_packet(out, 0xfe, redir::PacketType::interface_info, 0,
                       test::interfaces_of_stick_and_keyboard());
  redir::append_packet(out, 0xfe, redir::PacketType::ep_info, 0,
                       test::endpoints_of_stick_and_keyboard());
  redir::append_packet(out, 0xfe, redir::PacketType::device_connect, 0,
                       test::connect_of_stick_and_keyboard());
  session.from_stream(out, now);
}

// Takes what the session sent; questions about descriptors are answered as an honest device does.
class Backend {
 public:
  explicit Backend(Device device) : device_(device) {}
  void took(Session& session, Time now) {
    std::vector<std::byte> out;
    const Bytes waiting = session.to_stream().waiting();
    for (Bytes rest = waiting; !rest.empty();) {
      const auto chunk = rest.first(std::min(rest.size(), std::size_t{65536}));
      rest = rest.subspan(chunk.size());
      if (!sent_.push(chunk)) std::abort();
      for (;;) {
        const auto packet = sent_.next();
        if (!packet) std::abort();  // the session broke the protocol
        if (*packet == nullptr) break;
        if (device_ == Device::honest) answer(**packet, out);
      }
    }
    session.to_stream().clear();
    if (!out.empty()) session.from_stream(out, now);
  }

 private:
  void answer(const redir::Packet& packet, std::vector<std::byte>& out) const {
    constexpr std::uint64_t own_questions = std::uint64_t{1} << 61U;
    if ((packet.id & own_questions) == 0) return;
    if (packet.type == redir::PacketType::get_configuration) {
      redir::append_packet(out, 0xfe, redir::PacketType::configuration_status, packet.id,
                           redir::ConfigurationStatus{0, 1});
    }
    if (packet.type != redir::PacketType::control_packet) return;
    const auto [body, data] = described_.answer(std::get<redir::ControlPacket>(packet.body));
    redir::append_packet(out, 0xfe, redir::PacketType::control_packet, packet.id, body, data);
  }

  Device device_;
  redir::Decoder sent_{redir::Sender::guest, 0xff};
  test::DescribedDevice described_ = test::stick_and_keyboard();
};

// Answers built from few bytes, so that the fuzzer gets past the codec quickly.
void backend_packet(Session& session, Bytes input, Time now) {
  base::wire::Reader in(input);
  const unsigned kind = in.u8();
  const std::uint64_t id =
      in.u8() | (std::uint64_t{in.u8()} << 32U) | (std::uint64_t{in.u8()} << 56U);
  const std::uint8_t endpoint = in.u8();
  const std::uint8_t status = in.u8();
  const std::uint16_t length = in.u16();
  std::vector<std::byte> data((endpoint & 0x80U) != 0 ? length : 0);
  std::vector<std::byte> out;
  const auto packet = [&](redir::PacketType type, const redir::Body& body,
                          const std::vector<std::byte>& payload) {
    redir::append_packet(out, 0xfe, type, id, body, payload);
  };
  if (kind >= 240) {  // the others are as they were, so that the corpus keeps its meaning
    if ((kind & 1U) == 0) {
      packet(redir::PacketType::iso_packet, redir::DataPacket{endpoint, status, length}, data);
    } else {
      packet(redir::PacketType::iso_stream_status, redir::StreamStatus{status, endpoint}, {});
    }
    session.from_stream(out, now);
    return;
  }
  switch (kind % 6) {
    case 0:
      packet(redir::PacketType::bulk_packet, redir::BulkPacket{endpoint, status, length, 0}, data);
      break;
    case 1:
      packet(redir::PacketType::interrupt_packet, redir::DataPacket{endpoint, status, length},
             data);
      break;
    case 2:
      packet(redir::PacketType::interrupt_receiving_status, redir::StreamStatus{status, endpoint},
             {});
      break;
    case 3: {
      const redir::ControlPacket body{static_cast<std::uint8_t>(endpoint & 0x80U),
                                      in.u8(),
                                      endpoint,
                                      status,
                                      in.u16(),
                                      in.u16(),
                                      length};
      packet(redir::PacketType::control_packet, body, data);
      break;
    }
    case 4:
      packet(redir::PacketType::configuration_status, redir::ConfigurationStatus{status, endpoint},
             {});
      break;
    default:
      packet(redir::PacketType::alt_setting_status,
             redir::AltSettingStatus{status, endpoint, in.u8()}, {});
      break;
  }
  session.from_stream(out, now);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Time now{std::chrono::hours(1)};
  Session session(std::nullopt, now);
  Kernel kernel;
  Bytes input = std::as_bytes(std::span(data, size));
  // Bit 6 of the first byte: the descriptors are not answered but by the input.
  Backend backend(!input.empty() && (data[0] & 0x40U) != 0 ? Device::silent : Device::honest);
  if (!input.empty() && (data[0] & 0x80U) == 0) introduce(session, now);
  const auto check = [&] {
    kernel.received(session.to_kernel().waiting());
    session.to_kernel().clear();
    while (!session.to_stream().empty()) backend.took(session, now);
    if (session.end() && !kernel.idle() && session.end()->reason != EndReason::kernel_violation) {
      std::abort();  // something was left unanswered
    }
  };
  check();
  while (input.size() >= 2 && !session.end()) {
    const std::byte input_kind = input[0];
    const unsigned kind = std::to_integer<unsigned>(input_kind) & 3U;
    const std::size_t length = std::min(std::to_integer<std::size_t>(input[1]), input.size() - 2);
    const Bytes chunk = input.subspan(2, length);
    input = input.subspan(2 + length);
    if (kind == 0) {
      session.from_stream(chunk, now);
    } else if (kind == 1) {
      kernel.sent(chunk);
      session.from_kernel(chunk, now);
    } else if (kind == 2) {
      // Bit 2: shortly, as streams go by.
      const int step = (std::to_integer<unsigned>(input_kind) & 4U) != 0 ? 1 : 100;
      now += std::chrono::milliseconds(step * static_cast<int>(length));
      if (session.next_deadline() <= now) session.tick(now);
    } else {
      backend_packet(session, chunk, now);
    }
    check();
  }
  session.stream_closed(now);
  check();
  return 0;
}
