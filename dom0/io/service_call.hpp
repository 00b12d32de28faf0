// SPDX-License-Identifier: GPL-2.0-or-later
// Calls between qubes that carry no device: policy, perhaps a question, two streams, the relay.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "dom0/io/switchboard.hpp"

namespace dom0::io {

// Device services (qubes.USB) do not come here: they need a lease (dom0/io/attachment.hpp).
class ServiceCalls {
 public:
  static constexpr std::size_t max_calls_per_qube = 16;

  explicit ServiceCalls(Switchboard& board) : board_(board) {}

  void requested(const std::string& source, const agent::CallRequest& request);
  // The service could not be started, or ended: its streams have told the caller already.
  void exited(const std::string& qube, const agent::CallExited& exited);
  void link_down(const std::string& qube);
  void ended(CallId call);

 private:
  struct Call {
    std::string source;
    std::string target;
    agent::RequestId request;
    std::string service;
    std::optional<StreamSocket> caller;
    std::optional<StreamSocket> service_stream;
    std::shared_ptr<policy::io::AskClient> question;
  };

  void decided(CallId id, const policy::Request& request, const policy::Decision& decision);
  void connect(CallId id);
  void stream(CallId id, std::optional<StreamSocket> Call::*side,
              base::Result<StreamSocket> stream);
  void refuse(CallId id, const std::string& reason, int exit_code);

  Switchboard& board_;
  std::map<CallId, Call> calls_;
};

}  // namespace dom0::io
