// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/io/controllers_host.hpp"

#include <algorithm>
#include <iterator>
#include <sstream>

#include "base/device/io/host_input.hpp"
#include "base/io/files.hpp"
#include "base/wire/pci_address.hpp"
#include "cli/io/doctor_host.hpp"
#include "cli/own_command.hpp"
#include "cli/sallyport_command.hpp"

namespace cli::io {
namespace {

namespace fs = std::filesystem;
using controllers::Controller;

constexpr std::size_t max_entries = 4096;
constexpr std::string_view usb_class = "0x0c03";
constexpr std::string_view bridge_class = "0x06";

// The names in a folder, sorted; none if it cannot be read.
std::vector<std::string> names_in(const fs::path& folder) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator each(folder, error), end;
       !error && each != end && names.size() < max_entries; each.increment(error)) {
    names.push_back(each->path().filename().string());
  }
  std::ranges::sort(names);
  return names;
}

std::string link_name(const fs::path& link) {
  std::error_code error;
  return fs::read_symlink(link, error).filename().string();
}

std::vector<std::string> words_of(const std::string& text) {
  std::istringstream in(text);
  return {std::istream_iterator<std::string>(in), std::istream_iterator<std::string>()};
}

// Kernels before 5.15 say only that there is one.
std::vector<std::string> resets_of(const fs::path& device) {
  auto named = words_of(base::io::read_attribute(device / "reset_method"));
  std::error_code error;
  if (named.empty() && fs::exists(device / "reset", error)) named.emplace_back("unnamed");
  return named;
}

void read_group(const fs::path& device, Controller& controller) {
  controller.group = link_name(device / "iommu_group");
  if (controller.group.empty()) return;
  for (const std::string& name : names_in(device / "iommu_group/devices")) {
    const fs::path other = device / "iommu_group/devices" / name;
    const bool bridge = base::io::read_attribute(other / "class").starts_with(bridge_class);
    if (name != controller.address && !bridge) controller.others.push_back(name);
  }
}

bool is_port(const std::string& name) {
  return name.find('-') != std::string::npos &&
         name.find_first_not_of("0123456789-.") == std::string::npos;
}

void read_devices(const fs::path& sys, std::vector<Controller>& list) {
  for (const std::string& name : names_in(sys / "bus/usb/devices")) {
    if (!is_port(name)) continue;
    const fs::path device = sys / "bus/usb/devices" / name;
    std::error_code error;
    const std::string whole = fs::canonical(device, error).string();
    for (Controller& each : list) {
      if (whole.find("/" + each.address + "/usb") == std::string::npos) continue;
      each.devices.push_back({.port = name,
                              .id = base::io::read_attribute(device / "idVendor") + ":" +
                                    base::io::read_attribute(device / "idProduct"),
                              .name = base::io::read_attribute(device / "product")});
    }
  }
}

}  // namespace

std::vector<Controller> read_controllers(const fs::path& sys) {
  std::vector<Controller> list;
  for (const std::string& name : names_in(sys / "bus/pci/devices")) {
    const fs::path device = sys / "bus/pci/devices" / name;
    const bool usb = base::io::read_attribute(device / "class").starts_with(usb_class);
    if (!usb || !base::wire::is_pci_address(name)) continue;
    Controller controller{.address = name, .driver = link_name(device / "driver"), .group = {}};
    controller.resets = resets_of(device);
    read_group(device, controller);
    list.push_back(std::move(controller));
  }
  read_devices(sys, list);
  return list;
}

Outcome run_controllers(const Words& words, const base::io::Paths& paths, std::size_t columns) {
  const CommandSpec spec = sallyport_spec({"controllers"});
  const auto given = read_arguments(spec, words);
  if (auto over = help_or_misuse(spec, given, columns)) return *std::move(over);
  const auto option = given->options.find("--sys");
  const fs::path sys = option == given->options.end() ? "/sys" : option->second.back();
  doctor::Facts registry;
  read_registry(paths, registry);
  const controllers::Facts facts{.controllers = read_controllers(sys),
                                 .keyboards = base::device::io::read_host_input(sys).keyboards,
                                 .owners = std::move(registry.owners)};
  const auto views = controllers::judge(facts);
  std::string problems;
  for (const std::string& each : registry.registry_problems) {
    problems += "sallyport controllers: " + each + "\n";
  }
  const bool locked_out = std::ranges::any_of(views, [](const controllers::View& view) {
    return !view.owner.empty() && !view.last_keyboard.empty();
  });
  return {.code = locked_out || !problems.empty() ? exit_failure : 0,
          .out = given->has("--json") ? controllers::json(views) : controllers::format(views),
          .err = problems};
}

}  // namespace cli::io
