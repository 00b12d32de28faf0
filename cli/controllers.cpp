// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/controllers.hpp"

#include <algorithm>
#include <boost/json.hpp>

#include "base/wire/escape.hpp"

namespace cli::controllers {
namespace {

constexpr std::size_t max_name = 40;
constexpr std::size_t port_width = 10;

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& each : words) text += (text.empty() ? "" : " ") + each;
  return text;
}

std::string owner_of(const Controller& controller, const std::vector<doctor::Owner>& owners) {
  const auto* owner = doctor::owner_of(owners, {.controller = controller.address});
  return owner == nullptr ? std::string() : owner->qube;
}

// What qubes have anyway goes with it: two controllers with a keyboard each are not both to go.
std::string last_keyboard(const Controller& controller, const Facts& facts) {
  std::vector<std::string> given{controller.address};
  for (const doctor::Owner& owner : facts.owners) {
    given.insert(given.end(), owner.controllers.begin(), owner.controllers.end());
  }
  const bool has_one = std::ranges::any_of(facts.keyboards, [&controller](const auto& keyboard) {
    return keyboard.controller == controller.address;
  });
  const auto* last = base::device::last_keyboard_on(given, facts.keyboards);
  return has_one && last != nullptr ? base::device::describe(*last) : std::string();
}

std::vector<std::string> obstacles_of(const Controller& controller) {
  std::vector<std::string> list;
  if (controller.group.empty()) {
    list.emplace_back(
        "it has no IOMMU group: switch the IOMMU on in the firmware, and intel_iommu=on");
  }
  if (!controller.others.empty()) {
    list.push_back("its IOMMU group has other devices, which must go with it: " +
                   joined(controller.others));
  }
  if (controller.resets.empty()) {
    list.emplace_back("the kernel cannot reset it: what a qube wrote to it stays for the next one");
  }
  return list;
}

}  // namespace

std::vector<View> judge(const Facts& facts) {
  std::vector<View> views;
  for (const Controller& each : facts.controllers) {
    views.push_back({.controller = &each,
                     .owner = owner_of(each, facts.owners),
                     .last_keyboard = last_keyboard(each, facts),
                     .obstacles = obstacles_of(each)});
  }
  return views;
}

std::string format(const std::vector<View>& views) {
  if (views.empty()) return "no USB controller is found on this host's PCI bus\n";
  std::string out;
  for (const View& view : views) {
    const Controller& it = *view.controller;
    out += it.address + "  driver " + (it.driver.empty() ? "none" : it.driver) + "  IOMMU group " +
           (it.group.empty() ? "none" : it.group) + "  reset " +
           (it.resets.empty() ? "none" : joined(it.resets)) + "  " +
           (view.owner.empty() ? "given to no qube" : "given to " + view.owner) + "\n";
    for (const UsbDevice& device : it.devices) {
      std::string port = device.port;
      port.resize(std::max(port_width, port.size() + 1), ' ');
      out += "  " + port + device.id + "  " + base::wire::escape(device.name, max_name) + "\n";
    }
    if (!view.last_keyboard.empty()) {
      out += "  problem: the last keyboard of this host goes with it: " + view.last_keyboard +
             "; see sallyport doctor\n";
    }
    for (const std::string& each : view.obstacles) out += "  warning: " + each + "\n";
  }
  return out;
}

std::string json(const std::vector<View>& views) {
  const auto texts = [](const std::vector<std::string>& words) {
    boost::json::array list;
    for (const std::string& each : words) list.emplace_back(each);
    return list;
  };
  boost::json::array list;
  for (const View& view : views) {
    const Controller& it = *view.controller;
    boost::json::array devices;
    for (const UsbDevice& device : it.devices) {
      devices.push_back(boost::json::object{{"port", device.port},
                                            {"id", device.id},
                                            {"name", base::wire::escape(device.name, max_name)}});
    }
    list.push_back(boost::json::object{{"address", it.address},
                                       {"driver", it.driver},
                                       {"iommu_group", it.group},
                                       {"group_others", texts(it.others)},
                                       {"resets", texts(it.resets)},
                                       {"qube", view.owner},
                                       {"devices", std::move(devices)},
                                       {"last_keyboard", view.last_keyboard},
                                       {"obstacles", texts(view.obstacles)}});
  }
  return boost::json::serialize(boost::json::object{{"controllers", std::move(list)}}) + "\n";
}

}  // namespace cli::controllers
