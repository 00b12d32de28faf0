// SPDX-License-Identifier: GPL-2.0-or-later
// usb_emulator NAME [CONTROLLER [PORT]]: plugs an emulated device into this machine's vhci_hcd and
// serves it until it leaves. As root, with vhci_hcd loaded; keep away from a machine you need.
//
// usb_emulator --usbip NAME: the same device on the socket that is stdin, as Qubes' usb-export and
// its kernel's usbip-host would serve it. Needs no rights.
// usb_emulator --stream NAME: the same device, and an attack's lies, as a backend on the socket
// that is stdin. Needs no rights.
#include <cstdlib>
#include <iostream>

#include "base/io/fd.hpp"
#include "tests/attacks/attack.hpp"
#include "tests/attacks/emulator/io/usbip_server.hpp"
#include "tests/attacks/emulator/io/vhci.hpp"

namespace {

unsigned number(int argc, char** argv, int index, unsigned otherwise) {
  return argc > index ? static_cast<unsigned>(std::strtoul(argv[index], nullptr, 10)) : otherwise;
}

int stream(const std::string& name) {
  const auto device = attacks::find_device(name);
  if (!device) return 2;
  const attacks::Attack* attack = attacks::find_attack(name);
  attacks::RedirServer(*device, attack == nullptr ? std::vector<attacks::Lie>{} : attack->lies,
                       base::io::Fd(0))
      .run();
  return 0;
}

int usbip(const std::string& name) {
  const auto device = attacks::find_device(name);
  if (!device) return 2;
  attacks::serve_usbip(*device, base::io::Fd(0));
  return 0;
}

int list() {
  std::cout << "keyboard\ndisk\necho\nheadset\n";
  for (const auto& each : attacks::table()) {
    if (each.plugged) std::cout << each.id << '\n';
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string name = argc > 1 ? argv[1] : "";
  if (name == "--list") return list();
  if (name == "--table") {
    std::cout << attacks::markdown();
    return 0;
  }
  base::io::ignore_sigpipe();
  if (name == "--stream" && argc == 3) return stream(argv[2]);
  if (name == "--usbip" && argc == 3) return usbip(argv[2]);
  const auto device = attacks::find_device(name);
  if (!device) {
    std::cerr << "usage: usb_emulator NAME [CONTROLLER [PORT]] | --stream NAME | --usbip NAME | "
                 "--list | --table\n";
    return 2;
  }
  const attacks::VhciPort port{.controller = number(argc, argv, 2, attacks::controllers - 1),
                               .number = number(argc, argv, 3, 0)};
  const auto served = attacks::serve(*device, port);
  if (!served) std::cerr << "usb_emulator: " << served.error().text << '\n';
  return served ? 0 : 1;
}
