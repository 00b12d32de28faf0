// SPDX-License-Identifier: GPL-2.0-or-later
// Session: the device's descriptors, read here before the target's kernel sees anything, and all
// that it ever sees of them. What usbredir's tables say is compared with them from then on.
#include <algorithm>
#include <cerrno>
#include <utility>

#include "usbproxy/session.hpp"
#include "usbproxy/table_check.hpp"

namespace usbproxy {

using base::wire::Bytes;
using redir::PacketType;

// First of all: which configuration is in use.
void Session::begin_pinning() {
  phase_ = Phase::pinning;
  connect_by_ = now_ + connect_deadline;
  question_id_ = operation_id | ++operations_;
  redir::append_packet(to_stream_.tail(), caps_, PacketType::get_configuration, question_id_,
                       redir::Empty{});
}

void Session::on_configuration_in_use(const redir::ConfigurationStatus& untrusted) {
  question_id_ = 0;
  if (untrusted.status != redir::status::success) {
    return finish(EndReason::refused, "the device does not say which configuration is in use");
  }
  active_ = {.configuration = untrusted.configuration, .alternates = {}};
  reader_.emplace(device_.speed(), untrusted.configuration);
  reading_ = Reading::first;
  ask_next();
}

void Session::ask_next() {
  const auto question = reader_->question();
  if (!question) return end_of_round();
  question_ = *question;
  question_id_ = operation_id | ++operations_;
  append_control(question_id_, question_, question_.length);
}

void Session::on_descriptor(const redir::Packet& packet) {
  const auto& body = std::get<redir::ControlPacket>(packet.body);
  question_id_ = 0;
  if (!answers(body, question_)) return violation("control reply to another request");
  if (body.length > question_.length) return violation("control reply longer than asked");
  std::optional<Bytes> data;
  if (body.status == redir::status::success) data = packet.data;
  if (const auto taken = reader_->answered(data); !taken) {
    return finish(reading_ == Reading::after_reset ? EndReason::changed : EndReason::refused,
                  what_is_refused() + taken.error().text());
  }
  ask_next();
}

std::string Session::what_is_refused() const {
  switch (reading_) {
    case Reading::none:
    case Reading::first:
      break;
    case Reading::second:
      return "the device does not say the same twice: ";
    case Reading::after_reset:
      return "the device came back from a reset as another one: ";
  }
  return "the device's descriptors break the rules: ";
}

void Session::end_of_round() {
  switch (reading_) {
    case Reading::none:
      return;
    case Reading::first: {
      // The whole device is what was approved; the target's kernel sees the part that is given.
      auto difference = identity_difference(device_, reader_->device(), active_, reader_->serial());
      if (!difference) difference = table_difference(device_, reader_->device(), active_);
      if (difference) return finish(EndReason::refused, std::move(*difference));
      auto given = reader_->copy(rights_);
      if (!given) return finish(EndReason::refused, what_is_refused() + given.error().text());
      pinned_.emplace(std::move(*given));
      reading_ = Reading::second;
      reader_->again(active_.configuration);
      return ask_next();
    }
    case Reading::second:
      reading_ = Reading::none;
      phase_ = Phase::connected;
      if (rights_.typing == firewall::Rights::Typing::of_people) {
        typing_.emplace(pinned_->reports(), pinned_->device().descriptor.vendor_id, now_);
      }
      return;
    case Reading::after_reset:
      reading_ = Reading::none;
      return send_parked();
  }
}

// Nothing but descriptors is answered until they have been found to be the same.
void Session::read_again() {
  connect_by_ = now_ + connect_deadline;
  reading_ = Reading::after_reset;
  reader_->again(active_.configuration);
  ask_next();
}

void Session::answer_descriptor(const usbip::Submit& submit) {
  const auto found = pinned_->find(submit.setup, active_);
  if (!found) {
    ++counters_.refused_urbs;
    return answer(submit, -EPIPE);
  }
  const Bytes data = found->first(
      std::min({found->size(), std::size_t{submit.setup.length}, std::size_t{submit.length}}));
  const bool cut_short =
      data.size() < submit.length && (submit.flags & usbip::flag::short_not_ok) != 0;
  answer(submit, cut_short ? -EREMOTEIO : 0, data);
}

// A new pair of tables: those of the change that was asked for first, or, if the device refused it,
// the old ones again.
void Session::check_tables() {
  tables_seen_ = 0;
  if (changes_.empty()) return;
  Change& change = changes_.front();
  firewall::Setting wanted = active_;
  if (change.interface_number) {
    wanted.alternates[*change.interface_number] = change.value;
  } else {
    wanted = {.configuration = change.value, .alternates = {}};
  }
  const auto difference = table_difference(device_, reader_->device(), wanted);
  if (!difference) {
    if (!change.before) change.before = active_;
    active_ = wanted;
    return;
  }
  if (table_difference(device_, reader_->device(), active_)) {
    finish(EndReason::refused, *difference);
  }
}

// Both settings may have had the same tables: only the status says which one it is.
void Session::end_change(std::uint64_t id, ChangeEnd end) {
  const auto change = std::find_if(changes_.begin(), changes_.end(),
                                   [id](const Change& one) { return one.id == id; });
  if (change == changes_.end()) return;
  if (end == ChangeEnd::refused && change->before) {
    active_ = *change->before;
    if (table_difference(device_, reader_->device(), active_)) {
      return violation("tables of a setting that was refused");
    }
  }
  changes_.erase(change);
}

}  // namespace usbproxy
