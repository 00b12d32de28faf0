// SPDX-License-Identifier: GPL-2.0-or-later
// Plugs emulated sticks and devices into a running qube, and pulls them out.
#include <algorithm>
#include <filesystem>

#include "base/io/qmp.hpp"
#include "sys-usb/io/qube_launcher.hpp"
#include "sys-usb/io/qube_registry.hpp"

namespace sysusb::io {

using base::io::Qmp;

base::Result<int> Launcher::plug() {
  auto config = load_qube(paths_, arguments_.name);
  if (!config) return base::fail(config.error().text);
  if (std::ranges::find(config->controllers, "emulated") == config->controllers.end()) {
    return base::fail("qube " + config->name + " has no emulated controller; write controllers = " +
                      "emulated in its file and start it again");
  }
  const RunFolder run = folder(config->name);
  if (auto runs = must_run(run); !runs) return base::fail(runs.error().text);
  const Qmp::Deadline deadline = std::chrono::steady_clock::now() + Qmp::usual_time;
  auto qmp = Qmp::connect(run.qmp(), deadline);
  if (!qmp) return base::fail(qmp.error().text);

  const std::string& id = arguments_.plug_id;
  const std::string node = "plug-" + id;
  boost::json::object device{{"id", id}, {"bus", "xhci.0"}};
  if (!arguments_.plug_driver.empty()) {
    device["driver"] = arguments_.plug_driver;
  } else {
    const std::string image = std::filesystem::absolute(arguments_.plug_image).string();
    auto added = qmp->execute("blockdev-add",
                              {{"driver", "raw"},
                               {"node-name", node},
                               {"read-only", arguments_.plug_readonly},
                               {"file", {{"driver", "file"}, {"filename", image}}}},
                              deadline);
    if (!added) return base::fail("plug " + image + ": " + added.error().text);
    device["driver"] = "usb-storage";
    device["drive"] = node;
  }
  if (auto plugged = qmp->execute("device_add", device, deadline); !plugged) {
    if (device.contains("drive")) {
      static_cast<void>(qmp->execute("blockdev-del", {{"node-name", node}}, deadline));
    }
    return base::fail("plug " + id + ": " + plugged.error().text);
  }
  out_ << id << ": plugged into " << config->name << '\n';
  return 0;
}

base::Result<int> Launcher::unplug() {
  auto config = load_qube(paths_, arguments_.name);
  if (!config) return base::fail(config.error().text);
  const RunFolder run = folder(config->name);
  if (auto runs = must_run(run); !runs) return base::fail(runs.error().text);
  const Qmp::Deadline deadline = std::chrono::steady_clock::now() + Qmp::usual_time;
  auto qmp = Qmp::connect(run.qmp(), deadline);
  if (!qmp) return base::fail(qmp.error().text);
  const std::string& id = arguments_.plug_id;
  if (auto gone = qmp->execute("device_del", {{"id", id}}, deadline); !gone) {
    return base::fail("unplug " + id + ": " + gone.error().text);
  }
  if (auto gone = qmp->wait_deleted(id, deadline); !gone) {
    return base::fail("unplug " + id + ": " + gone.error().text);
  }
  // Only a stick has a node; for others this fails, and nothing is left behind.
  static_cast<void>(qmp->execute("blockdev-del", {{"node-name", "plug-" + id}}, deadline));
  out_ << id << ": unplugged from " << config->name << '\n';
  return 0;
}

}  // namespace sysusb::io
