// SPDX-License-Identifier: GPL-2.0-or-later
// `sallyport controllers`: the USB controllers of this host, what hangs on each, and what speaks
// against giving it to a qube. Pure.
#pragma once

#include <string>
#include <vector>

#include "cli/doctor_facts.hpp"

namespace cli::controllers {

struct UsbDevice {
  std::string port;  // "1-2.1"
  std::string id;    // "046d:c31c"
  std::string name;  // the device's own words
};

struct Controller {
  std::string address;                   // "0000:00:14.0"
  std::string driver;                    // "xhci_hcd", "vfio-pci"; empty: none
  std::string group;                     // of the IOMMU; empty: none
  std::vector<std::string> others = {};  // PCI functions of the same group, bridges left out
  std::vector<std::string> resets = {};  // the kernel's names: "flr", "bus"
  std::vector<UsbDevice> devices = {};   // while this host has it
};

struct Facts {
  std::vector<Controller> controllers;
  std::vector<doctor::InputDevice> keyboards;
  std::vector<doctor::Owner> owners;
};

// One controller, and what is wrong with giving it away; a sentence each.
struct View {
  const Controller* controller = nullptr;
  std::string owner;                   // the qube that its file gives it to; empty: none
  std::string last_keyboard;           // not empty: the host would have no keyboard without it
  std::vector<std::string> obstacles;  // apart from that
};
std::vector<View> judge(const Facts& facts);

std::string format(const std::vector<View>& views);
std::string json(const std::vector<View>& views);  // one line

}  // namespace cli::controllers
