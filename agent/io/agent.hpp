// SPDX-License-Identifier: GPL-2.0-or-later
// The agent of one qube: inventory up, calls down, services started.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "agent/io/dialer.hpp"
#include "agent/io/local_calls.hpp"
#include "agent/io/service.hpp"
#include "agent/io/session.hpp"
#include "base/io/log.hpp"
#include "sys-usb/inventory_record.hpp"

namespace agent::io {

class Agent {
 public:
  static constexpr std::size_t max_services = 64;
  // Its calls serve a block device of this qube, named by the argument.
  static constexpr const char* block_service = "sallyport.Block";
  // The port ids of all block devices that are served now.
  using OnServed = std::function<void(std::set<std::string> port_ids)>;

  Agent(boost::asio::io_context& io, const Dialer& dialer,
        std::vector<std::filesystem::path> service_folders, base::io::Fd local_socket,
        std::filesystem::path local_socket_path, const base::io::Log& log);

  void start();
  // From the inventory's source; told to dom0 now, and again after each reconnect. One that is told
  // twice without a difference is another medium: dom0 is told that the first is gone.
  void device_added(const sysusb::InventoryRecord& record);
  void device_removed(const std::string& port_id);
  void on_served(OnServed told) { on_served_ = std::move(told); }

 private:
  void session_up();
  void session_down();
  void message(const FromDom0& message);
  void call_start(const CallStart& call);
  void start_service(const CallStart& call, const std::filesystem::path& program,
                     base::Result<StreamSocket> stream);
  void call_accepted(const CallAccepted& accepted);
  void exited(CallId call, int exit_code, const std::string& reason);
  void tell_served() const;

  boost::asio::io_context& io_;
  Dialer dialer_;
  std::vector<std::filesystem::path> service_folders_;
  std::filesystem::path local_socket_path_;
  const base::io::Log& log_;
  Session session_;
  LocalCalls local_calls_;
  std::map<std::string, sysusb::InventoryRecord> devices_;
  std::set<CallId> dialling_;  // to be started, unless they are cancelled
  std::map<CallId, std::shared_ptr<Service>> services_;
  std::map<CallId, std::string> served_;  // port ids
  OnServed on_served_;
};

}  // namespace agent::io
