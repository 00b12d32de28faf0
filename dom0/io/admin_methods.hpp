// SPDX-License-Identifier: GPL-2.0-or-later
// The methods of the Admin API that dom0 answers: Qubes' for devices, and our own sallyport.*.
#pragma once

#include <string>
#include <string_view>

#include "dom0/io/admin_devices.hpp"
#include "dom0/io/broker.hpp"

namespace dom0::io {

class AdminMethods {
 public:
  // About 400 bytes each, and a reply has at most 1 MiB.
  static constexpr std::size_t max_devices_told = 1000;

  explicit AdminMethods(Broker& broker) : broker_(broker), devices_(broker) {}

  AdminServer::OnRequest handler();

 private:
  using Reply = AdminServer::Reply;
  using OnHangUp = AdminServer::OnHangUp;

  OnHangUp answer(const AdminRequest& request, const AdminPeer& peer,
                  const AdminServer::Responder& client);
  OnHangUp events(const AdminRequest& request, const AdminServer::Responder& client);
  // These two: false if the method is none of theirs.
  bool answer_device(const AdminRequest& request, const AdminPeer& peer, const Reply& reply);
  bool answer_vm(const AdminRequest& request, const AdminPeer& peer, const Reply& reply);
  void run(const AdminRequest& request, const Reply& reply);
  std::string status() const;
  std::string seen_devices() const;

  Broker& broker_;
  AdminDevices devices_;
};

}  // namespace dom0::io
