// SPDX-License-Identifier: GPL-2.0-or-later
// What an attachment may do with its device, as dom0 decided it. Both ends are told and both hold
// to it: the backend against a target that was taken over, the frontend against such a backend.
#pragma once

#include <string>
#include <string_view>

#include "base/device/interface_choice.hpp"
#include "base/wire/result.hpp"
#include "usbproxy/firewall/control_rules.hpp"
#include "usbproxy/firewall/model.hpp"
#include "usbproxy/firewall/violation.hpp"

namespace usbproxy::firewall {

struct Rights {
  enum class Storage { as_the_device, read_only };

  // read_only gives the interfaces that are bulk-only mass storage and nothing else of the device:
  // whatever else it has could write to the same medium.
  Storage storage = Storage::as_the_device;
  base::device::InterfaceChoice interfaces = {};
  ControlRules control = {};
  // of_people: what types as no person does is stopped. The frontend alone looks.
  enum class Typing { of_people, of_any } typing = Typing::of_people;

  // Options, each at most once (docs/protocol.md 4): read-only=yes, interfaces=0,u08****,
  // vendor-requests=yes|no, firmware=yes, auto-typing=yes. An unknown one is an error: it may have
  // been a restriction.
  base::Status set(std::string_view key, std::string_view value);
  // "read-only=yes interfaces=0,2": with one blank between; empty: the usual rights.
  static base::Result<Rights> parse(std::string_view words);

  bool read_only() const { return storage == Storage::read_only; }
  // Those for judge(): read-only storage has no vendor and no firmware requests.
  ControlRules control_rules() const;
};

// A setting of a mass-storage interface that speaks bulk-only transport and nothing else: one bulk
// endpoint in each direction, and the commands of SCSI (Mass Storage Overview 1.4, tables 1 and 2).
bool is_bulk_only_storage(const Alternate& alternate);

// The part of `whole` that is given: interfaces that were chosen, each with all of its alternate
// settings; read-only of each the first settings that are bulk-only. Interfaces keep their numbers;
// an association that lost one of its own is left out. A vendor-specific interface without any
// endpoint is given only with vendor-requests=yes. A violation when nothing is left, or when
// something that is given names an interface that is not.
Checked<Device> given_part(const Device& whole, const Rights& rights);

}  // namespace usbproxy::firewall
