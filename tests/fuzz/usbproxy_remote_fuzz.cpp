// SPDX-License-Identifier: GPL-2.0-or-later
// A kernel in another qube that sends anything and reads when it likes, before an honest device:
// the backend gets correct usbredir, and no more is kept for that kernel than its bound.
//
// Input: records of one byte kind (bits 0, 1: bytes of the kernel, many questions, the kernel
// reads, time), one byte length, then that many bytes.
#include <cstdlib>

#include "tests/usbproxy/described_device.hpp"
#include "usbproxy/remote_kernel.hpp"

namespace {

using namespace usbproxy;
using base::wire::Bytes;
using redir::PacketType;

// Does whatever it is asked for at once.
class Backend {
 public:
  void introduce(Session& session, Time now) {
    redir::append_hello(out_, 0xff);
    send(PacketType::interface_info, 0, test::interfaces_of_stick_and_keyboard());
    send(PacketType::ep_info, 0, test::endpoints_of_stick_and_keyboard());
    send(PacketType::device_connect, 0, test::connect_of_stick_and_keyboard());
    tell(session, now);
  }
  void took(Session& session, Time now) {
    const std::vector<std::byte> sent(session.to_stream().waiting().begin(),
                                      session.to_stream().waiting().end());
    session.to_stream().clear();
    for (Bytes rest = sent; !rest.empty();) {
      const auto chunk = rest.first(std::min(rest.size(), std::size_t{65536}));
      rest = rest.subspan(chunk.size());
      if (!sent_.push(chunk)) std::abort();
      for (;;) {
        const auto packet = sent_.next();
        if (!packet) std::abort();  // the session broke the protocol
        if (*packet == nullptr) break;
        answer(**packet);
      }
    }
    tell(session, now);
  }

 private:
  void send(PacketType type, std::uint64_t id, const redir::Body& body, Bytes data = {}) {
    redir::append_packet(out_, 0xfe, type, id, body, data);
  }
  void tell(Session& session, Time now) {
    const std::vector<std::byte> out = std::exchange(out_, {});
    session.from_stream(out, now);
  }
  void answer(const redir::Packet& packet) {
    switch (packet.type) {
      case PacketType::get_configuration:
        return send(PacketType::configuration_status, packet.id, redir::ConfigurationStatus{0, 1});
      case PacketType::control_packet: {
        const auto [body, data] = described_.answer(std::get<redir::ControlPacket>(packet.body));
        return send(PacketType::control_packet, packet.id, body, data);
      }
      case PacketType::bulk_packet: {
        const auto& body = std::get<redir::BulkPacket>(packet.body);
        const bool in = (body.endpoint & 0x80U) != 0;
        const std::vector<std::byte> data(in ? body.length : 0);
        return send(PacketType::bulk_packet, packet.id, body, data);
      }
      default:  // not answered: this side may be silent
        return;
    }
  }

  redir::Decoder sent_{redir::Sender::guest, 0xff};
  test::DescribedDevice described_ = test::stick_and_keyboard();
  std::vector<std::byte> out_;
};

class Chain {
 public:
  Chain() {
    backend_.introduce(session_, now_);
    settle();
    if (!session_.ready()) std::abort();
  }
  // What it is read of; the rest it would have to send again.
  void write(Bytes bytes) {
    while (!bytes.empty() && kernel_.reading() && !session_.end()) {
      const auto room = kernel_.prepare();
      const std::size_t count = std::min(room.size(), bytes.size());
      std::copy_n(bytes.begin(), count, room.begin());
      kernel_.arrived(count, now_);
      bytes = bytes.subspan(count);
      settle();
    }
  }
  void ask_for_descriptors(std::uint32_t first, unsigned count) {
    std::vector<std::byte> out;
    usbip::Submit question;
    question.direction = usbip::Direction::in;
    question.length = 4096;
    question.setup = {0x80, 0x06, 0x0200, 0, 4096};
    for (unsigned i = 0; i < count * 4; ++i) {
      question.seqnum = first + i;
      usbip::append_cmd_submit(out, question);
    }
    write(out);
  }
  void read() { kernel_.out().clear(); }
  void pass(std::chrono::milliseconds time) {
    now_ += time;
    if (session_.next_deadline() <= now_) session_.tick(now_);
    settle();
  }
  bool ended() const { return session_.end().has_value(); }

 private:
  void settle() {
    while (!session_.to_stream().empty()) {
      backend_.took(session_, now_);
      kernel_.turn(now_);
    }
    kernel_.turn(now_);
    // What was under way when the bound was reached still comes.
    constexpr std::size_t most = RemoteKernel::max_unread + 2 * Session::max_bytes_in_flight;
    if (kernel_.out().size() > most) std::abort();
  }

  Time now_{std::chrono::hours(1)};
  Session session_{std::nullopt, now_};
  RemoteKernel kernel_{session_};
  Backend backend_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Chain chain;
  Bytes input = std::as_bytes(std::span(data, size));
  while (input.size() >= 2 && !chain.ended()) {
    const unsigned kind = std::to_integer<unsigned>(input[0]) & 3U;
    const auto amount = std::to_integer<unsigned>(input[1]);
    const std::size_t length = std::min(std::size_t{amount}, input.size() - 2);
    const Bytes chunk = input.subspan(2, length);
    if (kind == 0) chain.write(chunk);
    if (kind == 1) chain.ask_for_descriptors(amount << 16U, amount);
    if (kind == 2) chain.read();
    if (kind == 3) chain.pass(std::chrono::milliseconds(100 * amount));
    input = input.subspan(kind == 0 ? 2 + length : 2);
  }
  return 0;
}
