// SPDX-License-Identifier: GPL-2.0-or-later
// The methods of the Admin API that dom0 answers: Qubes' for devices, and our own sallyport.*.
#pragma once

#include <string>
#include <string_view>

#include "dom0/io/admin_server.hpp"
#include "dom0/io/broker.hpp"

namespace dom0::io {

class AdminMethods {
 public:
  explicit AdminMethods(Broker& broker) : broker_(broker) {}

  AdminServer::OnRequest handler();

 private:
  using Reply = AdminServer::Reply;
  using OnHangUp = AdminServer::OnHangUp;

  OnHangUp answer(const AdminRequest& request, AdminRight right, const Reply& reply);
  void answer_allowed(const AdminRequest& request, const Reply& reply);
  std::string vm_list() const;
  std::string available(const std::string& backend) const;
  std::string attached(const std::string& frontend) const;
  std::string status() const;
  OnHangUp attach(const AdminRequest& request, const Reply& reply);
  void detach(const AdminRequest& request, const Reply& reply);

  Broker& broker_;
};

}  // namespace dom0::io
