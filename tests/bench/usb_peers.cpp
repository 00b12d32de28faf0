// SPDX-License-Identifier: GPL-2.0-or-later
// Attaching and detaching; see the header.
#include "tests/bench/usb_peers.hpp"

#include <sstream>

#include "tests/bench/guest.hpp"
#include "tests/places.hpp"

namespace bench {
namespace {

const std::string peer_programs = places::build() + "/bin/";
const std::string peer_tools = places::build() + "/tests/bin/";
const std::string peer_guest = peer_tools + "bench_guest";

// `prefix`: what stands before the frontend's command.
Peer usbproxy_with(const std::string& prefix) {
  return {.name = "usbproxy",
          .attach = "exec " + peer_guest + " pair " + peer_programs +
                    "sallyport-usb-backend --port " + stick_port + " --direct --stream-fd 3 -- " +
                    prefix + peer_programs + "sallyport-usb-frontend --direct-vhci --stream-fd 3",
          .detach = "pkill -TERM -f '^" + peer_programs + "sallyport-usb-frontend'"};
}

}  // namespace

Peer kernel_usbip() {
  return {.name = "usbip",
          .attach =
              "usbip bind -b " + stick_port + " && exec usbip attach -r 127.0.0.1 -b " + stick_port,
          .detach =
              "for p in $(usbip port | sed -n 's/^Port 0*\\([0-9]*\\):.*/\\1/p'); do "
              "usbip detach -p $p; done; usbip unbind -b " +
              stick_port};
}

Peer usbproxy_peer() { return usbproxy_with(""); }

Peer counted_usbproxy(const std::string& counter) {
  return usbproxy_with("/usr/bin/env SALLYPORT_ALLOCATIONS=" + counter +
                       " LD_PRELOAD=" + peer_tools + "bench_allocations.so ");
}

base::Status set_patience(rig::Machine& vm, Patience patience) {
  const std::string value = patience == Patience::usual ? "1" : "0";
  auto set = run_in(vm, "echo " + value + " > /sys/module/usb_storage/parameters/delay_use");
  if (!set) return base::Unexpected{set.error()};
  return base::Ok{};
}

base::Result<Attached> attach(rig::Machine& vm, const Peer& peer) {
  const auto text = run_in(vm, peer_guest + " until-disk \"" + peer.attach + '"');
  if (!text) return base::Unexpected{text.error()};
  std::istringstream in(*text);
  Attached attached;
  in >> attached.seconds >> attached.disk;
  if (attached.disk.empty()) return base::fail(peer.name + ": attach said " + *text);
  return attached;
}

base::Status detach(rig::Machine& vm, const Peer& peer) {
  auto gone = run_in(vm, "{ " + peer.detach + "; } >/dev/null 2>&1; for i in $(seq 600); do { " +
                             find_virtual + "; } || exit 0; sleep 0.1; done; exit 1");
  if (!gone) return base::Unexpected{gone.error()};
  if (auto back = wait_for_stick(vm); !back) return base::Unexpected{back.error()};
  return base::Ok{};
}

}  // namespace bench
