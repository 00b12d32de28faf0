// SPDX-License-Identifier: GPL-2.0-or-later
// One attached device: USB/IP requests of the target's kernel in, usbredir to the backend out, and
// the answers back.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <memory_resource>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "usbproxy/bot_pipeline.hpp"
#include "usbproxy/device_table.hpp"
#include "usbproxy/firewall/control_rules.hpp"
#include "usbproxy/firewall/descriptor_reader.hpp"
#include "usbproxy/firewall/pinned_copy.hpp"
#include "usbproxy/firewall/rights.hpp"
#include "usbproxy/iso_stream.hpp"
#include "usbproxy/out_queue.hpp"
#include "usbproxy/redir_decoder.hpp"
#include "usbproxy/redir_packet.hpp"
#include "usbproxy/typing_watch.hpp"
#include "usbproxy/usbip.hpp"

namespace usbproxy {

using Time = std::chrono::steady_clock::time_point;
using namespace std::chrono_literals;

enum class EndReason {
  unplugged,         // the backend says that the device is gone
  stream_closed,     // the backend, its qube or dom0 ended the stream
  target_detached,   // the target's kernel gave the port up
  stopped,           // we were told to end
  refused,           // the device is not what was approved, or cannot be served
  changed,           // after a reset the device is another one than before it
  silent,            // the backend did not speak in time
  violation,         // the backend broke the protocol
  kernel_violation,  // the target's kernel, or its QEMU, sent what we cannot parse
  injection,         // the device types as no person does
};
struct End {
  EndReason reason = EndReason::stopped;
  std::string text;  // one line for the user
};

// For tests; what became of isochronous packets is told at the end as well.
struct Counters {
  std::uint64_t submits = 0;
  std::uint64_t unlinks = 0;
  std::uint64_t resets = 0;
  std::uint64_t refused_urbs = 0;
  std::uint64_t dropped_packets = 0;  // interrupt packets nobody fetched
  IsoCounters iso;
};

// Pure: bytes and the time come in, bytes wait in two queues. What it guarantees towards the
// target's kernel: every CMD_SUBMIT gets exactly one RET_SUBMIT or a RET_UNLINK of -ECONNRESET,
// every CMD_UNLINK exactly one RET_UNLINK; replies are built from the stored request, so nothing
// the backend sends can name, lengthen or invent one. Whatever the backend sends against the
// protocol or against the state ends the session; the kernel's pending requests then get -ENODEV.
//
// Descriptors never come from the device: they are read and checked here before ready(), and the
// kernel's questions are answered from a copy that was written anew (firewall/README.md). After a
// reset of the port the device's own are read again and compared before anything else goes on.
//
// Back pressure: the kernel's side is read always, since a CMD_UNLINK behind unread CMD_SUBMITs
// would hang the target. Instead, requests beyond max_in_flight are parked here, and beyond
// max_parked answered -ENOMEM at once. The kernel's own limits (usbfs memory, queue depths of
// drivers) keep far below that.
class Session {
 public:
  static constexpr std::size_t max_in_flight = 32;  // bulk and interrupt OUT
  static constexpr std::size_t max_endpoint_in_flight = 16;
  static constexpr std::size_t max_bytes_in_flight = std::size_t{16} * 1024 * 1024;
  static constexpr std::size_t max_control_in_flight = 8;
  static constexpr std::size_t max_urbs = 2048;  // known at once, of all kinds
  static constexpr std::size_t max_parked_bytes = std::size_t{64} * 1024 * 1024;
  static constexpr std::size_t max_orphans = 512;
  static constexpr std::size_t max_buffered_packets = 256;   // per interrupt endpoint
  static constexpr std::uint16_t max_control_length = 4096;  // libusb's own bound
  static constexpr unsigned max_resets = 5;                  // per reset_window
  static constexpr auto reset_window = 60s;
  static constexpr auto connect_deadline = 15s;
  static constexpr auto packet_deadline = 10s;  // silence inside one packet
  // The same of an attached device: longer than a disk's driver waits (30 s, SD_TIMEOUT of
  // drivers/scsi/sd.h), so that a backend whose qube was paused is not given up before.
  static constexpr auto attached_packet_deadline = 40s;
  static constexpr auto control_deadline = 4900ms;  // the kernel gives up after 5 s
  static constexpr auto cancel_deadline = 2s;
  static constexpr auto configuration_cancel_deadline = 1s;
  static constexpr auto stream_idle = 250ms;         // without a request, until a stream is stopped
  static constexpr auto iso_start_deadline = 500ms;  // for the first packet of a stream
  static constexpr auto iso_retry = 1s;              // before a failed stream is started again
  // While more than this waits for the stream, isochronous OUT packets are given up: they are late.
  static constexpr std::size_t max_iso_backlog = std::size_t{1} * 1024 * 1024;

  // `rights`: what of the device the target gets, and which requests reach it.
  // `caps`: what the backend is offered.
  Session(std::optional<Identity> expected, Time now, firewall::Rights rights = {},
          std::uint32_t caps = redir::cap::frontend);

  // Input, copied in or read in place. Nothing may be called after end() is set but the queues.
  void from_kernel(base::wire::Bytes untrusted, Time now);
  void from_stream(base::wire::Bytes untrusted, Time now);
  std::span<std::byte> prepare_kernel() { return kernel_.prepare(); }
  std::span<std::byte> prepare_stream() { return stream_.prepare(); }
  void kernel_arrived(std::size_t count, Time now);
  void stream_arrived(std::size_t count, Time now);
  void kernel_closed(Time now);
  void stream_closed(Time now);
  void stop(Time now);
  // The device cannot be attached here.
  void refuse(std::string why, Time now);
  // For a target that is no kernel: what a kernel would write, answered as a kernel's would be. A
  // submit's length must be within usbip::max_transfer.
  void from_target(const usbip::Command& command, Time now);
  // It wants as many streams of each of the bulk endpoints (bits, by slot_of()), or none: 0. The
  // answer is that of a submit of this number without data.
  void set_bulk_streams(std::uint32_t seqnum, std::uint32_t endpoints, std::uint32_t streams,
                        Time now);
  // How many an endpoint can have in the setting in use, if the backend can; 0: it has none.
  std::uint32_t max_bulk_streams(std::uint8_t address) const;
  // It reset the device's port, or sent what cannot be parsed.
  void target_reset(Time now);
  void target_broke(std::string how, Time now);
  // For a source that is no backend: it found something wrong with what it speaks to.
  void source_failed(EndReason reason, std::string why, Time now);
  // Runs what is due. next_deadline() says when to call it again at the latest.
  void tick(Time now);
  Time next_deadline() const;

  OutQueue& to_kernel() { return to_kernel_; }
  OutQueue& to_stream() { return to_stream_; }
  // True once the device is the right one and its descriptors are pinned: attach now.
  bool ready() const { return phase_ == Phase::connected; }
  const DeviceTable& device() const { return device_; }
  // The setting that the backend's tables are of.
  const firewall::Setting& setting() const { return active_; }
  const std::optional<End>& end() const { return end_; }
  const Counters& counters() const { return counters_; }

 private:
  enum class Phase { hello, tables, pinning, connected, ended };
  // The reading of descriptors that is going on.
  enum class Reading { none, first, second, after_reset };
  enum class UrbKind {
    control,
    bulk,
    interrupt_out,
    interrupt_in,
    isochronous,
    set_configuration,
    get_configuration,
    set_alt,
    get_alt,
    bulk_streams
  };
  // served: waits for a transfer that was sent ahead of it (session_bot.cpp)
  enum class UrbState { parked, queued, served, sent, cancelling };
  struct Urb {
    usbip::Submit submit;
    UrbKind kind = UrbKind::control;
    UrbState state = UrbState::sent;
    std::uint64_t id = 0;          // usbredir's, once sent
    std::uint32_t unlink = 0;      // the CMD_UNLINK to answer, state cancelling
    unsigned awaited = 0;          // bits: main_reply, zero_packet_reply
    std::int32_t status = 0;       // of the replies so far
    std::uint32_t out_length = 0;  // as the main reply said
    Time deadline = Time::max();
    std::vector<std::byte> parked;  // OUT data, state parked
    std::uint32_t endpoints = 0;    // kind bulk_streams: bits, by slot_of()
    std::uint32_t streams = 0;      // and how many of each, not 0
  };
  // usbredir ids: (epoch << 32) | seqnum for a request, with a mark for the empty packet behind it,
  // and a counter with another mark for operations on streams.
  static constexpr std::uint64_t zero_packet_id = std::uint64_t{1} << 62U;
  static constexpr std::uint64_t operation_id = std::uint64_t{1} << 61U;
  static constexpr std::uint64_t ahead_id = std::uint64_t{1} << 63U;
  static constexpr std::uint32_t max_epoch = (std::uint32_t{1} << 29U) - 1;
  static constexpr unsigned main_reply = 1;
  static constexpr unsigned zero_packet_reply = 2;
  static constexpr unsigned interface_table = 1;
  static constexpr unsigned endpoint_table = 2;
  using Urbs = std::pmr::unordered_map<std::uint32_t, Urb>;

  struct InterruptIn {
    StreamState state = StreamState::off;
    std::uint64_t operation = 0;                 // id of the last start or stop
    std::deque<std::uint32_t> urbs;              // waiting for a packet, oldest first
    std::deque<std::vector<std::byte>> packets;  // waiting for an URB
    Time idle_since = Time::max();               // no URB since
  };

  // A SET_CONFIGURATION or SET_INTERFACE whose status is to come; its tables come before that.
  struct Change {
    std::uint64_t id = 0;
    std::optional<std::uint8_t> interface_number;  // nothing: the configuration
    std::uint8_t value = 0;
    std::optional<firewall::Setting> before = {};  // set once its tables came
  };
  enum class ChangeEnd { done, refused };

  // session.cpp
  void finish(EndReason reason, std::string text);
  void violation(std::string_view what);
  void fail_pending(std::int32_t status);
  Time packet_due() const;
  void run_deadlines();
  void expire(Urbs::iterator urb);
  void orphan(std::uint64_t id);
  bool take_orphan(std::uint64_t id);
  // session_submit.cpp
  void on_submit(const usbip::Command& command);
  void on_unlink(const usbip::Command& command);
  void submit_data(const usbip::Command& command);
  void refuse_urb(const usbip::Command& command, std::int32_t status);
  bool is_given(const Endpoint& endpoint) const;
  Urb& admit(const usbip::Submit& submit, UrbKind kind);
  void send_or_park(Urb& urb, base::wire::Bytes data);
  bool may_send(const Urb& urb) const;
  void send(Urb& urb, base::wire::Bytes data);
  void send_parked();
  void cancel(Urb& urb);
  void release(const Urb& urb);
  void answer(const usbip::Submit& submit, std::int32_t status, base::wire::Bytes in_data = {});
  void complete(Urbs::iterator urb, const usbip::Completion& completion);
  void give_back_unlinked(Urbs::iterator urb);
  std::uint64_t id_for(std::uint32_t seqnum) const;
  // session_control.cpp
  void submit_control(const usbip::Command& command);
  bool configure(const usbip::Submit& submit);
  bool setting_exists(const usbip::Setup& setup) const;
  void send_configuration(Urb& urb);
  void infer_reset(const usbip::Setup& setup);
  void reset_device();
  void send_control(Urb& urb, base::wire::Bytes data);
  void append_control(std::uint64_t id, const usbip::Setup& setup, std::uint32_t length,
                      base::wire::Bytes data = {});
  // session_pin.cpp
  void begin_pinning();
  void on_configuration_in_use(const redir::ConfigurationStatus& untrusted);
  void ask_next();
  void on_descriptor(const redir::Packet& packet);
  std::string what_is_refused() const;
  void end_of_round();
  void read_again();
  void answer_descriptor(const usbip::Submit& submit);
  void check_tables();
  void end_change(std::uint64_t id, ChangeEnd end);
  bool answers_question(const redir::Packet& packet) const {
    return question_id_ != 0 && packet.id == question_id_;
  }
  // session_reply.cpp
  void handle(const redir::Packet& packet);
  void on_hello();
  void on_tables(const redir::Packet& packet);
  void on_connect(const redir::DeviceConnect& untrusted);
  void on_control(const redir::Packet& packet);
  void on_bulk(const redir::Packet& packet);
  void on_interrupt_out(const redir::Packet& packet);
  void on_configuration(const redir::Packet& packet);
  void on_alt(const redir::Packet& packet);
  void on_out_reply(Urbs::iterator urb, bool zero_packet, std::uint8_t status,
                    std::uint32_t length);
  void finish_reply(Urbs::iterator urb, std::uint8_t status, const usbip::Completion& completion);
  Urbs::iterator find_reply(std::uint64_t id, UrbKind kind, UrbKind other);
  static bool answers(const redir::ControlPacket& untrusted, const usbip::Setup& asked);
  static std::int32_t data_errno(std::uint8_t untrusted_status);
  // session_bot.cpp
  bool bot_submit(const usbip::Command& command);
  bool bot_write_data(const usbip::Command& command);
  void bot_send_ahead(std::uint32_t length);
  void bot_ask(const Ahead& one);
  void bot_recover(Ahead& data);
  void bot_recovered(const redir::ControlPacket& untrusted);
  void bot_cancel(const Ahead& one);
  void bot_serve();
  void bot_answer(Urbs::iterator urb, std::uint8_t status, base::wire::Bytes data);
  void bot_release_waiting();
  bool bot_reply(const redir::Packet& packet);
  void orphan_ahead(std::uint64_t id);
  void bot_written(std::uint32_t seqnum, std::int32_t status);
  void bot_abandon();
  void bot_forget();
  // session_interrupt.cpp
  void submit_interrupt_in(const usbip::Submit& submit);
  void on_interrupt_packet(const redir::Packet& packet);
  bool may_be_typed(std::uint8_t interface_number, base::wire::Bytes untrusted);
  void on_interrupt_status(const redir::Packet& packet);
  void deliver(InterruptIn& stream, base::wire::Bytes data, std::uint8_t status);
  void start_stream(std::uint8_t endpoint);
  void stop_stream(std::uint8_t endpoint);
  void stop_streams_of(std::optional<std::uint8_t> interface_number);
  void restart_if_wanted(std::uint8_t endpoint);
  void fail_queued(InterruptIn& stream, std::int32_t status);
  void forget_queued(const Urb& urb);
  // session_bulk_streams.cpp
  bool may_have_streams(std::uint32_t endpoints, std::uint32_t streams) const;
  bool have_streams(std::uint32_t endpoints, std::uint32_t streams) const;
  void note_streams(std::uint32_t endpoints, std::uint32_t streams);
  void free_streams(std::uint32_t endpoints);
  void forget_streams_of(std::optional<std::uint8_t> interface_number);
  bool stream_fits(const usbip::Submit& submit) const;
  std::optional<std::int32_t> overtaken(const Urb& urb) const;
  void send_bulk_streams(Urb& urb);
  void on_bulk_streams(const redir::Packet& packet);
  // session_iso.cpp
  void submit_iso(const usbip::Command& command);
  void on_iso_packet(const redir::Packet& packet);
  void on_iso_status(const redir::Packet& packet);
  void tick_iso();
  Time next_iso_deadline() const;
  void stop_iso_of(std::optional<std::uint8_t> interface_number);
  bool may_start_iso(const IsoStream& stream) const;
  void start_iso(std::uint8_t address, IsoStream& stream);
  void stop_iso(std::uint8_t address, IsoStream& stream);
  void iso_broken(IsoStream& stream);
  void run_iso(std::uint8_t address, IsoStream& stream);
  // session_iso_serve.cpp
  void serve_iso(IsoStream& stream);
  void fill_iso_in(IsoStream& stream);
  void fill_iso_out(IsoStream& stream);
  void send_iso(std::uint8_t address, IsoStream& stream);
  void send_iso_request(std::uint8_t address, IsoStream& stream, IsoRequest& request);
  void fail_iso_queue(IsoStream& stream, std::int32_t status);
  void append_iso_failed(const Urb& urb, std::int32_t status);

  Phase phase_ = Phase::hello;
  std::optional<End> end_;
  DeviceTable device_;
  usbip::Parser kernel_;
  redir::Decoder stream_;
  OutQueue to_kernel_;
  OutQueue to_stream_;
  Counters counters_;
  Time now_;
  Time connect_by_;
  Time last_stream_bytes_;
  std::uint32_t caps_ = 0;
  std::uint32_t epoch_ = 0;
  std::uint64_t operations_ = 0;  // ids of stream starts and stops
  bool flushing_ = false;         // everything is being failed: send nothing parked
  bool configured_ = false;       // the target set a configuration since the last reset
  std::deque<Time> resets_;

  firewall::Rights rights_;
  firewall::ControlRules rules_;  // of those
  std::optional<firewall::DescriptorReader> reader_;
  std::optional<firewall::PinnedCopy> pinned_;
  std::optional<TypingWatch> typing_;  // nothing: it may type by itself
  Reading reading_ = Reading::none;
  std::uint64_t question_id_ = 0;  // of the request of ours that waits for its answer; 0: none
  usbip::Setup question_;
  firewall::Setting active_;
  std::deque<Change> changes_;
  unsigned tables_seen_ = 0;  // bits: interface_table, endpoint_table

  std::pmr::unsynchronized_pool_resource pool_;  // so that an URB costs no malloc
  Urbs urbs_;
  std::pmr::deque<std::uint32_t> parked_;  // in the kernel's order
  std::size_t parked_bytes_ = 0;
  std::size_t in_flight_ = 0;
  std::size_t bytes_in_flight_ = 0;
  std::size_t control_in_flight_ = 0;
  std::array<std::size_t, redir::endpoint_slots> endpoint_in_flight_{};
  std::array<std::uint32_t, redir::endpoint_slots> bulk_streams_{};  // how many each endpoint has
  std::vector<std::uint64_t> orphans_;  // given up, their reply is still due
  std::array<InterruptIn, 16> interrupts_;
  std::array<std::unique_ptr<IsoStream>, redir::endpoint_slots> iso_;  // made at the first request
  std::vector<usbip::IsoPlace> iso_places_;    // of the request that is looked at
  std::vector<usbip::IsoPacket> iso_packets_;  // of the reply that is made
  BotPipeline bot_{&pool_};
};

}  // namespace usbproxy
