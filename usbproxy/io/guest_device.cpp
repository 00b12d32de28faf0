// SPDX-License-Identifier: GPL-2.0-or-later
#include "usbproxy/io/guest_device.hpp"

#include <boost/json/array.hpp>

#include "base/io/guest_program.hpp"
#include "base/io/qmp_names.hpp"

namespace usbproxy::io {
namespace {

namespace json = boost::json;
using base::io::connect_to_guest;
using base::io::Qmp;
using base::io::soon;
using base::io::text_of;

// The children of an object of QEMU's whose type has `word` in it.
std::vector<std::string> children(Qmp& qmp, const std::string& path, std::string_view word,
                                  Qmp::Deadline deadline) {
  std::vector<std::string> names;
  const auto answer = qmp.execute("qom-list", {{"path", path}}, deadline);
  if (!answer || !answer->is_array()) return names;
  for (const json::value& each : answer->get_array()) {
    if (!each.is_object()) continue;
    const std::string type = text_of(each.get_object(), "type");
    if (type.starts_with("child<") && type.find(word) != std::string::npos) {
      names.push_back(text_of(each.get_object(), "name"));
    }
  }
  return names;
}

// The buses of xHCI controllers, which take devices of every speed.
std::vector<std::string> xhci_buses(Qmp& qmp, Qmp::Deadline deadline) {
  std::vector<std::string> buses;
  for (const std::string folder : {"/machine/peripheral", "/machine/peripheral-anon"}) {
    for (const std::string& controller : children(qmp, folder, "xhci", deadline)) {
      const std::string path = folder + "/" + controller;
      for (std::string& bus : children(qmp, path, "usb-bus", deadline)) {
        buses.push_back(std::move(bus));
      }
    }
  }
  return buses;
}

}  // namespace

GuestDevice::GuestDevice(std::filesystem::path monitor, const std::string& port)
    : monitor_(std::move(monitor)), id_(base::io::qmp_name("usb-" + port)) {}

base::Status GuestDevice::look() const {
  const auto deadline = soon();
  auto qmp = connect_to_guest(monitor_, deadline);
  if (!qmp) return base::Unexpected{qmp.error()};
  const base::io::GuestBackends sockets{.list = "query-chardev",
                                        .list_arguments = {},
                                        .named_by = "label",
                                        .remove = "chardev-remove",
                                        .removed_by = "id"};
  remove_left_behind(*qmp, sockets, deadline);
  return base::Ok{};
}

base::Status GuestDevice::add_socket(Qmp& qmp, const base::io::Fd& its_end,
                                     Qmp::Deadline deadline) const {
  if (auto given = qmp.execute("getfd", {{"fdname", id_}}, deadline, &its_end); !given) {
    return base::Unexpected{given.error()};
  }
  const json::object address{{"type", "fd"}, {"data", {{"str", id_}}}};
  const auto added = qmp.execute(
      "chardev-add",
      {{"id", id_},
       {"backend", {{"type", "socket"}, {"data", {{"addr", address}, {"server", false}}}}}},
      deadline);
  if (added) return base::Ok{};
  // Fails where QEMU has taken it: then it is closed already.
  static_cast<void>(qmp.execute("closefd", {{"fdname", id_}}, deadline));
  return base::Unexpected{added.error()};
}

base::Status GuestDevice::add_device(Qmp& qmp, Qmp::Deadline deadline) const {
  json::object device{{"driver", "usb-redir"}, {"id", id_}, {"chardev", id_}};
  for (const std::string& bus : xhci_buses(qmp, deadline)) {
    device["bus"] = bus;
    if (qmp.execute("device_add", device, deadline)) return base::Ok{};
  }
  device.erase("bus");
  const auto added = qmp.execute("device_add", device, deadline);
  if (added) return base::Ok{};
  return base::fail(added.error().text +
                    "; give the guest a USB controller with a free port: -device "
                    "qemu-xhci,p2=8,p3=8 (each port takes one device)");
}

base::Status GuestDevice::plug(const base::io::Fd& its_end) const {
  const auto deadline = soon();
  auto qmp = connect_to_guest(monitor_, deadline);
  if (!qmp) return base::Unexpected{qmp.error()};
  if (auto added = add_socket(*qmp, its_end, deadline); !added) return added;
  auto plugged = add_device(*qmp, deadline);
  if (!plugged) static_cast<void>(qmp->execute("chardev-remove", {{"id", id_}}, deadline));
  return plugged;
}

base::Status GuestDevice::unplug() const {
  const auto deadline = soon();
  auto qmp = connect_to_guest(monitor_, deadline);
  if (!qmp) return base::Unexpected{qmp.error()};
  // The device takes its socket along (hw/usb/redirect.c, usbredir_unrealize).
  return unplug_from_guest(*qmp, id_, deadline);
}

}  // namespace usbproxy::io
