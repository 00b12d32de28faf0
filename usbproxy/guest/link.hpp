// SPDX-License-Identifier: GPL-2.0-or-later
// The usbredir host that QEMU's usb-redir device talks to, in front of a session.
#pragma once

#include <array>
#include <cstdint>
#include <memory_resource>
#include <optional>
#include <string>
#include <unordered_map>

#include "usbproxy/guest/reply_reader.hpp"
#include "usbproxy/guest/request_table.hpp"
#include "usbproxy/redir_decoder.hpp"
#include "usbproxy/target.hpp"

namespace usbproxy::guest {

// To the session this is a vhci_hcd: each of QEMU's requests becomes a USB/IP submit, each reply of
// the session a packet to QEMU that is built from the stored request. So the same firewall stands
// before a guest as before a kernel, and QEMU never gets a byte of usbredir that the backend wrote.
// The tables it gets are those that the session found to be what the pinned descriptors say.
//
// What QEMU relies on, and gets whatever the backend does (hw/usb/redirect.c, core.c):
// - one answer for each request, of its type and endpoint, no longer than it asked for, and in the
//   order of the endpoint's requests (request_table.hpp);
// - no interrupt packet on an endpoint that is not one, or that it did not start; a start that
//   fails, or a stream that ends, is reported as a stall, which is what it takes for an end;
// - interrupt endpoints with an interval: a device without is refused before it is shown;
// - no packet of a capability that was not agreed. Not announced: bulk receiving;
// - streams of bulk endpoints that it asked for: a status that is no success, and it throws the
//   device out.
//
// QEMU is not trusted either: its guest may have taken it over. What breaks usbredir ends the
// attachment; what asks for too much gets an error.
//
// Isochronous endpoints are shown and refuse to start; this is the place to carry them.
class Link final : public Target {
 public:
  static constexpr std::size_t max_requests = 1024;       // open at once; more: the end
  static constexpr std::size_t max_stream_requests = 64;  // for bulk streams, the same
  // With all of them; more: an error.
  static constexpr std::size_t max_out_bytes = std::size_t{16} * 1024 * 1024;
  // More than this waiting, and QEMU is not read from: it does not read itself.
  static constexpr std::size_t max_waiting = std::size_t{4} * 1024 * 1024;
  static constexpr std::uint32_t our_caps =
      redir::cap::connect_device_version | redir::cap::filter | redir::cap::device_disconnect_ack |
      redir::cap::ep_info_max_packet_size | redir::cap::ids_64bit | redir::cap::bulk_length_32bit |
      redir::cap::bulk_streams;

  // Its session offers the backend redir::cap::all. To be read from once the session is ready.
  // Takes the place of the session's kernel.
  explicit Link(Session& session);

  std::span<std::byte> prepare() override { return decoder_.prepare(); }
  void arrived(std::size_t count, Time now) override;
  void closed(Time now) override { session_.kernel_closed(now); }
  void turn(Time now) override;
  bool reading() const override { return to_guest_.size() < max_waiting; }
  OutQueue& out() override { return to_guest_; }

 private:
  using Number = RequestTable::Number;
  // An interrupt IN endpoint: one submit at a time polls it.
  struct Polling {
    bool on = false;
    Number submit = 0;      // under way; 0: none
    bool unlinked = false;  // and given up
    std::uint64_t packets = 0;
  };

  // All of these have one id in QEMU.
  struct StreamRequest {
    std::uint64_t id = 0;
    std::uint32_t endpoints = 0, streams = 0;
  };

  // link.cpp
  void on_hello();
  void introduce();
  void tell_tables();
  void send(redir::PacketType type, std::uint64_t id, const redir::Body& body,
            base::wire::Bytes data = {});
  void broken(std::string_view what);
  // link_requests.cpp
  void handle(const redir::Packet& packet);
  void handle_data(const redir::Packet& packet);
  void on_control(const redir::Packet& packet);
  void on_setting(const redir::Packet& packet, const Setup& setup);
  void on_bulk(const redir::Packet& packet);
  void on_interrupt_out(const redir::Packet& packet);
  void on_bulk_streams(const redir::Packet& packet);
  void on_cancel(std::uint64_t id);
  void request(const Request& request, base::wire::Bytes data);
  void submit(Number number, const Request& request, base::wire::Bytes data);
  void feed(const usbip::Submit& submit, base::wire::Bytes data);
  void unlink(Number victim);
  Number next_number();
  // link_answers.cpp
  std::size_t took(std::span<const base::wire::Bytes> parts);
  void on_reply(const Reply& reply);
  void answer(Number number, std::uint8_t status, std::uint32_t actual, base::wire::Bytes data);
  void send_answer(const Request& request, std::uint8_t status, std::uint32_t actual,
                   base::wire::Bytes data);
  void send_ready(std::uint8_t endpoint);
  bool streams_answered(const Reply& reply);
  // link_interrupt.cpp
  void start_polling(std::uint8_t endpoint, std::uint64_t id);
  void stop_polling(std::uint8_t endpoint, std::uint64_t id);
  void poll();
  bool polled(const Reply& reply);
  void poll_unlinked(Number victim);

  Session& session_;
  redir::Decoder decoder_{redir::Sender::guest, our_caps};
  OutQueue to_guest_;
  std::uint32_t caps_ = 0;
  bool introduced_ = false;
  bool parted_ = false;                 // the device's end was told
  std::optional<std::string> refusal_;  // for the next turn: the session may be at work
  Time now_{};

  std::pmr::unsynchronized_pool_resource pool_;  // so that a request costs no malloc
  RequestTable requests_{&pool_};
  std::pmr::unordered_map<Number, Number> unlinks_{&pool_};  // unlink -> its victim
  std::pmr::unordered_map<Number, StreamRequest> stream_requests_{&pool_};
  Number last_number_ = 0;
  std::array<Polling, 16> polling_;
};

}  // namespace usbproxy::guest
