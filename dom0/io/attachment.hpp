// SPDX-License-Identifier: GPL-2.0-or-later
// One device on its way to a qube, there, and back: the life of one lease.
#pragma once

#include <array>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "dom0/io/switchboard.hpp"
#include "dom0/lease.hpp"
#include "dom0/replug.hpp"

namespace dom0::io {

// What is known before policy is asked.
enum class Approval {
  none,        // nothing: `ask` asks
  in_advance,  // an assignment that attaches by itself: a standing yes to what policy would ask
  at_prompt,   // somebody just said yes, at the question of an assignment
  kept         // what a person said of an attachment that this one continues (dom0/replug.hpp)
};

// What a question tells of how it came to be.
struct Asked {
  std::string by;                     // for people
  std::optional<Device> before = {};  // what was in the port when somebody last said yes
};

struct AttachOutcome {
  // refused: by policy or by a person; banned: by the list of interfaces that the qube never gets;
  // failed: it may work another time
  enum class Kind { attached, refused, banned, failed } kind = Kind::failed;
  std::string reason = {};
};

// asking -> attaching -> attached -> detaching -> gone. Tightening is unconditional: end() works in
// every state. The lease is in the table from the constructor's add() until `on_gone`.
class Attachment : public std::enable_shared_from_this<Attachment> {
 public:
  using OnAttached = std::function<void(const AttachOutcome&)>;
  struct Gone {
    Lease lease;  // as it was
    std::string reason;
    Departure departure = Departure::none;
    bool told_gone = false;  // by the backend's qube, of the device
  };
  using OnGone = std::function<void(const Gone&)>;

  static constexpr std::chrono::seconds attach_limit{30};
  static constexpr std::chrono::seconds detach_limit{5};
  static constexpr std::chrono::seconds agent_limit{6};  // longer than an agent's longest wait

  Attachment(Switchboard& board, LeaseId id, OnGone on_gone);

  // Asks policy (and a person), then attaches. `on_attached` runs once.
  void start(Approval approval, const Asked& asked, OnAttached on_attached);
  // A daemon that was restarted goes on with a lease that the relay held meanwhile.
  void resume();
  void end(const std::string& cause);
  // The backend's qube says that the device is not in its port any more.
  void device_gone(const std::string& cause);

  // Events, from the broker.
  void call_requested(agent::RequestId request);
  void call_exited(const std::string& qube, const agent::CallExited& exited);
  void stream_ended(const RelayReport& report);
  void link_down(const std::string& qube);
  void relay_lost();
  LeaseId id() const { return id_; }

 private:
  struct Exit {
    bool known = false;
    std::string reason = {};
    bool said = false;  // the reason is its own words
    bool lost = false;  // with its agent
    std::optional<int> code = {};
  };

  Lease& lease();
  LeaseFacts facts();
  DecisionFacts decision_facts(const std::string& rule);
  bool approved_already(Approval approval);
  void remember_typing();
  std::string approval_name();
  base::Status settle_options(const policy::Decision& decision);
  void ask(const policy::Decision& decision, const Asked& asked);
  void after_question(const policy::Decision& decision, const policy::io::Answer& answer);
  bool keep(policy::io::Scope scope);
  void permitted(const policy::Decision& decision);
  void refuse(const std::string& text, AttachOutcome::Kind kind = AttachOutcome::Kind::refused);
  // Without a word to whoever sits at the prompt: it was his, or the rule's notify= has said it.
  void refuse_quietly(const std::string& text,
                      AttachOutcome::Kind kind = AttachOutcome::Kind::refused);
  void tell_people(policy::io::Notice::Resolution resolution);
  void ask_frontend();
  void after_attach_stream(base::Result<StreamSocket> stream);
  void read_frontend();
  void after_frontend_read(const boost::system::error_code& error, std::size_t size);
  void both_streams();
  void attached();
  void begin_end(const std::string& cause);
  void expect_agents();
  static void unreachable(Exit& exit);
  void force();
  void conclude_if_done();
  void conclude();
  std::string final_reason() const;
  Departure departure() const;

  Switchboard& board_;
  LeaseId id_;
  OnGone on_gone_;
  OnAttached on_attached_;
  boost::asio::steady_timer timer_;
  std::shared_ptr<policy::io::AskClient> question_;
  std::optional<StreamSocket> control_;  // dom0's end of the frontend's stdin and stdout
  std::string request_text_;
  std::array<char, 512> buffer_{};
  std::string answer_;
  std::optional<StreamSocket> caller_;
  std::optional<StreamSocket> service_;
  bool streaming_ = false;
  std::string cause_;
  bool ended_by_us_ = false;  // for another reason than that the device is gone
  bool told_gone_ = false;
  bool attached_ = false;  // the device was with the qube
  std::uint64_t bytes_to_device_ = 0;
  std::uint64_t bytes_from_device_ = 0;
  std::string approver_ = "policy";
  bool stopped_before_ = false;  // it typed by itself: a person is to say yes
  std::chrono::steady_clock::time_point asked_at_ = {};
  std::int64_t asked_ms_ = -1;
  AttachOutcome::Kind failure_ = AttachOutcome::Kind::failed;
  CallEnd stream_end_ = CallEnd::none;
  Exit frontend_;
  Exit backend_;
};

}  // namespace dom0::io
