// SPDX-License-Identifier: GPL-2.0-or-later
#include "block-proxy/io/guest_drive.hpp"

#include <boost/json/array.hpp>
#include <vector>

#include "base/io/guest_program.hpp"
#include "base/io/qmp_names.hpp"

namespace blockproxy::io {
namespace {

namespace json = boost::json;
using base::io::connect_to_guest;
using base::io::Qmp;
using base::io::soon;
using base::io::text_of;

constexpr std::size_t max_serial = 20;  // VIRTIO_BLK_ID_BYTES, virtio 1.2, 5.2.6.1
constexpr unsigned max_depth = 4;       // of bridges behind bridges

const json::array* list_of(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  return value != nullptr && value->is_array() ? &value->get_array() : nullptr;
}

// Bridges and PCIe ports with nothing behind them, by QEMU's id: those that have one were made to
// be plugged into.
void free_ports(const json::array& devices, unsigned depth, std::vector<std::string>& ports) {
  for (const json::value& each : devices) {
    if (!each.is_object()) continue;
    const json::object& device = each.get_object();
    const json::value* bridge = device.if_contains("pci_bridge");
    if (bridge == nullptr || !bridge->is_object()) continue;
    const json::array* behind = list_of(bridge->get_object(), "devices");
    if (behind != nullptr && !behind->empty()) {
      if (depth < max_depth) free_ports(*behind, depth + 1, ports);
      continue;
    }
    if (std::string id = text_of(device, "qdev_id"); !id.empty()) ports.push_back(std::move(id));
  }
}

}  // namespace

GuestDrive::GuestDrive(std::filesystem::path monitor, const std::string& name)
    : monitor_(std::move(monitor)),
      serial_(name.substr(0, max_serial)),
      id_(base::io::qmp_name(name)) {}

base::Status GuestDrive::look() const {
  const auto deadline = soon();
  auto qmp = connect_to_guest(monitor_, deadline);
  if (!qmp) return base::Unexpected{qmp.error()};
  const base::io::GuestBackends nodes{.list = "query-named-block-nodes",
                                      .list_arguments = {{"flat", true}},
                                      .named_by = "node-name",
                                      .remove = "blockdev-del",
                                      .removed_by = "node-name"};
  remove_left_behind(*qmp, nodes, deadline);
  return base::Ok{};
}

base::Status GuestDrive::add_node(Qmp& qmp, const base::io::Fd& its_end, const nbd::Export& medium,
                                  const std::function<base::Status()>& handshake,
                                  Qmp::Deadline deadline) const {
  if (auto given = qmp.execute("getfd", {{"fdname", id_}}, deadline, &its_end); !given) {
    return base::Unexpected{given.error()};
  }
  const bool read_only = medium.access == nbd::Access::read_only;
  if (auto asked = qmp.begin("blockdev-add",
                             {{"driver", "nbd"},
                              {"node-name", id_},
                              {"read-only", read_only},
                              {"discard", "unmap"},
                              {"server", {{"type", "fd"}, {"str", id_}}},
                              {"export", ""}},
                             deadline);
      !asked) {
    return asked;
  }
  auto shaken = handshake();
  const auto added = qmp.finish("blockdev-add", deadline);
  if (added && shaken) return base::Ok{};
  // Fails where QEMU has taken it: then it is closed already.
  static_cast<void>(qmp.execute("closefd", {{"fdname", id_}}, deadline));
  if (!added) return base::Unexpected{added.error()};
  return shaken;
}

base::Status GuestDrive::add_device(Qmp& qmp, const nbd::Export& medium,
                                    Qmp::Deadline deadline) const {
  json::object device{{"driver", "virtio-blk-pci"},
                      {"id", id_},
                      {"drive", id_},
                      {"serial", serial_},
                      {"logical_block_size", medium.sector_size},
                      {"physical_block_size", medium.sector_size},
                      // Given, so that QEMU does not read the first sector to guess them, with its
                      // main loop standing still, before anybody carries bytes (7.2, hw/block/
                      // block.c, blkconf_geometry). Nothing of today looks at them.
                      {"cyls", 16383},
                      {"heads", 16},
                      {"secs", 63},
                      // A guest is not to stand still because of a stick.
                      {"rerror", "report"},
                      {"werror", "report"}};
  std::vector<std::string> ports;
  if (const auto buses = qmp.execute("query-pci", {}, deadline); buses && buses->is_array()) {
    for (const json::value& bus : buses->get_array()) {
      const json::array* devices = bus.is_object() ? list_of(bus.get_object(), "devices") : nullptr;
      if (devices != nullptr) free_ports(*devices, 0, ports);
    }
  }
  for (const std::string& port : ports) {
    device["bus"] = port;
    if (qmp.execute("device_add", device, deadline)) return base::Ok{};
  }
  device.erase("bus");
  const auto added = qmp.execute("device_add", device, deadline);
  if (added) return base::Ok{};
  return base::fail(added.error().text + "; give the guest a free port: -device " +
                    "pcie-root-port,id=plug0,chassis=100 (each takes one drive)");
}

base::Status GuestDrive::plug(const base::io::Fd& its_end, const nbd::Export& medium,
                              const std::function<base::Status()>& handshake) const {
  const auto deadline = soon();
  auto qmp = connect_to_guest(monitor_, deadline);
  if (!qmp) return base::Unexpected{qmp.error()};
  if (auto added = add_node(*qmp, its_end, medium, handshake, deadline); !added) return added;
  auto plugged = add_device(*qmp, medium, deadline);
  if (!plugged) static_cast<void>(qmp->execute("blockdev-del", {{"node-name", id_}}, deadline));
  return plugged;
}

base::Status GuestDrive::unplug() const {
  const auto deadline = soon();
  auto qmp = connect_to_guest(monitor_, deadline);
  if (!qmp) return base::Unexpected{qmp.error()};
  if (auto gone = unplug_from_guest(*qmp, id_, deadline); !gone) return gone;
  const auto removed = qmp->execute("blockdev-del", {{"node-name", id_}}, deadline);
  if (!removed) return base::Unexpected{removed.error()};
  return base::Ok{};
}

}  // namespace blockproxy::io
