// SPDX-License-Identifier: GPL-2.0-or-later
// Asks and keeps the daemon's lists; see the header.
#include "cli/device_catalogue.hpp"

#include <algorithm>

namespace cli {
namespace {

template <class Use>
void for_each_line(std::string_view text, Use use) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    if (end > 0) use(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

}  // namespace

DeviceCatalogue::Answer<std::vector<Qube>> DeviceCatalogue::qubes() {
  if (!qubes_.empty()) return &qubes_;
  const auto answer =
      admin_({.method = "admin.vm.List", .argument = {}, .target = "dom0", .payload = {}});
  if (!answer) return pass_on(answer.error());
  for_each_line(*answer, [this](std::string_view line) {
    auto qube = parse_qube(line);
    if (qube) {
      qubes_.push_back(*std::move(qube));
    } else {
      complaints_.push_back(qube.error().text);
    }
  });
  return &qubes_;
}

DeviceCatalogue::Answer<DeviceCatalogue::Devices> DeviceCatalogue::available(
    const std::string& backend) {
  if (const auto found = available_.find(backend); found != available_.end()) {
    return &found->second;
  }
  const auto answer = admin_({.method = "admin.vm.device." + class_ + ".Available",
                              .argument = {},
                              .target = backend,
                              .payload = {}});
  if (!answer) return pass_on(answer.error());
  Devices& devices = available_[backend];
  for_each_line(*answer, [this, &devices, &backend](std::string_view line) {
    auto device = parse_available(line, class_, backend);
    if (!device) {
      complaints_.push_back(device.error().text);
      return;
    }
    if (!device->known) {
      complaints_.push_back("cannot read what the daemon says of device " + device->port());
    }
    devices.push_back(*std::move(device));
  });
  return &devices;
}

DeviceCatalogue::Answer<DeviceCatalogue::Attachments> DeviceCatalogue::attached(
    const std::string& frontend) {
  if (const auto found = attached_.find(frontend); found != attached_.end()) {
    return &found->second;
  }
  const auto answer = admin_({.method = "admin.vm.device." + class_ + ".Attached",
                              .argument = {},
                              .target = frontend,
                              .payload = {}});
  if (!answer) return pass_on(answer.error());
  Attachments& attachments = attached_[frontend];
  for_each_line(*answer, [this, &attachments, &frontend](std::string_view line) {
    auto attachment = parse_attached(line, frontend);
    if (attachment) {
      attachments.push_back(*std::move(attachment));
    } else {
      complaints_.push_back(attachment.error().text);
    }
  });
  return &attachments;
}

}  // namespace cli
