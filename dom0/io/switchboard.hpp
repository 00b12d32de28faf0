// SPDX-License-Identifier: GPL-2.0-or-later
// What the parts of the daemon share: the qubes that are connected, the relay, policy, the records.
#pragma once

#include <boost/asio/io_context.hpp>
#include <filesystem>
#include <map>
#include <memory>
#include <string>

#include "base/config/qube_config.hpp"
#include "base/io/log.hpp"
#include "dom0/inventory.hpp"
#include "dom0/io/audit.hpp"
#include "dom0/io/device_state.hpp"
#include "dom0/io/event_hub.hpp"
#include "dom0/io/pending_streams.hpp"
#include "dom0/io/qube_link.hpp"
#include "dom0/io/relay_client.hpp"
#include "dom0/lease.hpp"
#include "dom0/usb_ids.hpp"
#include "policy/evaluator.hpp"
#include "policy/io/ask_client.hpp"
#include "policy/io/notifier.hpp"
#include "policy/io/policy_store.hpp"

namespace dom0::io {

// Owned by the broker; parts get it by reference and live shorter. No logic beyond look-ups.
struct Switchboard {
  boost::asio::io_context& io;
  const base::io::Log& log;
  std::map<std::string, base::config::QubeConfig> qubes;  // the registry, by name
  std::filesystem::path prompt_socket;
  std::filesystem::path device_prompt_socket;  // the same, for questions of assignments
  std::filesystem::path policy_folder;         // where people's rules are
  std::filesystem::path verdict_folder;        // what the scanner said of snapshots
  std::filesystem::path verdict_key;           // of who signs that
  std::chrono::seconds prompt_limit{60};
  policy::io::PolicyStore policy;
  Audit audit;
  PendingStreams pending;
  RelayClient relay;
  UsbIds usb_ids;  // names of vendors and products, never the device's own word
  Inventory inventory;
  DeviceState devices;
  EventHub events;
  policy::io::Notifier notifier;
  LeaseTable leases;
  std::map<std::string, std::shared_ptr<QubeLink>> links;  // connected qubes
  std::uint32_t next_call = 1;
  std::string told_policy_problem = {};  // what tell_of_policy() logged last; empty: all is well

  QubeLink* link(const std::string& qube) const {
    const auto found = links.find(qube);
    return found == links.end() ? nullptr : found->second.get();
  }
  // Whether its devices are snapshots, and what is attached to it becomes one.
  bool stores_snapshots(const std::string& qube) const {
    const auto found = qubes.find(qube);
    return found != qubes.end() && found->second.role == base::config::Role::storage;
  }
  CallId new_call() { return {next_call++}; }
  policy::SystemInfo system_info() const;
  // Tells people, if the rule says so.
  void notify(const policy::Request& request, const policy::Decision& decision);
  // By the policy in force. Denies with the reason when there is none.
  policy::Decision decide(const policy::Request& request);
  // Logs, once for each change, that the files of the policy are broken or mended.
  void tell_of_policy();
};

std::int64_t wall_clock();  // seconds since 1970; for records only

}  // namespace dom0::io
