// SPDX-License-Identifier: GPL-2.0-or-later
// Link: bytes of both sides, the introduction of the device, and the end. The rest is in
// link_*.cpp.
#include "usbproxy/exported/link.hpp"

#include <algorithm>
#include <cstdlib>
#include <utility>

namespace usbproxy::exported {

using base::wire::Bytes;
using redir::PacketType;

Link::Link(Session& session, const DeviceLine& line, Time now)
    : session_(session),
      line_(line),
      replies_([this](Number number) -> const usbip::Submit* {
        const Pending* const asked = pending_.find(number);
        return asked == nullptr ? nullptr : &asked->submit;
      }),
      now_(now),
      last_bytes_(now),
      introduction_(line.speed) {
  session_.to_stream().set_writer([this](std::span<const Bytes> parts) { return took(parts); });
  session_.to_stream().flush();  // its hello
  ask_next();
}

// Called from within the session: nothing here may call it back.
std::size_t Link::took(std::span<const Bytes> parts) {
  std::size_t size = 0;
  for (Bytes rest : parts) {
    size += rest.size();
    while (!rest.empty()) {
      const Bytes piece = rest.first(std::min(rest.size(), InputBuffer::initial_capacity));
      rest = rest.subspan(piece.size());
      if (!requests_.push(piece)) std::abort();  // all but one packet was taken
      for (;;) {
        const auto packet = requests_.next();
        if (!packet) std::abort();  // our own session wrote it
        if (*packet == nullptr) break;
        handle(**packet);
      }
    }
  }
  return size;
}

void Link::arrived(std::size_t count, Time now) {
  now_ = last_bytes_ = now;
  replies_.commit(count);
  while (!session_.end()) {
    const auto answer = replies_.next();
    if (!answer) {
      return failed(EndReason::violation, std::string("sys-usb broke the USB/IP protocol: ") +
                                              usbip::describe(answer.error()));
    }
    if (*answer == nullptr) return;
    if ((*answer)->kind == usbip::CommandKind::submit) {
      on_submit_answer(**answer);
    } else {
      on_unlink_answer(**answer);
    }
  }
}

void Link::turn(Time now) {
  now_ = now;
  for (;;) {
    session_.to_stream().flush();
    if (session_.end()) return;
    if (failure_) return failed(failure_->reason, failure_->text);
    if (answers_.empty()) return;
    const std::vector<std::byte> answers = std::exchange(answers_, {});
    session_.from_stream(answers, now);
  }
}

// Within an answer; that it does not come at all is for the session to see.
Time Link::next_deadline() const {
  if (session_.end() || !replies_.inside_message()) return Time::max();
  return last_bytes_ +
         (session_.ready() ? Session::attached_packet_deadline : Session::packet_deadline);
}

void Link::tick(Time now) {
  now_ = now;
  if (now < next_deadline()) return;
  const auto silent = std::chrono::floor<std::chrono::seconds>(now - last_bytes_);
  failed(EndReason::silent,
         "sys-usb stopped in the middle of an answer for " + std::to_string(silent.count()) + " s");
}

void Link::failed(EndReason reason, std::string why) {
  session_.source_failed(reason, std::move(why), now_);
}

void Link::tell(PacketType type, std::uint64_t id, const redir::Body& body, Bytes data) {
  header_.clear();
  redir::append_head(header_, requests_.caps().value_or(0), type, id, body, data.size());
  session_.from_stream(header_, now_);
  session_.from_stream(data, now_);
}

void Link::tell_later(PacketType type, std::uint64_t id, const redir::Body& body) {
  redir::append_packet(answers_, requests_.caps().value_or(0), type, id, body);
}

void Link::ask_next() {
  const auto question = introduction_.question();
  if (!question) return introduce();
  submit_setup(Kind::question, 0, *question);
}

void Link::introduce() {
  introduced_ = true;
  const firewall::DeviceDescriptor& device = introduction_.device().descriptor;
  setting_ = {.configuration = introduction_.configuration(), .alternates = {}};
  std::vector<std::byte> hello;
  redir::append_hello(hello, our_caps);
  session_.from_stream(hello, now_);
  tell_tables();
  tell(PacketType::device_connect, 0,
       redir::DeviceConnect{.speed = static_cast<std::uint8_t>(line_.speed),
                            .device_class = device.kind.code,
                            .device_subclass = device.kind.subclass,
                            .device_protocol = device.kind.protocol,
                            .vendor_id = device.vendor_id,
                            .product_id = device.product_id,
                            .version_bcd = device.version});
}

void Link::tell_tables() {
  const firewall::Device& device = introduction_.device();
  endpoints_ = described_endpoints(device, setting_, line_.speed);
  tell(PacketType::interface_info, 0, described_interfaces(device, setting_));
  tell(PacketType::ep_info, 0, endpoint_table(endpoints_));
}

}  // namespace usbproxy::exported
