// SPDX-License-Identifier: GPL-2.0-or-later
// Parsers of the texts around an attachment.
#include "usbproxy/frontend_protocol.hpp"

#include <algorithm>
#include <charconv>

#include "base/wire/ascii.hpp"
#include "base/wire/escape.hpp"

namespace usbproxy {
namespace {

using base::wire::escape;

bool is_name(std::string_view text, std::size_t longest, std::string_view also) {
  return !text.empty() && text.size() <= longest &&
         std::all_of(text.begin(), text.end(), [also](char c) {
           return base::wire::is_alphanumeric(c) || also.find(c) != std::string_view::npos;
         });
}

std::string_view take_word(std::string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  const std::size_t end = std::min(text.find(' '), text.size());
  const std::string_view word = text.substr(0, end);
  text.remove_prefix(end);
  return word;
}

std::optional<std::uint32_t> number(std::string_view text) {
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// Without its end; nothing if it has none.
std::optional<std::string_view> take_line(std::string_view& text) {
  const std::size_t end = text.find('\n');
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end + 1);
  return line;
}

// "option KEY VALUE" lines up to an empty one or the end.
base::Status take_options(std::string_view text, firewall::Rights& rights) {
  std::vector<std::string_view> seen;
  while (!text.empty()) {
    const auto line = take_line(text);
    if (!line) return base::fail("request: half a line '" + escape(text) + "'");
    if (line->empty()) break;
    std::string_view words = *line;
    const std::string_view verb = take_word(words);
    const std::string_view key = take_word(words);
    if (verb != "option" || words.size() < 2) {
      return base::fail("request: '" + escape(*line) + "' is not 'option KEY VALUE'");
    }
    if (std::find(seen.begin(), seen.end(), key) != seen.end()) {
      return base::fail("request: option " + escape(key) + " is there twice");
    }
    seen.push_back(key);
    if (auto set = rights.set(key, words.substr(1)); !set) {
      return base::fail("request: " + set.error().text + "; update sallyport in this qube");
    }
  }
  if (!text.empty()) return base::fail("request: '" + escape(text) + "' behind its end");
  return base::Ok{};
}

const char* meaning(std::uint16_t status) {
  switch (status) {
    case 1:
      return "no such device in the backend";
    case 2:
      return "the device is busy in the backend";
    case 3:
      return "the backend cannot open the device";
    default:
      return "the backend failed";
  }
}

}  // namespace

base::Result<AttachRequest> AttachRequest::parse(std::string_view untrusted) {
  const std::size_t end = untrusted.find('\n');
  if (end == std::string_view::npos) {
    return base::fail("request: no line 'BACKEND PORT' on stdin");
  }
  const std::string_view first = untrusted.substr(0, end);
  std::string_view rest = untrusted.substr(end + 1);
  const std::size_t space = first.find(' ');
  AttachRequest request;
  request.backend = first.substr(0, space);
  request.port = space == std::string_view::npos ? "" : std::string(first.substr(space + 1));
  // sysfs names of ports: 2-1.4; qube names as in docs/protocol.md 5.
  if (!is_name(request.backend, 31, "_-") || !is_name(request.port, 31, "-.")) {
    return base::fail("request '" + escape(first) + "' is not 'BACKEND PORT'");
  }
  if (rest.empty()) return request;
  constexpr std::string_view key = "identity ";
  const auto second = take_line(rest);
  if (!second || !second->starts_with(key)) {
    return base::fail("request: second line '" + escape(second.value_or(rest)) +
                      "' is not 'identity DEVICE_ID'");
  }
  auto identity = Identity::parse(second->substr(key.size()));
  if (!identity) return base::Unexpected{identity.error()};
  request.identity = std::move(*identity);
  if (auto taken = take_options(rest, request.rights); !taken) {
    return base::Unexpected{taken.error()};
  }
  return request;
}

AttachRequest::Whole AttachRequest::whole(std::string_view untrusted) {
  if (untrusted.ends_with("\n\n")) return Whole::yes;
  const auto lines = std::count(untrusted.begin(), untrusted.end(), '\n');
  return lines == 1 && untrusted.ends_with('\n') ? Whole::maybe : Whole::no;
}

base::Result<BackendHeader> parse_backend_header(base::wire::Bytes untrusted) {
  base::wire::Reader in(untrusted);
  const std::string_view magic = base::wire::as_text(in.take(4));
  const std::uint16_t major = in.u16();
  BackendHeader header{.status = in.u16(), .reason_size = 0};
  in.u64();  // features: none known
  header.reason_size = in.u16();
  if (!magic.empty() && magic.front() >= '0' && magic.front() <= '9') {
    return base::fail(
        "the backend speaks Qubes' own USB/IP wire, which only the services for Qubes OS take; "
        "install sallyport in the backend");
  }
  if (!in.done() || magic != "SLPU") return base::fail("the backend is not sallyport's");
  if (major != 1) {
    return base::fail("the backend speaks version " + std::to_string(major) +
                      " of the protocol, 1 is needed; update both qubes");
  }
  if (header.reason_size > max_backend_reason || (header.status == 0 && header.reason_size != 0)) {
    return base::fail("the backend's header is malformed");
  }
  return header;
}

std::string describe_refusal(const BackendHeader& header, std::string_view untrusted_reason) {
  std::string text = meaning(header.status);
  if (!untrusted_reason.empty()) text += ": " + escape(untrusted_reason, max_backend_reason);
  return text;
}

// Lines of "hub port sta ..."; hub is hs or ss, and sta 4 means that nothing is plugged in
// (VDEV_ST_NULL of linux/drivers/usb/usbip). The first line is a heading.
void add_vhci_ports(VhciPorts& ports, std::string_view status_text, Speed speed) {
  const std::string_view hub = speed == Speed::super ? "ss" : "hs";
  while (!status_text.empty()) {
    const std::size_t end = std::min(status_text.find('\n'), status_text.size());
    std::string_view line = status_text.substr(0, end);
    status_text.remove_prefix(std::min(end + 1, status_text.size()));
    if (take_word(line) != hub) continue;
    const auto port = number(take_word(line));
    const auto state = number(take_word(line));
    if (!port || !state || *port > 239) continue;
    ++ports.total;
    if (*state == 4) ports.free.push_back(*port);
  }
}

std::uint32_t vhci_speed(Speed speed) {
  switch (speed) {
    case Speed::low:
      return 1;
    case Speed::full:
      return 2;
    case Speed::high:
      return 3;
    case Speed::super:
      return 5;
  }
  return 0;
}

}  // namespace usbproxy
