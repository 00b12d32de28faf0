// SPDX-License-Identifier: GPL-2.0-or-later
// Asks and keeps the daemon's lists; see the header.
#include "cli/device_catalogue.hpp"

#include <algorithm>

namespace cli {
namespace {

std::string_view method_of(DeviceCatalogue::List list) {
  switch (list) {
    case DeviceCatalogue::List::available:
      return ".Available";
    case DeviceCatalogue::List::attached:
      return ".Attached";
    case DeviceCatalogue::List::assigned:
      break;
  }
  return ".Assigned";
}

}  // namespace

AdminCall DeviceCatalogue::call_for(List list, const std::string& qube) const {
  return {.method = "admin.vm.device." + class_ + std::string(method_of(list)),
          .argument = {},
          .target = qube,
          .payload = {}};
}

void DeviceCatalogue::prefetch(const std::vector<std::string>& qubes,
                               const std::vector<List>& lists) {
  AdminCalls calls;
  std::vector<std::pair<List, std::string>> keys;
  for (const List list : lists) {
    for (const std::string& qube : qubes) {
      keys.emplace_back(list, qube);
      calls.push_back(call_for(list, qube));
    }
  }
  admin_.all(calls, [this, &keys](std::size_t number, const AdminAnswer& answer) {
    if (answer) take(keys[number].first, keys[number].second, *answer);
  });
}

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

base::Result<const Qube*, CatalogueError> DeviceCatalogue::qube(const std::string& name) {
  const auto all = qubes();
  if (!all) return pass_on(all.error());
  const auto found = std::ranges::find(**all, name, &Qube::name);
  return found == (*all)->end() ? nullptr : &*found;
}

DeviceCatalogue::Answer<DeviceCatalogue::Devices> DeviceCatalogue::available(
    const std::string& backend) {
  if (const auto found = available_.find(backend); found != available_.end()) {
    return &found->second;
  }
  const auto answer = admin_(call_for(List::available, backend));
  if (!answer) return pass_on(answer.error());
  take(List::available, backend, *answer);
  return &available_[backend];
}

DeviceCatalogue::Answer<DeviceCatalogue::Attachments> DeviceCatalogue::attached(
    const std::string& frontend) {
  return attachments(List::attached, frontend);
}

DeviceCatalogue::Answer<DeviceCatalogue::Attachments> DeviceCatalogue::assigned(
    const std::string& frontend) {
  return attachments(List::assigned, frontend);
}

DeviceCatalogue::Answer<DeviceCatalogue::Attachments> DeviceCatalogue::attachments(
    List list, const std::string& frontend) {
  const auto found = attachments_.find({list, frontend});
  if (found != attachments_.end()) return &found->second;
  const auto answer = admin_(call_for(list, frontend));
  if (!answer) return pass_on(answer.error());
  take(list, frontend, *answer);
  return &attachments_[{list, frontend}];
}

void DeviceCatalogue::take(List list, const std::string& qube, std::string_view untrusted) {
  if (list == List::available) return take_available(qube, untrusted);
  const auto parse = list == List::attached ? parse_attached : parse_assigned;
  const auto [place, is_new] = attachments_.try_emplace({list, qube});
  if (!is_new) return;
  Attachments& attachments = place->second;
  for_each_line(untrusted, [&](std::string_view line) {
    auto attachment = parse(line, qube);
    if (attachment) {
      attachments.push_back(*std::move(attachment));
    } else {
      complaints_.push_back(attachment.error().text);
    }
  });
}

void DeviceCatalogue::take_available(const std::string& backend, std::string_view untrusted) {
  const auto [place, is_new] = available_.try_emplace(backend);
  if (!is_new) return;
  Devices& devices = place->second;
  for_each_line(untrusted, [this, &devices, &backend](std::string_view line) {
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
}

}  // namespace cli
