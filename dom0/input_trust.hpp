// SPDX-License-Identifier: GPL-2.0-or-later
// Which input devices a person has proven, and which were stopped.
//
// Not the same as being known (dom0/device_history.hpp): a qube that got the device, or its mouse
// half that was let in, proves nothing about who types on it. Only digits that were typed do, and
// only for that device at that port: descriptors can be copied, so elsewhere they prove nothing.
//
// Pure; dom0/io/store.hpp keeps it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "dom0/device.hpp"

namespace dom0 {

// A physical device, as far as dom0 can tell it.
struct InputIdentity {
  std::string backend;
  std::string place;        // input_place() of its calls; "usb PORT" of one that is attached
  std::string port;         // of its USB record; empty: dom0 has none, or cannot say which
  std::string fingerprint;  // of that record, fingerprint_of()
};

// One that is attached as a USB device. It and one whose input is forwarded are told apart by their
// places; what was stopped as one is known as the other by its descriptors.
InputIdentity attached_identity(const std::string& backend, const Device& device);

struct ProvenInput {
  std::string backend;
  std::string port;
  std::string fingerprint;
  std::int64_t since = 0;  // wall clock, seconds
  friend bool operator==(const ProvenInput&, const ProvenInput&) = default;
};

struct StoppedInput {
  std::string backend;
  std::string place;
  std::string fingerprint;  // empty: dom0 had no record of it
  std::string reason;
  std::int64_t since = 0;
  friend bool operator==(const StoppedInput&, const StoppedInput&) = default;
};

class InputTrust {
 public:
  // Of each; beyond it the oldest is forgotten: its keyboard asks for digits again, or its port is
  // as any other.
  static constexpr std::size_t max_entries = 1000;

  void restore(ProvenInput proven) { proven_.push_back(std::move(proven)); }
  void restore(StoppedInput stopped) { stopped_.push_back(std::move(stopped)); }

  // The digits were typed on it, at this port, with these descriptors.
  bool proven(const InputIdentity& device) const;
  void prove(const InputIdentity& device, std::int64_t now);

  // Why whatever is there now was stopped before; empty: it was not. A device that was stopped is
  // told again at another port by its descriptors, and one with other descriptors by its place: a
  // stick can change what it says, and the place is the backend's word.
  std::string stopped(const InputIdentity& device) const;
  // Nothing that was proven there counts any more.
  void stop(const InputIdentity& device, const std::string& reason, std::int64_t now);
  // A person has let it in again.
  void release(const InputIdentity& device);

  // What the disk is to have, and what not any more, since the last call.
  struct Changes {
    std::vector<ProvenInput> proven;
    std::vector<ProvenInput> unproven;
    std::vector<StoppedInput> stopped;
    std::vector<StoppedInput> released;
  };
  Changes take_changes();

 private:
  std::vector<ProvenInput> proven_;  // the oldest first
  std::vector<StoppedInput> stopped_;
  Changes changes_;
};

}  // namespace dom0
