// SPDX-License-Identifier: GPL-2.0-or-later
// Splits and checks an Admin API request; see the header.
#include "dom0/admin_request.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include "base/wire/ascii.hpp"
#include "base/wire/escape.hpp"

namespace dom0 {
namespace {

bool argument_character(char c) { return base::wire::is_name_character(c) || c == '+'; }

// "SERVICE SOURCE name TARGET" as its words: exactly four, one blank between.
using Words = std::array<std::string_view, 4>;

base::Result<Words> split(std::string_view header) {
  Words words;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::size_t end = header.find(' ');
    const bool last = i + 1 == words.size();
    if (last != (end == std::string_view::npos)) {
      return base::fail("the request's header is not \"METHOD+ARGUMENT SOURCE name TARGET\"");
    }
    words[i] = header.substr(0, end);
    if (!last) header.remove_prefix(end + 1);
  }
  return words;
}

base::Status check_name(std::string_view what, std::string_view name, std::size_t limit) {
  if (name.empty() || name.size() > limit ||
      !std::ranges::all_of(name, base::wire::is_name_character)) {
    return base::fail("the request's " + std::string(what) + " is no name: \"" +
                      base::wire::escape(name, limit) + "\"");
  }
  return base::Ok{};
}

base::Status check(const AdminRequest& request, std::string_view target_kind) {
  if (auto ok = check_name("method", request.method, max_admin_method); !ok) return ok;
  if (auto ok = check_name("source", request.source, max_admin_name); !ok) return ok;
  if (auto ok = check_name("target", request.target, max_admin_name); !ok) return ok;
  if (!std::ranges::all_of(request.argument, argument_character)) {
    return base::fail(
        "the request's argument may hold letters, digits, '.', '_', '-', '+' only: \"" +
        base::wire::escape(request.argument) + "\"");
  }
  if (target_kind != "name") {
    return base::fail("the request's target must be given by \"name\", not \"" +
                      base::wire::escape(target_kind, 32) + "\"");
  }
  return base::Ok{};
}

}  // namespace

base::Result<AdminRequest> parse_admin_request(base::wire::Bytes untrusted) {
  const std::string_view text = base::wire::as_text(untrusted);
  const std::size_t end = text.substr(0, max_admin_header + 1).find('\0');
  if (end == std::string_view::npos) {
    return base::fail("the request has no header of at most " + std::to_string(max_admin_header) +
                      " bytes that ends in NUL");
  }
  const std::string_view payload = text.substr(end + 1);
  if (payload.size() > max_admin_payload) {
    return base::fail("the request's payload is longer than " + std::to_string(max_admin_payload) +
                      " bytes");
  }
  const auto words = split(text.substr(0, end));
  if (!words) return base::fail(words.error().text);

  const auto [service, source, target_kind, target] = *words;
  const std::size_t plus = service.find('+');
  AdminRequest request;
  request.method = service.substr(0, plus);
  if (plus != std::string_view::npos) request.argument = service.substr(plus + 1);
  request.source = source;
  request.target = target;
  request.payload = payload;
  if (auto ok = check(request, target_kind); !ok) return base::fail(ok.error().text);
  return request;
}

}  // namespace dom0
