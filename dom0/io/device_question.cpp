// SPDX-License-Identifier: GPL-2.0-or-later
#include "dom0/io/device_question.hpp"

#include <array>
#include <ctime>
#include <set>

#include "dom0/device_description.hpp"

namespace dom0::io {
namespace {

std::string day_of(std::int64_t when) {
  const auto time = static_cast<std::time_t>(when);
  std::tm utc{};
  ::gmtime_r(&time, &utc);
  std::array<char, 32> text{};
  return std::string(text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%d", &utc));
}

std::string history_text(const DeviceHistory::Judgement& judgement) {
  const SeenDevice& before = judgement.before;
  switch (judgement.verdict) {
    case DeviceHistory::Verdict::known:
      return "known since " + day_of(before.first_seen) + ", last allowed " +
             day_of(before.approved);
    case DeviceHistory::Verdict::changed:
      return "CHANGED: seen before as something else, last on " + day_of(before.last_seen);
    case DeviceHistory::Verdict::fresh:
      break;
  }
  // It is noted when it is plugged in, so the first time is this one, or an earlier one.
  return before.first_seen == before.last_seen
             ? "new: never seen before"
             : "new: seen since " + day_of(before.first_seen) + ", never allowed";
}

// "u080650u030101" of an id, in pieces.
std::set<std::string> interfaces_of(std::string_view device_id) {
  std::set<std::string> codes;
  std::string_view rest = device_id.substr(device_id.rfind(':') + 1);
  for (; rest.size() >= base::device::interface_code_size;
       rest.remove_prefix(base::device::interface_code_size)) {
    codes.emplace(rest.substr(0, base::device::interface_code_size));
  }
  return codes;
}

std::string categories_of(const std::set<std::string>& codes) {
  std::string text;
  for (const std::string& code : codes) {
    text += (text.empty() ? "" : ", ") + std::string(base::device::category_of(code)) + " (" +
            code + ")";
  }
  return text;
}

std::string change_text(const SeenDevice& before, const sysusb::DeviceRecord& record) {
  const auto old_codes = interfaces_of(before.device_id);
  const auto codes = interfaces_of(device_id(record));
  std::set<std::string> more;
  std::set<std::string> less;
  for (const auto& code : codes) {
    if (!old_codes.contains(code)) more.insert(code);
  }
  for (const auto& code : old_codes) {
    if (!codes.contains(code)) less.insert(code);
  }
  std::string text;
  if (!more.empty()) text += "now also " + categories_of(more);
  if (!less.empty()) text += (text.empty() ? "" : "; ") + ("no longer " + categories_of(less));
  if (!text.empty()) return text;
  return "its descriptors or texts differ; it was: " + before.description;
}

}  // namespace

std::map<std::string, std::string> details_of(const Switchboard& board, const std::string& backend,
                                              const sysusb::DeviceRecord& record) {
  const auto judgement = board.devices.judge(backend, record);
  std::map<std::string, std::string> details{
      {"port", backend + ":" + record.port_id},
      {"device", describe(record, board.usb_ids)},
      {"identity", device_id(record)},
      {"class", categories_of(interfaces_of(device_id(record)))},
      {"history", history_text(judgement)}};
  if (judgement.verdict == DeviceHistory::Verdict::changed) {
    details["changed"] = change_text(judgement.before, record);
  }
  return details;
}

policy::io::Question question_of_assignment(const Switchboard& board, const std::string& backend,
                                            const sysusb::DeviceRecord& record,
                                            std::vector<std::string> frontends) {
  auto details = details_of(board, backend, record);
  details["asked by"] = "an assignment of the device";
  auto icons = icons_of(board, frontends);
  return {.about = policy::io::Question::About::device,
          .source = backend,
          .service = "device-attach",
          .argument = "+" + record.port_id,
          .targets = std::move(frontends),
          .default_target = {},
          .icons = std::move(icons),
          .details = std::move(details)};
}

std::map<std::string, std::string> icons_of(const Switchboard& board,
                                            const std::vector<std::string>& qubes) {
  std::map<std::string, std::string> icons;
  for (const std::string& name : qubes) {
    const auto found = board.qubes.find(name);
    if (found != board.qubes.end()) icons[name] = "appvm-" + found->second.label;
  }
  return icons;
}

}  // namespace dom0::io
