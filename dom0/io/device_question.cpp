// SPDX-License-Identifier: GPL-2.0-or-later
#include "dom0/io/device_question.hpp"

#include <algorithm>
#include <array>
#include <set>

#include "base/wire/utc_text.hpp"
#include "dom0/device_description.hpp"
#include "dom0/io/scan_verdict.hpp"

namespace dom0::io {
namespace {

std::string day_of(std::int64_t when) { return base::wire::utc_text(when, "%F"); }

// As on the packaging: "62 GB".
std::string size_text(std::uint64_t bytes) {
  constexpr std::array units{"bytes", "kB", "MB", "GB", "TB", "PB", "EB"};
  std::size_t unit = 0;
  for (; bytes >= 10'000 && unit + 1 < units.size(); ++unit) bytes /= 1000;
  return std::to_string(bytes) + " " + units.at(unit);
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

std::set<std::string> interfaces_of(const Device& device) {
  const auto codes = interface_codes(device);
  return {codes.begin(), codes.end()};
}

// "u080650u030101" of the id that a USB device once had, in pieces.
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

std::string change_text(const SeenDevice& before, const Device& device) {
  const auto old_codes = interfaces_of(before.device_id);
  const auto codes = interfaces_of(device);
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
  return "its descriptors or texts are not what they were";
}

// "appvm-red" -> "dispvm-red", as Qubes names them.
std::string disposable_icon(std::string icon) {
  constexpr std::string_view app = "app";
  if (icon.starts_with(app)) icon.replace(0, app.size(), "disp");
  return icon;
}

}  // namespace

std::map<std::string, std::string> details_of(const Switchboard& board, const std::string& backend,
                                              const Device& device) {
  const auto judgement = board.devices.judge(backend, device);
  std::map<std::string, std::string> details{{"port", backend + ":" + device.port_id()},
                                             {"device", describe(device, board.usb_ids)},
                                             {"identity", device_id(device)},
                                             {"class", categories_of(interfaces_of(device))},
                                             {"history", history_text(judgement)}};
  if (const auto* block = device.block()) details["size"] = size_text(block->size);
  if (auto scan = scan_of(board, backend, device); !scan.text.empty()) {
    details["scan"] = std::move(scan.text);
  }
  if (judgement.verdict == DeviceHistory::Verdict::changed) {
    details["changed"] = change_text(judgement.before, device);
    details["device before"] = judgement.before.description;  // the device's own word, as it was
  }
  if (const std::string why = stopped_before(board, backend, device); !why.empty()) {
    details["changed"] = "STOPPED before: " + why;
  }
  return details;
}

std::string stopped_before(const Switchboard& board, const std::string& backend,
                           const Device& device) {
  return board.devices.input_trust().stopped(attached_identity(backend, device));
}

void offer_scan_first(const Switchboard& board, const std::string& backend, const Device& device,
                      const std::string& frontend, policy::io::Question& question) {
  const bool scanner = std::ranges::any_of(board.qubes, [](const auto& each) {
    return each.second.role == base::config::Role::storage;
  });
  const bool snapshot = board.stores_snapshots(backend) || board.stores_snapshots(frontend);
  if (!scanner || snapshot || device.block() == nullptr) return;
  question.scan_first = backend + ":" + device.port_id();
  question.scan_for = frontend;
}

policy::io::Question question_of_assignment(const Switchboard& board, const std::string& backend,
                                            const Device& device,
                                            std::vector<std::string> frontends) {
  auto details = details_of(board, backend, device);
  details["asked by"] = "an assignment of the device";
  policy::io::Question question{.about = policy::io::Question::About::device,
                                .source = backend,
                                .service = "device-attach",
                                .argument = "+" + device.port_id(),
                                .targets = std::move(frontends),
                                .default_target = {},
                                .icons = icons_of(board),
                                .details = std::move(details)};
  // Where several want it, the one that is to have it is not chosen yet.
  if (question.targets.size() == 1) {
    offer_scan_first(board, backend, device, question.targets.front(), question);
  }
  return question;
}

std::map<std::string, std::string> icons_of(const Switchboard& board) {
  std::map<std::string, std::string> icons;
  const policy::SystemInfo system = board.system_info();
  for (const auto& [name, qube] : system.qubes()) {
    icons[name] = qube.icon;
    if (qube.template_for_dispvms) icons["@dispvm:" + name] = disposable_icon(qube.icon);
  }
  return icons;
}

}  // namespace dom0::io
