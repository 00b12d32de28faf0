// SPDX-License-Identifier: GPL-2.0-or-later
#include "dom0/io/attachment.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>

#include "base/device/attachment_end.hpp"
#include "base/wire/escape.hpp"
#include "dom0/block_options.hpp"
#include "dom0/device_lines.hpp"
#include "dom0/usb_options.hpp"

namespace dom0::io {
namespace {

constexpr std::chrono::seconds kill_limit{2};

DeviceRef reference(const Lease& lease) {
  return {lease.backend, lease.device.port_id(), device_id(lease.device)};
}

}  // namespace

Attachment::Attachment(Switchboard& board, LeaseId id, OnGone on_gone)
    : board_(board), id_(id), on_gone_(std::move(on_gone)), timer_(board.io) {}

Lease& Attachment::lease() { return *board_.leases.find(id_); }

LeaseFacts Attachment::facts() {
  const Lease& held = lease();
  LeaseFacts facts;
  facts.device = device_name(held);
  facts.identity = device_id(held.device);
  facts.frontend = held.frontend;
  facts.rule = held.rule;
  facts.approver = held.approver;
  facts.who = held.who;
  facts.options = base::device::format_properties(held.options);
  return facts;
}

// So that it does not come back by itself and type a few keys more.
void Attachment::remember_typing() {
  board_.devices.stop_input(attached_identity(lease().backend, lease().device),
                            base::wire::escape(frontend_.reason, agent::max_reason));
  tell_people(policy::io::Notice::Resolution::fail);
}

void Attachment::resume() {
  streaming_ = true;
  attached_ = true;
  lease().state = LeaseState::attached;
  expect_agents();
}

void Attachment::after_attach_stream(base::Result<StreamSocket> stream) {
  if (lease().state != LeaseState::attaching) return;
  if (!stream) return end(stream.error().text);
  control_ = *std::move(stream);
  request_text_ = lease().backend + " " + lease().device.port_id() + "\nidentity " +
                  device_id(lease().device) + "\n";
  for (const auto& each : lease().options) {
    request_text_ += "option " + each.key + " " + each.value + "\n";
  }
  request_text_ += "\n";
  boost::asio::async_write(*control_, boost::asio::buffer(request_text_),
                           [self = shared_from_this()](const auto&, std::size_t) {
                             // A failed write shows as the end of the stream being read.
                             static_cast<void>(self);
                           });
  read_frontend();
}

void Attachment::read_frontend() {
  control_->async_read_some(boost::asio::buffer(buffer_),
                            std::bind_front(&Attachment::after_frontend_read, shared_from_this()));
}

void Attachment::after_frontend_read(const boost::system::error_code& error, std::size_t size) {
  // The end of the stream alone says nothing: the agent reports the exit code and the reason.
  if (error || !control_ || board_.leases.find(id_) == nullptr) return;
  answer_.append(buffer_.data(), size);
  if (answer_.starts_with("attached\n")) return attached();
  if (answer_.size() >= buffer_.size()) return end("frontend answers with something unknown");
  read_frontend();
}

void Attachment::call_requested(agent::RequestId request) {
  Lease& held = lease();
  QubeLink* frontend = board_.link(held.frontend);
  QubeLink* backend = board_.link(held.backend);
  if (frontend == nullptr || backend == nullptr) return end("a qube went away");
  held.stream_call = board_.new_call();
  const auto self = shared_from_this();
  const auto take = [self](std::optional<StreamSocket> Attachment::*side) {
    return [self, side](base::Result<StreamSocket> stream) {
      if (self->board_.leases.find(self->id_) == nullptr) return;
      if (!stream) return self->end(stream.error().text);
      (*self).*side = *std::move(stream);
      self->both_streams();
    };
  };
  const auto caller_token = board_.pending.expect(held.frontend, take(&Attachment::caller_));
  const auto service_token = board_.pending.expect(held.backend, take(&Attachment::service_));
  if (!caller_token || !service_token) {
    return end((caller_token ? service_token : caller_token).error().text);
  }
  frontend->send(agent::CallAccepted{.request = request, .token = *caller_token});
  backend->send(agent::CallStart{
      .call = held.stream_call,
      .token = *service_token,
      .service = std::string(held.device.device_class().service) + "+" + held.device.port_id(),
      .source = held.frontend,
      .requested_target = held.backend,
      .options =
          held.device.usb() != nullptr ? usb_words(held.options) : server_words(held.options)});
}

void Attachment::both_streams() {
  if (!caller_ || !service_ || lease().state != LeaseState::attaching) return;
  auto added = board_.relay.add(lease().stream_call, HalfClose::ends_call, *std::move(caller_),
                                *std::move(service_), encode_lease(lease()));
  caller_.reset();
  service_.reset();
  if (!added) return end(added.error().text);
  streaming_ = true;
}

void Attachment::attached() {
  Lease& held = lease();
  if (held.state != LeaseState::attaching || !streaming_) {
    return end("frontend says attached without a stream");
  }
  timer_.cancel();
  held.state = LeaseState::attached;
  held.since = wall_clock();
  attached_ = true;
  board_.relay.set_record(held.stream_call, encode_lease(held));
  control_.reset();
  board_.audit.lease_started(facts());
  board_.devices.approved(held.backend, held.device);
  board_.events.emit_device(held.frontend, "device-attach", held.device.device_class(),
                            reference(held), {{"options", options_text(held.options)}});
  if (const OnAttached done = std::move(on_attached_)) done({AttachOutcome::Kind::attached, {}});
}

void Attachment::call_exited(const std::string& qube, const agent::CallExited& exited) {
  Lease& held = lease();
  const bool frontend = qube == held.frontend && exited.call == held.attach_call;
  const bool backend = qube == held.backend && exited.call == held.stream_call;
  if (!frontend && !backend) return;
  Exit& exit = frontend ? frontend_ : backend_;
  exit.known = true;
  exit.code = exited.exit_code;
  exit.reason = exited.reason;
  exit.said = !exited.reason.empty();
  if (exited.exit_code == agent::exit_no_service && exit.reason.empty()) {
    exit.reason = "no such service in this qube; is it a Sallyport image?";
  } else if (exit.reason.empty()) {
    exit.reason = "ended with exit code " + std::to_string(exited.exit_code);
  }
  if (held.state == LeaseState::detaching) return conclude_if_done();
  // While attaching the backend's refusal travels to the frontend, which then ends with it.
  if (frontend || held.state == LeaseState::attached) end({});
}

void Attachment::stream_ended(const RelayReport& report) {
  streaming_ = false;
  stream_end_ = report.end;
  bytes_to_device_ = report.bytes_to_service;
  bytes_from_device_ = report.bytes_to_caller;
  if (lease().state == LeaseState::detaching) return conclude_if_done();
  end({});
}

void Attachment::link_down(const std::string& qube) {
  Lease& held = lease();
  if (qube != held.frontend && qube != held.backend) return;
  if (held.state == LeaseState::detaching) {
    unreachable(qube == held.frontend ? frontend_ : backend_);
    return conclude_if_done();
  }
  if (held.state == LeaseState::attaching) end("the connection to " + qube + " was lost");
  if (held.state == LeaseState::attached) expect_agents();
}

// An attached device hangs on its stream; an agent's connection may be lost and come back. But
// without its agent a qube tells neither unplugs nor ends, so the lease does not wait for ever.
void Attachment::expect_agents() {
  timer_.expires_after(agent_limit);
  timer_.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
    const Lease* held = self->board_.leases.find(self->id_);
    if (error || held == nullptr || held->state != LeaseState::attached) return;
    for (const std::string& qube : {held->frontend, held->backend}) {
      if (self->board_.link(qube) == nullptr) {
        return self->end("the connection to " + qube + " was lost and did not come back");
      }
    }
  });
}

void Attachment::relay_lost() {
  if (!streaming_) return;
  streaming_ = false;
  const std::string cause = "the relay process died and with it the stream";
  if (lease().state != LeaseState::detaching) return end(cause);
  // A frontend may have told of its end first; but this is why it ended.
  if (cause_.empty()) cause_ = cause;
  conclude_if_done();
}

void Attachment::device_gone(const std::string& cause) {
  told_gone_ = true;
  if (lease().state == LeaseState::detaching) return;
  begin_end(cause);
}

void Attachment::end(const std::string& cause) {
  // Whatever else ends it at the same time: what somebody wants ended is not continued.
  ended_by_us_ = ended_by_us_ || !cause.empty();
  if (lease().state == LeaseState::detaching) return;
  begin_end(cause);
}

void Attachment::begin_end(const std::string& cause) {
  Lease& held = lease();
  if (question_) question_->cancel();
  held.state = LeaseState::detaching;
  cause_ = cause;
  const bool was_streaming = streaming_;
  if (streaming_) board_.relay.end(held.stream_call);
  control_.reset();
  caller_.reset();
  service_.reset();
  QubeLink* frontend = board_.link(held.frontend);
  QubeLink* backend = board_.link(held.backend);
  if (frontend == nullptr) unreachable(frontend_);
  if (backend == nullptr) unreachable(backend_);
  if (held.attach_call.value == 0) frontend_.known = true;
  if (held.stream_call.value == 0) backend_.known = true;
  // Without a stream whose end tells it, a frontend that has been started must be told to stop.
  if (!was_streaming && stream_end_ == CallEnd::none && !frontend_.known) {
    frontend->send(agent::CallCancel{.call = held.attach_call});
  }
  timer_.expires_after(detach_limit);
  timer_.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
    if (!error) self->force();
  });
  conclude_if_done();
}

// Somebody did not end by himself: kill what can be killed, and go on without the rest.
void Attachment::force() {
  Lease* held = board_.leases.find(id_);
  if (held == nullptr) return;
  QubeLink* frontend = board_.link(held->frontend);
  QubeLink* backend = board_.link(held->backend);
  if (!frontend_.known && frontend != nullptr) {
    frontend->send(agent::CallCancel{.call = held->attach_call});
  }
  if (!backend_.known && backend != nullptr) {
    backend->send(agent::CallCancel{.call = held->stream_call});
  }
  timer_.expires_after(kill_limit);
  timer_.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
    if (!error) self->conclude();
  });
}

// Its agent is gone, and with it everything that it started: nothing more will be told.
void Attachment::unreachable(Exit& exit) {
  exit.known = true;
  if (!exit.reason.empty()) return;
  exit.lost = true;
  exit.reason = "the connection to its agent was lost";
}

void Attachment::conclude_if_done() {
  if (frontend_.known && backend_.known && !streaming_) conclude();
}

void Attachment::conclude() {
  Lease* held = board_.leases.find(id_);
  if (held == nullptr) return;
  const auto self = shared_from_this();  // on_gone_ drops the broker's reference
  timer_.cancel();
  const std::string reason = final_reason();
  if (attached_) {
    LeaseFacts told = facts();
    told.reason = reason;
    told.since = held->since;
    told.duration_ms = (wall_clock() - held->since) * 1000;
    told.bytes_to_device = bytes_to_device_;
    told.bytes_from_device = bytes_from_device_;
    board_.audit.lease_ended(told);
  }
  if (attached_ && frontend_.code == base::device::exit_device_types) remember_typing();
  const bool tried = held->attach_call.value != 0;
  if (!attached_ && tried && failure_ == AttachOutcome::Kind::failed) {
    tell_people(policy::io::Notice::Resolution::fail);
  }
  const Gone over{*held, reason, departure(), told_gone_};
  board_.leases.end(id_, reason, wall_clock());
  if (attached_) {
    board_.events.emit_device(over.lease.frontend, "device-detach",
                              over.lease.device.device_class(), reference(over.lease));
  } else if (const OnAttached done = std::move(on_attached_)) {
    done({failure_, reason});
  }
  if (const OnGone gone = std::move(on_gone_)) gone(over);
}

// The frontend has to say so too: one that ended for a breach of the protocol, or because its qube
// let go of the device, is not continued because the device was unplugged as well.
Departure Attachment::departure() const {
  if (!attached_ || ended_by_us_ || !frontend_.code) return Departure::none;
  if (*frontend_.code == base::device::exit_device_changed) return Departure::changed;
  return *frontend_.code == base::device::exit_device_left ? Departure::left : Departure::none;
}

std::string Attachment::final_reason() const {
  if (!cause_.empty()) return cause_;
  const Lease* held = board_.leases.find(id_);
  const auto said = [](const std::string& qube, const Exit& exit) {
    return qube + ": " + base::wire::escape(exit.reason, agent::max_reason);
  };
  // The side that closed first knows why, if it says so; a side that was lost is why itself.
  const bool backend_knows =
      backend_.said || backend_.lost || (!frontend_.said && !backend_.reason.empty());
  if (stream_end_ == CallEnd::service_closed && backend_knows) {
    return said(held->backend, backend_);
  }
  if (!frontend_.reason.empty()) return said(held->frontend, frontend_);
  if (!backend_.reason.empty()) return said(held->backend, backend_);
  return describe(stream_end_);
}

}  // namespace dom0::io
