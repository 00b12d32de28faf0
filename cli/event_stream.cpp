// SPDX-License-Identifier: GPL-2.0-or-later
// Takes events apart field by field; see the header.
#include "cli/event_stream.hpp"

#include <algorithm>

#include "base/wire/escape.hpp"

namespace cli {
namespace {

constexpr std::string_view event_mark = "1";
constexpr std::string_view refusal_mark = "2";
constexpr std::size_t event_head = 3;      // mark, subject, name
constexpr std::size_t refusal_fields = 4;  // mark, type, traceback, text
constexpr std::size_t max_refusal_text = 4096;

}  // namespace

std::string_view AdminEvent::fact(std::string_view key) const {
  const std::string* value = base::device::find_property(facts, key);
  return value == nullptr ? std::string_view{} : *value;
}

bool EventStream::push(std::string_view untrusted) {
  while (!untrusted.empty() && !failure_) {
    const std::size_t end = untrusted.find('\0');
    const std::string_view part = untrusted.substr(0, end);
    if (field_.size() + part.size() > max_event_field) {
      return fail("an event's field is longer than " + std::to_string(max_event_field) + " bytes");
    }
    field_ += part;
    if (end == std::string_view::npos) return true;
    untrusted.remove_prefix(end + 1);
    take_field();
    field_.clear();
  }
  return !failure_;
}

std::optional<AdminEvent> EventStream::pop() {
  if (events_.empty()) return std::nullopt;
  AdminEvent event = std::move(events_.front());
  events_.pop_front();
  return event;
}

std::optional<AdminFailure> EventStream::ended() const {
  if (failure_) return failure_;
  if (!fields_.empty() || !field_.empty()) {
    return AdminFailure{.kind = AdminFailure::Kind::malformed,
                        .type = {},
                        .text = "the daemon's events end in the middle of one"};
  }
  if (any_event_) return std::nullopt;
  return parse_reply({}).error();  // Qubes' words for a daemon that says nothing
}

bool EventStream::take_field() {
  if (!fields_.empty()) {
    return fields_.front() == event_mark ? take_event_field() : take_refusal_field();
  }
  const bool refusal = field_ == refusal_mark && !any_event_;
  if (field_ != event_mark && !refusal) {
    return fail("\"" + base::wire::escape(field_, 40) +
                "\" stands where an event should begin; are daemon and tools of one version?");
  }
  fields_.push_back(field_);
  return true;
}

bool EventStream::take_event_field() {
  const bool key = fields_.size() >= event_head && (fields_.size() - event_head) % 2 == 0;
  if (!key || !field_.empty()) {
    if (fields_.size() >= event_head + 2 * max_event_facts) {
      return fail("an event has more than " + std::to_string(max_event_facts) + " facts");
    }
    fields_.push_back(field_);
    return true;
  }
  AdminEvent event{.subject = fields_[1], .name = fields_[2], .facts = {}};
  for (std::size_t i = event_head; i + 1 < fields_.size(); i += 2) {
    event.facts.push_back({fields_[i], fields_[i + 1]});
  }
  events_.push_back(std::move(event));
  fields_.clear();
  any_event_ = true;
  return true;
}

bool EventStream::take_refusal_field() {
  fields_.push_back(field_);
  if (fields_.size() < refusal_fields) return true;
  failure_ = AdminFailure{.kind = AdminFailure::Kind::refused,
                          .type = base::wire::escape(fields_[1]),
                          .text = base::wire::escape(fields_[3], max_refusal_text)};
  return false;
}

bool EventStream::fail(std::string text) {
  failure_ =
      AdminFailure{.kind = AdminFailure::Kind::malformed, .type = {}, .text = std::move(text)};
  return false;
}

}  // namespace cli
