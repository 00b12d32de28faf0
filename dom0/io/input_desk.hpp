// SPDX-License-Identifier: GPL-2.0-or-later
// Input devices that are forwarded by a qube: which device a call is about, how many keyboards, who
// has been paired, who is in quarantine.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "dom0/input_streams.hpp"
#include "dom0/io/switchboard.hpp"
#include "policy/request.hpp"

namespace dom0::io {

// The nodes of one keyboard share a qube and the argument of their calls; those of one physical
// device at least its place (dom0/input_argument.hpp). What is known about it holds while it is
// plugged in; that its digits were typed, or that it was stopped, longer (dom0/input_trust.hpp).
class InputDesk {
 public:
  // How long a device whose plug dom0 cannot see is refused after a failed pairing.
  static constexpr std::chrono::seconds refused_for{30};
  static constexpr std::size_t max_unasked = 1000;

  // What an input receiver's exit code says (input-proxy/io/receiver.hpp).
  static constexpr int exit_unpaired = 3;
  static constexpr int exit_injected = 4;
  static constexpr int exit_panic = 5;
  static constexpr int exit_unwanted = 6;

  struct Handlers {
    std::function<void(CallId)> on_ready;  // a call that had to wait may go on
    std::function<void(CallId, const std::string&)> on_refused;  // or may not
    std::function<void(CallId)> on_cancel;                       // a running one is to be ended
    // The same, and it may be asked for again later.
    std::function<void(CallId, const std::string&)> on_postponed;
    // Whatever else of that device runs, or waits for an answer, is to be ended.
    std::function<void(const policy::Request&)> on_stopped;
    std::function<void()> on_panic;  // the panic keys were pressed
  };
  InputDesk(Switchboard& board, Handlers handlers)
      : board_(board), handlers_(std::move(handlers)) {}

  // What rules may ask about the device; leaves the request as it is when nothing is known.
  void describe(policy::Request& request) const;
  // For the prompt. `because`: what dom0 has against the device, or nothing.
  policy::io::Question question_of(const policy::Request& request,
                                   const policy::Decision& decision) const;
  // Under which a question about the device is asked once for all its nodes. Whoever may be a
  // keyboard may be a mouse; not the reverse.
  static std::string keyboard_key(const policy::Request& request);

  // Why the device is not to be let in until it is plugged in anew; empty: it may.
  std::string refusal(const policy::Request& request) const;
  // Why the device was stopped before; empty: it was not. Then a person is asked, whatever the
  // rules say, and yes ends it. Nothing else does, unplugging neither; after a panic unplugging
  // does.
  std::string quarantine(const policy::Request& request) const;
  void release(const policy::Request& request);

  bool approved_while_plugged(const policy::Request& request) const;
  void approve_while_plugged(const policy::Request& request);

  struct Admission {
    enum class Kind { ready, waits, refused } kind = Kind::ready;
    std::string options = {};  // ready: for the receiver
    std::string reason = {};   // refused
  };
  // A call that policy has allowed, just before it is connected.
  Admission admit(CallId id, const policy::Request& request, const policy::Decision& decision);
  // A word of the call's receiver.
  void said(CallId id, const std::string& word);
  // The call's receiver has ended.
  void exited(CallId id, int exit_code, const std::string& reason);
  // There was no screen to show its digits on, and there is none yet.
  bool still_without_screen(const policy::Request& request);
  // Nobody could be asked about it: whether that is news, or was so before.
  bool unasked(const policy::Request& request);
  // The call is over in whatever way; every call that was admitted comes here once.
  void forget(CallId id);
  // Its person is still to type the digits, or another node of the same device waits for them.
  bool pairing(CallId id) const;
  // Devices of the qube have gone, or the qube itself.
  void look_again(const std::string& source);
  // Panic: what runs is to be ended, and a person is asked before any of it comes back.
  void stop_all();

 private:
  using Key = std::pair<std::string, std::string>;  // source, argument
  struct Pairing {
    CallId call;
    std::string digits;
    std::shared_ptr<policy::io::AskClient> display;
    std::vector<CallId> waiting;
  };
  static Key key_of(const policy::Request& request) { return {request.source, request.argument}; }
  static Key place_of(const policy::Request& request);
  const Device* device_of(const std::string& source, const std::string& argument) const;
  InputIdentity identity_of(const policy::Request& request) const;
  std::string plug_of(const policy::Request& request) const;
  bool needs_pairing(const policy::Request& request, const policy::Decision& decision) const;
  bool plugged(const Key& key) const;
  bool occupied(const Key& place) const;
  void show(const Key& key, Pairing& pairing);
  void paired(CallId id);
  void unpaired(const Key& key, const std::string& reason);
  void refuse_while_plugged(const Key& key, const std::string& reason);
  void postpone(const Key& key, const std::string& reason);
  void stopped(const policy::Request& request, const std::string& reason);

  Switchboard& board_;
  Handlers handlers_;
  InputStreams running_;
  std::map<Key, Pairing> pairings_;
  std::map<Key, std::string> paired_;  // plug_of() then: another device there is not paired
  std::set<Key> panicked_;             // by place_of()
  std::set<Key> unasked_;
  std::set<Key> unshown_;  // whose digits had no screen
  struct Unproven {
    std::string reason;
    std::chrono::steady_clock::time_point since;
    bool recorded = false;  // dom0 will hear of its unplug
    bool over() const {
      return !recorded && std::chrono::steady_clock::now() - since > refused_for;
    }
  };
  std::map<Key, Unproven> unproven_;  // refused until plugged in again
};

}  // namespace dom0::io
