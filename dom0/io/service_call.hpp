// SPDX-License-Identifier: GPL-2.0-or-later
// Calls between qubes that carry no device: policy, perhaps a question, two streams, the relay.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dom0/io/input_desk.hpp"
#include "dom0/io/question_desk.hpp"
#include "dom0/io/switchboard.hpp"

namespace dom0::io {

// What belongs to a decision: who said it, how, and, if it is no, the exit code of the refusal.
struct Said {
  Who who = {};
  std::string approver = "policy";
  int refusal_code = agent::exit_refused;
};

// Device services (qubes.USB) do not come here: they need a lease (dom0/io/attachment.hpp).
class ServiceCalls {
 public:
  static constexpr std::size_t max_calls_per_qube = 16;
  // Each node of an input device is a call for as long as it is plugged in.
  static constexpr std::size_t max_inputs_per_qube = 24;

  // `on_panic`: a person has pressed the panic keys on a forwarded keyboard.
  ServiceCalls(Switchboard& board, std::function<void()> on_panic);

  void requested(const std::string& source, const agent::CallRequest& request);
  void said(const std::string& qube, const agent::CallStatus& status);
  void started(const std::string& qube, const agent::CallStarted& started);
  // The service could not be started, or ended: the caller's agent is told how.
  void exited(const std::string& qube, const agent::CallExited& exited);
  void link_down(const std::string& qube);
  // Devices of the qube have gone.
  void devices_changed(const std::string& qube) { inputs_.look_again(qube); }
  // Every input device is taken away, and must prove itself anew.
  void end_inputs();
  // For the status: who forwards which input device to whom, and how far that is.
  struct ForwardedInput {
    std::string source;
    std::string target;
    std::string service;     // with its argument: which device the source says that it is
    std::string_view state;  // "asking", "pairing", "forwarding"
    std::int64_t since = 0;  // seconds since 1970
  };
  std::vector<ForwardedInput> forwarded_inputs() const;
  // The relay has no stream of this call any more; perhaps a daemon before this one made it.
  void ended(const RelayReport& report);
  void relay_lost();

 private:
  struct Call {
    std::string source;
    std::string target;
    agent::RequestId request;
    std::string service;
    std::string options = {};  // for the service
    bool input = false;
    std::int64_t since = wall_clock();
    CallRecord record = {};  // once it was allowed
    CallEndFacts end = {};
    std::chrono::steady_clock::time_point joined_at = {};
    // An input device whose keyboard is being paired: what was decided about it.
    policy::Request waiting = {};
    policy::Decision waiting_for = {};
    std::optional<StreamSocket> caller;
    std::optional<StreamSocket> service_stream;
    QuestionDesk::Ticket question = 0;  // 0: nobody is asked
    // The question's text may be another node's, of another service, whose rule was shown then.
    bool rule_shown = false;
    std::chrono::steady_clock::time_point asked_at = {};
    // A call is forgotten when its streams are over and its end was told: whichever comes last.
    bool begun = false;    // both sides were told of it
    bool started = false;  // so its data connection is on its way
    bool joined = false;   // the streams are the relay's
    bool over = false;     // the streams have ended
    bool told = false;     // the caller's agent knows the exit code
  };
  using Calls = std::map<CallId, Call>;

  void ask(CallId id, const policy::Request& request, const policy::Decision& decision,
           const policy::io::Question& question);
  void answered(CallId id, const policy::Request& request, const policy::Decision& decision,
                const policy::io::Answer& answer);
  // What was said beyond this once. The error: it could not be kept, so that nothing was said.
  base::Status keep(const Call& call, const policy::Request& request,
                    const policy::Decision& decision, const policy::io::Answer& answer);
  void admit(CallId id, const policy::Request& request, const policy::Decision& decision);
  void decided(CallId id, const policy::Request& request, const policy::Decision& decision,
               const Said& said = {});
  void connect(CallId id);
  void cancel(CallId id);
  void postpone(CallId id, const std::string& reason);
  // Ends those input streams, and withdraws what is to become one.
  void end_inputs_where(const std::function<bool(const Call&)>& chosen, const std::string& reason);
  void stream(CallId id, std::optional<StreamSocket> Call::*side,
              base::Result<StreamSocket> stream);
  void tell(Call& call, int exit_code, const std::string& reason);
  // The next one.
  Calls::iterator forget_if_done(Calls::iterator call);
  Calls::iterator forget(Calls::iterator call);
  void refuse(CallId id, const std::string& reason, int exit_code);

  Switchboard& board_;
  QuestionDesk questions_;
  InputDesk inputs_;
  Calls calls_;
};

}  // namespace dom0::io
