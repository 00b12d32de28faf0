// SPDX-License-Identifier: GPL-2.0-or-later
// A guest's whole stream through decoder and gate; what passes goes to the real usbredirparser,
// which must find nothing to complain of and must end where the packet ends.
#include <usbredirparser.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "usbproxy/backend_gate.hpp"

namespace {

using usbproxy::Gate;
namespace redir = usbproxy::redir;

// The library's parser as usb-host, with handlers that do nothing but free.
struct Library {
  base::wire::Bytes feeding;
  usbredirparser* parser = nullptr;
};

void log(void* /*self*/, int level, const char* text) {
  if (level > usbredirparser_error) return;
  std::fprintf(stderr, "%s\n", text);
  std::abort();
}
int read(void* self, std::uint8_t* data, int count) {
  auto& feeding = static_cast<Library*>(self)->feeding;
  const std::size_t size = std::min(feeding.size(), static_cast<std::size_t>(count));
  if (size > 0) std::memcpy(data, feeding.data(), size);
  feeding = feeding.subspan(size);
  return static_cast<int>(size);
}
int write(void* /*self*/, std::uint8_t* /*data*/, int count) { return count; }

template <class Header>
void with_data(void* self, std::uint64_t /*id*/, Header* /*header*/, std::uint8_t* data,
               int /*size*/) {
  usbredirparser_free_packet_data(static_cast<Library*>(self)->parser, data);
}
void hello(void* /*self*/, usb_redir_hello_header* /*header*/) {}
void plain(void* /*self*/) {}
void with_id(void* /*self*/, std::uint64_t /*id*/) {}
template <class Header>
void with_header(void* /*self*/, std::uint64_t /*id*/, Header* /*header*/) {}
void filter(void* /*self*/, usbredirfilter_rule* rules, int /*count*/) { std::free(rules); }

void set_handlers(usbredirparser& parser) {
  parser.log_func = log;
  parser.read_func = read;
  parser.write_func = write;
  parser.hello_func = hello;
  parser.reset_func = plain;
  parser.set_configuration_func = with_header;
  parser.get_configuration_func = with_id;
  parser.set_alt_setting_func = with_header;
  parser.get_alt_setting_func = with_header;
  parser.start_iso_stream_func = with_header;
  parser.stop_iso_stream_func = with_header;
  parser.start_interrupt_receiving_func = with_header;
  parser.stop_interrupt_receiving_func = with_header;
  parser.alloc_bulk_streams_func = with_header;
  parser.free_bulk_streams_func = with_header;
  parser.cancel_data_packet_func = with_id;
  parser.filter_reject_func = plain;
  parser.filter_filter_func = filter;
  parser.device_disconnect_ack_func = plain;
  parser.start_bulk_receiving_func = with_header;
  parser.stop_bulk_receiving_func = with_header;
  parser.control_packet_func = with_data;
  parser.bulk_packet_func = with_data;
  parser.iso_packet_func = with_data;
  parser.interrupt_packet_func = with_data;
}

void feed(Library& library, base::wire::Bytes packet) {
  library.feeding = packet;
  if (usbredirparser_do_read(library.parser) != 0) std::abort();
  if (!library.feeding.empty()) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::unique_ptr<usbredirparser, decltype(&usbredirparser_destroy)> parser(
      usbredirparser_create(), &usbredirparser_destroy);
  Library library{.feeding = {}, .parser = parser.get()};
  parser->priv = &library;
  set_handlers(*parser);
  std::uint32_t caps[USB_REDIR_CAPS_SIZE] = {0xff};
  usbredirparser_init(parser.get(), "fuzz", caps, USB_REDIR_CAPS_SIZE, usbredirparser_fl_usb_host);

  redir::Decoder decoder(redir::Sender::guest, usbproxy::backend_caps);
  Gate gate;
  std::vector<std::byte> connect;  // early streams are the unit tests'
  redir::append_packet(connect, 0, redir::PacketType::device_connect, 0, redir::DeviceConnect{});
  gate.note_sent(connect, std::nullopt);
  if (!decoder.push(std::as_bytes(std::span(data, size)))) return 0;
  for (;;) {
    const auto packet = decoder.next();
    if (!packet || *packet == nullptr) return 0;
    const auto verdict = gate.check(**packet);
    if (!verdict) return 0;
    if (gate.open_requests() > Gate::max_requests || gate.open_bytes() > Gate::max_request_bytes)
      std::abort();
    if (*verdict == Gate::Verdict::ignore) continue;
    const bool is_hello = (*packet)->type == redir::PacketType::hello;
    const auto own_hello = Gate::hello_for_library(decoder.caps().value_or(0));
    feed(library, is_hello ? base::wire::Bytes(own_hello) : (*packet)->raw);
  }
}
