// SPDX-License-Identifier: GPL-2.0-or-later
// The Admin API's device methods: admin.vm.device.CLASS.* and admin.vm.device.denied.*.
#pragma once

#include "dom0/io/admin_server.hpp"
#include "dom0/io/broker.hpp"

namespace dom0::io {

class AdminDevices {
 public:
  using Reply = AdminServer::Reply;

  explicit AdminDevices(Broker& broker) : broker_(broker), board_(broker.mutable_board()) {}

  void available(const DeviceClass& device_class, const AdminRequest& request,
                 const Reply& reply) const;
  void attached(const DeviceClass& device_class, const AdminRequest& request,
                const Reply& reply) const;
  void assigned(const DeviceClass& device_class, const AdminRequest& request,
                const Reply& reply) const;
  void assign(const DeviceClass& device_class, const AdminRequest& request, const AdminPeer& peer,
              const Reply& reply);
  void unassign(const DeviceClass& device_class, const AdminRequest& request, const AdminPeer& peer,
                const Reply& reply);
  void set_assignment(const DeviceClass& device_class, const AdminRequest& request,
                      const AdminPeer& peer, const Reply& reply);
  void detach(const DeviceClass& device_class, const AdminRequest& request, const AdminPeer& peer,
              const Reply& reply);
  // Withdrawn when the client goes.
  AdminServer::OnHangUp attach(const DeviceClass& device_class, const AdminRequest& request,
                               const AdminPeer& peer, const Reply& reply);
  void denied_list(const AdminRequest& request, const Reply& reply) const;
  void denied_add(const AdminRequest& request, const AdminPeer& peer, const Reply& reply);
  void denied_remove(const AdminRequest& request, const AdminPeer& peer, const Reply& reply);
  // The whole list at once, as the property devices_denied.
  base::Status set_denied(const std::string& qube, std::string_view interfaces,
                          const AdminPeer& peer);

 private:
  std::string away_lines(const DeviceClass& device_class, const std::string& backend) const;
  // What Attach and Assign are given, checked; an answer was sent if there is none.
  struct Wanted {
    DeviceRef device;
    base::device::Properties properties;
    base::device::Properties options;
  };
  std::optional<Wanted> wanted(const DeviceClass& device_class, const AdminRequest& request,
                               const Reply& reply) const;
  // The assignment that a request names; an answer was sent if there is none.
  const Assignment* named(const DeviceClass& device_class, const AdminRequest& request,
                          const Reply& reply);

  Broker& broker_;
  Switchboard& board_;
};

}  // namespace dom0::io
