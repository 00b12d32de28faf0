// SPDX-License-Identifier: GPL-2.0-or-later
// The middle of the daemon: takes what qubes, the relay and the Admin API say, and hands it on to
// the attachment or service call that it belongs to.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/io/paths.hpp"
#include "dom0/io/attachment.hpp"
#include "dom0/io/auto_attach.hpp"
#include "dom0/io/dom0_call.hpp"
#include "dom0/io/policy_watch.hpp"
#include "dom0/io/replug_desk.hpp"
#include "dom0/io/resume_watch.hpp"
#include "dom0/io/service_call.hpp"
#include "dom0/io/stream_acceptor.hpp"
#include "dom0/io/switchboard.hpp"

namespace dom0::io {

class Broker {
 public:
  static constexpr std::uint32_t vsock_port = 21328;
  static constexpr std::size_t max_dom0_calls = 16;

  using OnDone = std::function<void(base::Status)>;

  Broker(boost::asio::io_context& io, const base::io::Paths& paths,
         std::map<std::string, base::config::QubeConfig> qubes, std::chrono::seconds prompt_limit,
         const base::io::Log& log, ReplugPace replug = {});
  ~Broker();
  Broker(const Broker&) = delete;
  Broker& operator=(const Broker&) = delete;

  // Opens the audit log, learns from the relay what it holds (runs the context meanwhile), and then
  // opens every qube's socket.
  base::Status start(const base::io::Paths& paths);

  struct AttachWish {
    std::string frontend;
    std::string backend;
    std::string port_id;
    base::device::Properties options = {};
    std::string identity = {};  // the device id that the caller means; empty: whatever is there
    Approval approval = Approval::none;
    Asked asked = {};
    const DeviceClass* device_class = &usb_class;
    Who who = {};
    std::string approver = {};  // of the attachment that this one continues
  };
  // On request of a person or a program: nothing else is held for the port then. What is returned
  // can be withdrawn; nullopt: it has failed already.
  std::optional<LeaseId> attach(const AttachWish& wish, Attachment::OnAttached on_done);
  // Nobody waits for the attachment any more: ends it unless it is attached.
  void withdraw(LeaseId id);
  // Ends when the device is gone from the frontend.
  void detach(const DeviceClass& device_class, const std::string& frontend,
              const std::string& backend, const std::string& port_id, OnDone on_done);
  // Detaches every device, and takes every input device away.
  void panic(const std::string& why);
  // Calls a service of a qube from dom0 itself.
  void run(const std::string& qube, const std::string& service, const std::string& input,
           Dom0Call::OnDone on_done);
  const Switchboard& board() const { return board_; }
  // For what reading refreshes: the policy store loads what changed on disk.
  Switchboard& mutable_board() { return board_; }
  const ServiceCalls& service_calls() const { return service_calls_; }
  // Attachments whose device left the bus, and may come back.
  const Replug& replug() const { return replug_.state(); }
  std::int64_t started_at() const { return started_at_; }

 private:
  base::Status listen_for_qubes(const base::io::Paths& paths);
  base::Status listen_for_user(const base::io::Paths& paths, const std::string& qube,
                               const std::string& user);
  void add_acceptor(base::io::Fd listening, StreamAcceptor::Identify identify);
  void connect_relay();
  void stream_arrived(IncomingStream stream);
  void message(const std::string& qube, const agent::FromAgent& message);
  void inventory_message(const std::string& qube, const agent::FromAgent& message);
  void device_reported(const std::string& qube, const agent::InventoryDevice& message);
  void device_gone(const std::string& qube, const std::string& port_id,
                   const DeviceClass& device_class, const std::string& why);
  void adopt_disks(const std::string& qube, const Device& usb);
  void tell_devices(const std::string& qube, const DeviceClass& device_class,
                    std::string_view event, const DeviceRef& device);
  void forget_devices(const std::string& qube);
  void inventory_complete(const std::string& qube);
  void call_requested(const std::string& qube, const agent::CallRequest& request);
  void link_down(const std::string& qube, const std::string& reason);
  void relay_entry(const RelayReport& report);
  void relay_ended(const RelayReport& report);
  void relay_lost();
  base::Result<base::device::Properties> attach_options(const Device& device,
                                                        const AttachWish& wish) const;
  Sharing sharing_of(const std::string& backend) const;
  void track(LeaseId id);
  std::optional<LeaseId> begin(const AttachWish& wish, Attachment::OnAttached on_done);
  void gone(const Attachment::Gone& over);
  // A copy: a handler may end the attachment that it is given.
  std::vector<std::shared_ptr<Attachment>> attachments_of(const std::string& qube) const;

  const base::io::Log& log_;
  std::int64_t started_at_ = wall_clock();
  Switchboard board_;
  std::vector<std::shared_ptr<StreamAcceptor>> acceptors_;
  std::map<LeaseId, std::shared_ptr<Attachment>> attachments_;
  std::map<LeaseId, std::vector<OnDone>> detachers_;
  PolicyWatch policy_watch_;
  AutoAttach auto_attach_;
  ReplugDesk replug_;
  ResumeWatch resume_watch_;
  ServiceCalls service_calls_;
  std::vector<std::shared_ptr<Dom0Call>> dom0_calls_;
};

}  // namespace dom0::io
