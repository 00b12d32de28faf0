// SPDX-License-Identifier: GPL-2.0-or-later
// What comes before a stream's own bytes: the hello, a backend's header, an attach request, an
// agent's refusal, and vhci's status file.
#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include "base/io/agent_call.hpp"
#include "base/wire/hello.hpp"
#include "usbproxy/frontend_protocol.hpp"

namespace {

void check_hello(base::wire::Bytes untrusted) {
  const auto hello = base::wire::parse_hello(untrusted);
  if (hello && !std::ranges::equal(base::wire::encode_hello(*hello), untrusted)) std::abort();
  if (!hello && *base::wire::describe(hello.error()) == '\0') std::abort();
}

// A line for the user: one line, and nothing a terminal would obey.
void check_line(std::string_view line) {
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  if (std::ranges::any_of(line, is_control)) std::abort();
}

void check_backend_header(base::wire::Bytes untrusted) {
  const std::size_t size = std::min(untrusted.size(), usbproxy::backend_header_size);
  const auto header = usbproxy::parse_backend_header(untrusted.first(size));
  if (!header) return;
  if (header->reason_size > usbproxy::max_backend_reason) std::abort();
  const auto rest = untrusted.subspan(size);
  const auto reason = rest.first(std::min(rest.size(), header->reason_size));
  check_line(usbproxy::describe_refusal(*header, base::wire::as_text(reason)));
}

void check_vhci_status(std::string_view text) {
  for (const usbproxy::Speed speed : {usbproxy::Speed::high, usbproxy::Speed::super}) {
    usbproxy::VhciPorts ports;
    usbproxy::add_vhci_ports(ports, text, speed);
    if (ports.free.size() > ports.total) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto untrusted = std::as_bytes(std::span(data, size));
  const std::string_view text = base::wire::as_text(untrusted);
  check_hello(untrusted);
  check_backend_header(untrusted);
  static_cast<void>(usbproxy::AttachRequest::parse(text));
  const auto refused = base::io::parse_refusal(text);
  if (refused.exit_code == 0) std::abort();
  check_line(refused.text);
  check_vhci_status(text);
  return 0;
}
