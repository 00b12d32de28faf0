// SPDX-License-Identifier: GPL-2.0-or-later
// A session behind USB/IP between a hostile sys-usb, a kernel that sends anything, and time. Checks
// what the kernel relies on, and what an honest usbip-host does of what it is asked.
//
// Input: records of one byte kind (bits 0, 1: bytes of sys-usb, of the kernel, time, an answer to
// something that was asked), one byte length, then that many bytes.
#include <algorithm>
#include <cstdlib>

#include "tests/fuzz/checked_kernel.hpp"
#include "tests/usbproxy/described_device.hpp"
#include "usbproxy/exported/link.hpp"

namespace {

using namespace usbproxy;
using base::wire::Bytes;
using fuzz::Kernel;

constexpr std::uint32_t devid = 0x20003;

// Whether questions about the device itself are answered with the truth.
enum class Device { honest, silent };

class UsbipHost {
 public:
  explicit UsbipHost(Device device) : device_(device) {}

  // What was asked, checked as far as usbip-host would end the connection for it. True: something
  // was answered.
  bool took(exported::Link& link, const Session& session, Time now) {
    const std::vector<std::byte> sent(link.out().waiting().begin(), link.out().waiting().end());
    link.out().clear();
    std::vector<std::byte> out;
    for (Bytes rest = sent; !rest.empty();) {
      const auto chunk = rest.first(std::min(rest.size(), std::size_t{65536}));
      rest = rest.subspan(chunk.size());
      if (!sent_.push(chunk)) std::abort();
      for (;;) {
        const auto command = sent_.next();
        if (!command) std::abort();  // our side broke the protocol
        if (*command == nullptr) break;
        ask(**command, session, out);
      }
    }
    write(link, out, now);
    return !out.empty();
  }
  static void write(exported::Link& link, Bytes bytes, Time now) {
    while (!bytes.empty()) {
      const auto room = link.prepare();
      if (room.empty()) return;  // it has ended
      const std::size_t count = std::min(room.size(), bytes.size());
      std::copy_n(bytes.begin(), count, room.begin());
      link.arrived(count, now);
      bytes = bytes.subspan(count);
    }
  }
  // One of what is open, by few bytes, so that the fuzzer gets past the codec quickly.
  void answer(exported::Link& link, Bytes input, Time now) {
    if (open_.empty()) return;
    base::wire::Reader in(input);
    const std::size_t which = in.u8() % open_.size();
    const std::uint8_t status = in.u8();
    const std::uint32_t length = in.u16();
    const auto flags = in.u8();
    const Asked asked = open_[which];
    if ((flags & 1U) == 0) open_.erase(open_.begin() + static_cast<std::ptrdiff_t>(which));
    std::vector<std::byte> out;
    append(out, asked, -std::int32_t{status}, length, flags);
    write(link, out, now);
  }

 private:
  struct Asked {
    usbip::CommandKind kind = usbip::CommandKind::submit;
    std::uint32_t seqnum = 0;
    usbip::Submit submit = {};
  };

  void ask(const usbip::Command& command, const Session& session, std::vector<std::byte>& out) {
    const usbip::Submit& submit = command.submit;
    const Asked asked{command.kind, command.seqnum, submit};
    const bool twice = std::any_of(open_.begin(), open_.end(), [&asked](const Asked& one) {
      return one.seqnum == asked.seqnum;
    });
    if (twice) std::abort();
    if (command.kind == usbip::CommandKind::submit) check(submit);
    if (device_ == Device::honest && command.kind == usbip::CommandKind::submit &&
        submit.endpoint == 0 && answer_question(asked, session, out)) {
      return;
    }
    open_.push_back(asked);
  }
  static void check(const usbip::Submit& submit) {
    if (submit.devid != devid) std::abort();
    const bool in = (submit.setup.request_type & 0x80U) != 0 && submit.setup.length != 0;
    if (submit.endpoint == 0 && (submit.setup.length != submit.length ||
                                 in != (submit.direction == usbip::Direction::in))) {
      std::abort();
    }
    const bool periodic = submit.endpoint >= 3;  // of stick_and_keyboard()
    if (periodic && submit.interval == 0) std::abort();
    if ((submit.iso_packets != 0) != (submit.endpoint == 5)) std::abort();
  }
  bool answer_question(const Asked& asked, const Session& session,
                       std::vector<std::byte>& out) const {
    const usbip::Setup& setup = asked.submit.setup;
    std::optional<std::vector<std::byte>> data;
    if (setup.request == 0x06 && (setup.request_type & 0x80U) != 0) {
      data = described_.descriptor(setup);
    } else if (session.ready()) {
      return false;
    } else if (setup.request_type == 0x80 && setup.request == 0x08) {
      data = {std::byte{1}};
    } else {
      data.emplace();
    }
    usbip::append_ret_submit(out, asked.submit,
                             {.status = data ? 0 : -32,
                              .out_length = asked.submit.length,
                              .in_data = data.value_or(std::vector<std::byte>{})});
    if (data && asked.submit.direction == usbip::Direction::in) {
      out.insert(out.end(), data->begin(), data->end());
    }
    return true;
  }
  static void append(std::vector<std::byte>& out, const Asked& asked, std::int32_t status,
                     std::uint32_t length, unsigned flags) {
    if (asked.kind == usbip::CommandKind::unlink) {
      return usbip::append_ret_unlink(out, asked.seqnum, status);
    }
    const bool in = asked.submit.direction == usbip::Direction::in;
    const std::uint32_t packets = asked.submit.iso_packets;
    // Bit 1: as much as it likes.
    if ((flags & 2U) == 0) length = std::min(length, asked.submit.length);
    const std::uint32_t each = packets == 0 ? 0 : length / packets;
    if (packets != 0) length = each * packets;
    base::wire::BigWriter writer(out);
    writer.u32(3).u32(asked.seqnum).zeros(12).u32(static_cast<std::uint32_t>(status));
    writer.u32(length).u32(0).u32(packets).zeros(12);
    if (in) writer.zeros(length);
    for (std::uint32_t i = 0; i < packets; ++i) {
      writer.u32(i).u32(length).u32(each).u32((flags & 4U) != 0 && i == 0 ? 0xffffffad : 0);
    }
  }

  Device device_;
  usbip::Parser sent_;
  std::vector<Asked> open_;
  test::DescribedDevice described_ = test::stick_and_keyboard();
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Time now{std::chrono::hours(1)};
  Session session(std::nullopt, now);
  exported::Link link(session, {.devid = devid, .speed = Speed::high}, now);
  Kernel kernel;
  Bytes input = std::as_bytes(std::span(data, size));
  // Bit 7 of the first byte: descriptors are not answered but by the input.
  UsbipHost host(size != 0 && (data[0] & 0x80U) != 0 ? Device::silent : Device::honest);
  const auto settle = [&] {
    do {
      link.turn(now);
    } while (host.took(link, session, now));
    link.turn(now);
    kernel.received(session.to_kernel().waiting());
    session.to_kernel().clear();
    if (session.end() && !kernel.idle() && session.end()->reason != EndReason::kernel_violation) {
      std::abort();  // something was left unanswered
    }
  };
  settle();
  while (input.size() >= 2 && !session.end()) {
    const auto record = std::to_integer<unsigned>(input[0]);
    const std::size_t length = std::min(std::to_integer<std::size_t>(input[1]), input.size() - 2);
    const Bytes chunk = input.subspan(2, length);
    input = input.subspan(2 + length);
    switch (record & 3U) {
      case 0:
        UsbipHost::write(link, chunk, now);
        break;
      case 1:
        kernel.sent(chunk);
        session.from_kernel(chunk, now);
        break;
      case 2:
        // Bit 2: shortly, as streams go by.
        now += std::chrono::milliseconds(((record & 4U) != 0 ? 1 : 100) * static_cast<int>(length));
        if (link.next_deadline() <= now) link.tick(now);
        if (session.next_deadline() <= now) session.tick(now);
        break;
      default:
        host.answer(link, chunk, now);
        break;
    }
    settle();
  }
  link.closed(now);
  settle();
  return 0;
}
