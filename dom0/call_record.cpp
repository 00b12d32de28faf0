// SPDX-License-Identifier: GPL-2.0-or-later
#include "dom0/call_record.hpp"

#include <charconv>

#include "base/device/properties.hpp"

namespace dom0 {
namespace {

using base::device::Properties;

constexpr std::string_view record_head = "call ";
constexpr std::size_t max_rule = 255;  // the relay keeps 4 KiB; all else is a name, and bounded

std::string text_of(const std::optional<std::uint32_t>& user) {
  return user ? std::to_string(*user) : std::string();
}

// Empty when it is not there.
std::string take(const Properties& properties, std::string_view key) {
  const std::string* found = base::device::find_property(properties, key);
  return found == nullptr ? std::string() : *found;
}

template <class Number>
std::optional<Number> number(const std::string& text) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

std::vector<std::byte> encode_call_record(const CallRecord& record) {
  const std::string text =
      std::string(record_head) +
      base::device::format_properties({{"input", record.input ? "yes" : "no"},
                                       {"source", record.source},
                                       {"target", record.target},
                                       {"service", record.service},
                                       {"rule", record.rule.substr(0, max_rule)},
                                       {"approver", record.approver},
                                       {"requester_uid", text_of(record.who.requester)},
                                       {"approver_uid", text_of(record.who.approver)},
                                       {"since", std::to_string(record.since)}});
  const auto bytes = base::wire::as_bytes(text);
  return {bytes.begin(), bytes.end()};
}

std::optional<CallRecord> parse_call_record(base::wire::Bytes record) {
  std::string_view text = base::wire::as_text(record);
  if (!text.starts_with(record_head)) return std::nullopt;
  text.remove_prefix(record_head.size());
  const auto properties = base::device::parse_properties(text);
  const auto since = properties ? number<std::int64_t>(take(*properties, "since")) : std::nullopt;
  if (!since) return std::nullopt;
  return CallRecord{.input = take(*properties, "input") == "yes",
                    .source = take(*properties, "source"),
                    .target = take(*properties, "target"),
                    .service = take(*properties, "service"),
                    .rule = take(*properties, "rule"),
                    .approver = take(*properties, "approver"),
                    .who = {number<std::uint32_t>(take(*properties, "requester_uid")),
                            number<std::uint32_t>(take(*properties, "approver_uid"))},
                    .since = *since};
}

}  // namespace dom0
