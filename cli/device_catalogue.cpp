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

AdminAnswer DeviceCatalogue::ask(List list, const std::string& qube) {
  const auto ready = answers_.find({qube, list});
  if (ready == answers_.end()) return admin_(call_for(list, qube));
  std::string answer = std::move(ready->second);
  answers_.erase(ready);
  return answer;
}

void DeviceCatalogue::prefetch(const std::vector<std::string>& qubes,
                               const std::vector<List>& lists) {
  AdminCalls calls;
  std::vector<std::pair<std::string, List>> keys;
  for (const List list : lists) {
    for (const std::string& qube : qubes) {
      keys.emplace_back(qube, list);
      calls.push_back(call_for(list, qube));
    }
  }
  AdminAnswers answers = admin_.all(calls);
  for (std::size_t i = 0; i < keys.size() && i < answers.size(); ++i) {
    if (answers[i]) answers_[keys[i]] = *std::move(answers[i]);
  }
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
  const auto answer = ask(List::available, backend);
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
  const auto answer = ask(List::attached, frontend);
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

DeviceCatalogue::Answer<DeviceCatalogue::Attachments> DeviceCatalogue::assigned(
    const std::string& frontend) {
  if (const auto found = assigned_.find(frontend); found != assigned_.end()) {
    return &found->second;
  }
  const auto answer = ask(List::assigned, frontend);
  if (!answer) return pass_on(answer.error());
  Attachments& assignments = assigned_[frontend];
  for_each_line(*answer, [this, &assignments, &frontend](std::string_view line) {
    auto assignment = parse_assigned(line, frontend);
    if (assignment) {
      assignments.push_back(*std::move(assignment));
    } else {
      complaints_.push_back(assignment.error().text);
    }
  });
  return &assignments;
}

}  // namespace cli
