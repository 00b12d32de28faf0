// SPDX-License-Identifier: GPL-2.0-or-later
// Calls between qubes that carry no device: policy, perhaps a question, two streams, the relay.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "dom0/io/question_desk.hpp"
#include "dom0/io/switchboard.hpp"

namespace dom0::io {

// Device services (qubes.USB) do not come here: they need a lease (dom0/io/attachment.hpp).
class ServiceCalls {
 public:
  static constexpr std::size_t max_calls_per_qube = 16;

  explicit ServiceCalls(Switchboard& board)
      : board_(board), questions_(board.io, board.prompt_socket) {}

  void requested(const std::string& source, const agent::CallRequest& request);
  void started(const std::string& qube, const agent::CallStarted& started);
  // The service could not be started, or ended: the caller's agent is told how.
  void exited(const std::string& qube, const agent::CallExited& exited);
  void link_down(const std::string& qube);
  // The relay has no stream of this call any more.
  void ended(CallId call);
  void relay_lost();

 private:
  struct Call {
    std::string source;
    std::string target;
    agent::RequestId request;
    std::string service;
    std::optional<StreamSocket> caller;
    std::optional<StreamSocket> service_stream;
    QuestionDesk::Ticket question = 0;  // 0: nobody is asked
    std::chrono::steady_clock::time_point asked_at = {};
    // A call is forgotten when its streams are over and its end was told: whichever comes last.
    bool started = false;  // so its data connection is on its way
    bool joined = false;   // the streams are the relay's
    bool over = false;     // the streams have ended
    bool told = false;     // the caller's agent knows the exit code
  };
  using Calls = std::map<CallId, Call>;

  void decided(CallId id, const policy::Request& request, const policy::Decision& decision);
  void connect(CallId id);
  void stream(CallId id, std::optional<StreamSocket> Call::*side,
              base::Result<StreamSocket> stream);
  void tell(Call& call, int exit_code, const std::string& reason);
  // The next one.
  Calls::iterator forget_if_done(Calls::iterator call);
  void refuse(CallId id, const std::string& reason, int exit_code);

  Switchboard& board_;
  QuestionDesk questions_;
  Calls calls_;
};

}  // namespace dom0::io
