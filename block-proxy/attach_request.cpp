// SPDX-License-Identifier: GPL-2.0-or-later
#include "block-proxy/attach_request.hpp"

#include <algorithm>
#include <optional>

#include "base/wire/ascii.hpp"
#include "base/wire/escape.hpp"

namespace blockproxy {
namespace {

using base::wire::escape;

constexpr std::size_t max_word = 31;

bool word_of(std::string_view text, std::string_view also) {
  return !text.empty() && text.size() <= max_word && std::ranges::all_of(text, [also](char c) {
    return base::wire::is_alphanumeric(c) || also.find(c) != std::string_view::npos;
  });
}

std::string_view take_line(std::string_view& text) {
  const std::size_t end = text.find('\n');
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(line.size() + 1, text.size()));
  return line;
}

base::Status take_option(std::string_view key, std::string_view value, AttachRequest& request,
                         std::optional<nbd::Access>& access) {
  const auto wrong = [&] {
    return base::fail("request: option " + escape(key) + " cannot be '" + escape(value) + "'");
  };
  if (key == "read-only") {
    if (value != "yes" && value != "no") return wrong();
    access = value == "yes" ? nbd::Access::read_only : nbd::Access::read_write;
  } else if (key == "frontend-dev") {
    if (!word_of(value, "")) return wrong();
    request.frontend_dev = value;
  } else if (key == "devtype") {
    if (value != "disk" && value != "cdrom") return wrong();
    request.type = value == "disk" ? AttachRequest::Type::disk : AttachRequest::Type::cdrom;
  } else if (key == "snapshot") {
    if (!snapshot::valid_request_name(value)) return wrong();
    request.snapshot = value;
  } else if (key == "fill") {
    if (value != "lazy" && value != "in-order") return wrong();
    request.fill = value == "lazy" ? snapshot::Fill::lazy : snapshot::Fill::in_order;
  } else if (key == "seal") {
    if (value != "no" && value != "yes") return wrong();
    request.at_end = value == "no" ? snapshot::AtEnd::stay_open : snapshot::AtEnd::seal;
  } else if (key == "commit") {
    if (value != "no" && value != "yes") return wrong();
    request.use = value == "no" ? AttachRequest::Use::taken : AttachRequest::Use::written;
  } else {
    return base::fail("request: option " + escape(key) +
                      " is not known here; are dom0 and this qube of one version?");
  }
  return base::Ok{};
}

}  // namespace

base::Result<AttachRequest> AttachRequest::parse(std::string_view whole) {
  AttachRequest request;
  std::optional<nbd::Access> access;
  const std::string_view first = take_line(whole);
  const std::size_t blank = std::min(first.find(' '), first.size());
  request.backend = first.substr(0, blank);
  request.device = first.substr(std::min(blank + 1, first.size()));
  if (!word_of(request.backend, "_-") || !word_of(request.device, "-")) {
    return base::fail("request '" + escape(first) + "' is not 'BACKEND NAME'");
  }
  while (!whole.empty()) {
    const std::string_view line = take_line(whole);
    if (line.empty()) break;
    if (line.starts_with("identity ")) continue;
    constexpr std::string_view option = "option ";
    const std::string_view rest = line.substr(std::min(option.size(), line.size()));
    const std::size_t space = rest.find(' ');
    if (!line.starts_with(option) || space == std::string_view::npos) {
      return base::fail("request: '" + escape(line) + "' is neither an identity nor an option");
    }
    if (auto taken = take_option(rest.substr(0, space), rest.substr(space + 1), request, access);
        !taken) {
      return base::Unexpected{taken.error()};
    }
  }
  if (!access || request.frontend_dev.empty() == request.snapshot.empty()) {
    return base::fail("request: read-only and either frontend-dev or snapshot must be given");
  }
  request.access = *access;
  return request;
}

base::Result<nbd::Access> access_of(std::string_view options) {
  if (options.empty()) return nbd::Access::read_write;
  if (options == "read-only=yes") return nbd::Access::read_only;
  return base::fail("dom0 asks for '" + base::wire::escape(options) +
                    "', which this server does not know; are both of one version?");
}

}  // namespace blockproxy
