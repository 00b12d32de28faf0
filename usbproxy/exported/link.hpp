// SPDX-License-Identifier: GPL-2.0-or-later
// The client of a usbip-host that Qubes' own usb-export has lent a device, behind a session.
#pragma once

#include <array>
#include <cstdint>
#include <memory_resource>
#include <optional>
#include <string>
#include <vector>

#include "usbproxy/described_tables.hpp"
#include "usbproxy/device_line.hpp"
#include "usbproxy/exported/introduction.hpp"
#include "usbproxy/exported/iso_sender.hpp"
#include "usbproxy/exported/pending_table.hpp"
#include "usbproxy/source.hpp"
#include "usbproxy/usbip_reply.hpp"

namespace usbproxy::exported {

// To the session this is a backend that speaks usbredir: each of its packets becomes a USB/IP
// request, each answer a packet that is built from the stored request. So the same firewall stands
// before a kernel whose sys-usb is Qubes' own, and that kernel never gets a byte of USB/IP that
// sys-usb wrote.
//
// sys-usb is not trusted: an answer to no request, one longer than asked, or bytes that are no
// answer end the attachment. What it can have us keep is bounded by what it was asked for.
//
// What usbip-host relies on (drivers/usb/usbip/stub_rx.c), and gives the whole connection up
// without: the device id of the line in each request; the length of a control transfer in both its
// places; an interval on periodic endpoints; no endpoint that the setting does not have.
class Link final : public Source {
 public:
  static constexpr std::uint32_t our_caps = redir::cap::connect_device_version |
                                            redir::cap::ep_info_max_packet_size |
                                            redir::cap::ids_64bit | redir::cap::bulk_length_32bit;
  // Open at once. The session asks for less, unless what it gave up is never answered.
  static constexpr std::size_t max_requests = 4096;
  // Requests under way on an interrupt IN endpoint: while one is answered another waits.
  static constexpr std::size_t polls = 2;
  // Longer transfers let usbip-host take its memory in pages.
  static constexpr std::uint32_t longest_in_one_piece = std::uint32_t{16} * 1024;
  static constexpr std::uint32_t max_iso_urbs = 16;  // under way on an endpoint

  // `line`: what was read from the stream before anything else.
  Link(Session& session, const DeviceLine& line, Time now);

  std::span<std::byte> prepare() override { return replies_.prepare(); }
  void arrived(std::size_t count, Time now) override;
  void closed(Time now) override { session_.stream_closed(now); }
  void turn(Time now) override;
  void tick(Time now) override;
  Time next_deadline() const override;
  OutQueue& out() override { return to_device_; }

 private:
  using Number = PendingTable::Number;
  // An interrupt IN endpoint; 0: no request.
  struct Polling {
    bool on = false;
    std::array<Number, polls> submits{};
    std::uint64_t packets = 0;
  };
  // An isochronous endpoint.
  struct Streaming {
    bool on = false;
    std::uint8_t packets = 0;  // of each request
    std::vector<Number> submits = {};
    std::uint64_t next_id = 0;             // IN
    std::optional<IsoSender> sender = {};  // OUT
  };

  // link.cpp
  std::size_t took(std::span<const base::wire::Bytes> parts);
  void ask_next();
  void introduce();
  void tell(redir::PacketType type, std::uint64_t id, const redir::Body& body,
            base::wire::Bytes data = {});
  void tell_later(redir::PacketType type, std::uint64_t id, const redir::Body& body);
  void tell_tables();
  void failed(EndReason reason, std::string why);
  // link_requests.cpp
  void handle(const redir::Packet& packet);
  void on_control(const redir::Packet& packet);
  void on_data(const redir::Packet& packet, Kind kind, std::uint8_t endpoint, std::uint32_t length);
  void on_cancel(std::uint64_t id);
  void set_configuration(std::uint64_t id, std::uint8_t value);
  void set_alt(std::uint64_t id, const redir::AltSetting& wanted);
  void submit_setup(Kind kind, std::uint64_t id, const Setup& setup, base::wire::Bytes data = {});
  usbip::Submit submit_for(std::uint8_t address, std::uint32_t length);
  void send(Kind kind, std::uint64_t id, const usbip::Submit& submit, base::wire::Bytes data,
            base::wire::Bytes iso = {});
  void unlink(Number victim);
  // link_answers.cpp
  void on_submit_answer(const usbip::Answered& answer);
  void on_unlink_answer(const usbip::Answered& answer);
  void answer(const Pending& asked, std::uint8_t status, std::uint32_t actual,
              base::wire::Bytes data);
  void answer_setting(const Pending& asked, std::uint8_t status, base::wire::Bytes data);
  void on_question(const usbip::Answered& answer);
  // link_interrupt.cpp
  void start_polling(std::uint8_t endpoint, std::uint64_t id);
  void stop_polling(std::uint8_t endpoint, std::uint64_t id);
  void unlink_polls(Polling& polling);
  void poll(std::uint8_t endpoint, Number& place);
  void polled(const Pending& asked, const usbip::Answered& answer);
  // link_iso.cpp
  void start_iso(const redir::StartIsoStream& wanted, std::uint64_t id);
  void stop_iso(std::uint8_t endpoint, std::uint64_t id);
  void stop_streaming(Streaming& stream);
  void ask_iso(std::uint8_t endpoint, Streaming& stream);
  void submit_iso(std::uint8_t endpoint, Streaming& stream, const IsoSender::Request& request,
                  std::uint32_t length);
  void on_iso_out(const redir::Packet& packet);
  void send_iso(std::uint8_t endpoint, Streaming& stream);
  void iso_answered(const Pending& asked, const usbip::Answered& answer);
  void take_iso(std::uint8_t endpoint, Streaming& stream, const usbip::Answered& answer);

  Session& session_;
  DeviceLine line_;
  redir::Decoder requests_{redir::Sender::guest, our_caps};
  usbip::ReplyParser replies_;
  OutQueue to_device_;
  std::vector<std::byte> header_;   // of the packet that the session is told
  std::vector<std::byte> answers_;  // for the next turn: the session may be at work
  std::optional<End> failure_;      // the same
  Time now_;
  Time last_bytes_;

  Introduction introduction_;
  bool introduced_ = false;
  firewall::Setting setting_;
  EndpointArray endpoints_{};  // of that
  std::pmr::unsynchronized_pool_resource pool_;
  PendingTable pending_{&pool_};
  std::array<Polling, 16> polling_;
  std::array<Streaming, redir::endpoint_slots> streaming_;
};

}  // namespace usbproxy::exported
