// SPDX-License-Identifier: GPL-2.0-or-later
// Where everything of dom0 lives. `--root DIR` moves all of it, for tests and demos.
#pragma once

#include <filesystem>
#include <string>

namespace base::io {

class Paths {
 public:
  explicit Paths(std::filesystem::path root = "/") : root_(std::move(root)) {}
  // `config` is a folder with qubes.d, policy.d and what belongs to them, in place of /etc.
  Paths(std::filesystem::path root, std::filesystem::path config)
      : root_(std::move(root)), config_(std::move(config)) {}

  const std::filesystem::path& root() const { return root_; }
  std::filesystem::path etc() const { return config_.empty() ? root_ / "etc/sallyport" : config_; }
  std::filesystem::path qubes_d() const { return etc() / "qubes.d"; }
  std::filesystem::path policy_d() const {
    return config_.empty() ? root_ / "etc/qubes/policy.d" : config_ / "policy.d";
  }
  // The devices of a qube without a machine.
  std::filesystem::path paper_devices(const std::string& qube) const {
    return etc() / "paper" / (qube + ".devices");
  }
  std::filesystem::path legacy_policy() const { return root_ / "etc/qubes-rpc/policy"; }
  std::filesystem::path runtime_policy_d() const { return root_ / "run/qubes/policy.d"; }
  std::filesystem::path run() const { return root_ / "run/sallyport"; }
  std::filesystem::path admin_socket() const { return run() / "admin.sock"; }
  std::filesystem::path relay_socket() const { return run() / "relay.sock"; }
  // One socket per qube without vsock; the path is the qube's identity.
  std::filesystem::path qube_socket(const std::string& qube) const {
    return run() / "qubes" / (qube + ".sock");
  }
  // The launcher's folder for a running qube: QMP socket, pid, console log.
  std::filesystem::path qube_run(const std::string& qube) const { return run() / "vm" / qube; }
  // Where a prompt agent listens for policy.Ask.
  std::filesystem::path prompt_socket() const { return root_ / "run/qubes/policy-agent.sock"; }
  // Where it listens for Qubes' device agent's questions: which qube is to have a device?
  std::filesystem::path device_prompt_socket() const {
    return root_ / "run/qubes/device-agent.GUI";
  }
  std::filesystem::path state() const { return root_ / "var/lib/sallyport"; }
  std::filesystem::path state_file() const { return state() / "state.sqlite"; }
  // Snapshots of media: a folder each; their keys, a folder each as well, on a tmpfs.
  std::filesystem::path snapshots() const { return root_ / "var/lib/sallyport-snapshot"; }
  std::filesystem::path snapshot_run() const { return root_ / "run/sallyport-snapshot"; }
  std::filesystem::path snapshot_keys() const { return snapshot_run() / "keys"; }
  // Where sallyport-snapshots takes requests.
  std::filesystem::path snapshot_socket() const { return snapshot_run() / "snapshots.sock"; }
  // The scanner's signatures, as `sallyport db import` publishes them (scanner-qube/database), and
  // the key of who may sign them.
  std::filesystem::path scan_db() const { return root_ / "var/lib/sallyport-scan-db"; }
  std::filesystem::path scan_db_key() const { return etc() / "scan-db.pub"; }
  // Where sallyport-scanner, which runs scanner qubes, and sallyport-scans, which asks them and
  // signs what they say, take requests; and the signed reports.
  std::filesystem::path scanner_run() const { return root_ / "run/sallyport-scanner"; }
  std::filesystem::path scanner_socket() const { return scanner_run() / "machines.sock"; }
  std::filesystem::path scan_socket() const { return root_ / "run/sallyport-scan/scans.sock"; }
  std::filesystem::path scans() const { return root_ / "var/lib/sallyport-scan"; }
  // One signed line for each snapshot that was scanned, by the snapshot's id.
  std::filesystem::path scan_verdicts() const { return scans() / "verdicts"; }
  std::filesystem::path scan_key() const { return etc() / "scan.pub"; }
  std::filesystem::path audit_log() const { return root_ / "var/log/sallyport/audit.log"; }

 private:
  std::filesystem::path root_;
  std::filesystem::path config_;  // empty: below root
};

}  // namespace base::io
