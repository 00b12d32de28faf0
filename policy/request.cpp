// SPDX-License-Identifier: GPL-2.0-or-later
#include "policy/request.hpp"

#include <algorithm>

#include "base/wire/ascii.hpp"
#include "policy/fields.hpp"
#include "policy/quote.hpp"

namespace policy {
namespace {

std::string sanitise(std::string_view untrusted, std::string_view also_legal) {
  std::string clean(untrusted);
  std::replace_if(
      clean.begin(), clean.end(),
      [also_legal](char c) {
        return !base::wire::is_name_character(c) && also_legal.find(c) == std::string_view::npos;
      },
      '_');
  return clean;
}

}  // namespace

base::Result<ServiceCall> parse_service_call(std::string_view untrusted_call) {
  if (untrusted_call.size() > max_call) {
    return base::fail("service call refused: its name is longer than " + std::to_string(max_call) +
                      " characters");
  }
  const std::string call = sanitise(untrusted_call, "+");
  const std::size_t plus = std::min(call.find('+'), call.size());
  if (plus == 0) return base::fail("service call refused: it names no service");
  ServiceCall parsed{call.substr(0, plus), call.substr(plus)};
  if (parsed.argument.empty()) parsed.argument = "+";
  return parsed;
}

base::Result<Request> parse_request(std::string_view source, std::string_view untrusted_target,
                                    std::string_view untrusted_call) {
  auto call = parse_service_call(untrusted_call);
  if (!call) return base::Unexpected{call.error()};
  // A keyword in front of a name makes the target that much longer.
  if (untrusted_target.size() > max_name + std::string_view("@dispvm:").size()) {
    return base::fail("service call refused: its target " + quote(untrusted_target) +
                      " is longer than a qube's name may be");
  }
  std::string target = sanitise(untrusted_target, "@:");
  if (target.empty()) target = "@default";
  return Request{std::string(source), std::move(target), std::move(call->service),
                 std::move(call->argument)};
}

std::string call_name(const Request& request) {
  return request.argument == "+" ? request.service : request.service + request.argument;
}

}  // namespace policy
