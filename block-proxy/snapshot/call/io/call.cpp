// SPDX-License-Identifier: GPL-2.0-or-later
#include "block-proxy/snapshot/call/io/call.hpp"

#include <fcntl.h>
#include <unistd.h>

#include "base/io/pass_fd.hpp"
#include "base/io/unix_socket.hpp"
#include "block-proxy/io/attach_service.hpp"

namespace blockproxy::snapshot {
namespace {

using base::io::Fd;
using io::ended;

constexpr int socket_buffer = 4 << 20;
constexpr std::size_t max_answer = 2048;

base::Result<Fd> ask(const CallOptions& options, const Request& request, const Fd& stream) {
  auto socket = base::io::connect_unix(options.snapshots_socket, base::io::SocketType::seqpacket);
  if (!socket) {
    return base::fail(socket.error().text + "; is sallyport-snapshots running?");
  }
  const std::string text = format_request(request);
  if (auto sent = base::io::send_message(*socket, base::wire::as_bytes(text), {&stream}); !sent) {
    return base::Unexpected{sent.error()};
  }
  return socket;
}

// The next word of the snapshot's process that is not about progress.
base::Result<std::string> next_word(const Fd& socket) {
  for (;;) {
    const auto message = base::io::receive_message(socket, max_answer);
    if (!message) return base::Unexpected{message.error()};
    if (message->data.empty()) return base::fail("the snapshot's process ended");
    std::string word(base::wire::as_text(message->data));
    if (!word.starts_with("progress ")) return word;
  }
}

base::Status wait_until_ready(const Fd& socket) {
  const auto word = next_word(socket);
  if (!word) return base::Unexpected{word.error()};
  if (word->starts_with("ready")) return base::Ok{};
  constexpr std::string_view failed = "failed ";
  return base::fail(word->starts_with(failed) ? word->substr(failed.size()) : *word);
}

int wait_for_end(const Fd& socket) {
  const auto word = next_word(socket);
  if (!word) return ended(1, word.error().text);
  constexpr std::string_view over = "ended ";
  if (word->starts_with(over)) return ended(0, std::string_view(*word).substr(over.size()));
  return ended(1, *word);
}

int attach_medium(const CallOptions& options, const Fd& dev_null) {
  const auto wanted = io::read_attach_request();
  if (!wanted) return ended(1, wanted.error().text);
  if (wanted->snapshot.empty()) {
    return ended(1, "this qube stores snapshots: say which one, with --option snapshot=NAME");
  }
  const bool written = wanted->use == AttachRequest::Use::written;
  if (written != (wanted->access == nbd::Access::read_write)) {
    return ended(1, "a snapshot is taken of a device that is attached read-only; to commit=yes "
                    "belongs read-only=no");
  }
  const Request request{.verb = written ? Verb::commit : Verb::medium,
                        .name = wanted->snapshot,
                        .fill = wanted->fill,
                        .at_end = wanted->at_end};
  auto stream = base::io::call_service(options.agent_socket, wanted->backend,
                                       "sallyport.Block+" + wanted->device);
  if (!stream) return ended(stream.error().exit_code, stream.error().text);
  base::io::enlarge_buffers(*stream, socket_buffer);
  const auto socket = ask(options, request, *stream);
  if (!socket) return ended(1, socket.error().text);
  // With this process only the connection is left; its end is what lets the medium go.
  stream->reset();
  if (auto ready = wait_until_ready(*socket); !ready) return ended(1, ready.error().text);
  if (auto told = io::report_attached(dev_null); !told) return ended(1, told.error().text);
  return wait_for_end(*socket);
}

int serve_reader(const CallOptions& options, const std::string& name, const std::string& decided,
                 const Fd& dev_null) {
  const auto access = access_of(decided);
  if (!access) return ended(1, access.error().text);
  if (!valid_request_name(name)) return ended(1, "'" + name + "' is no name of a snapshot");
  Fd stream(::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3));
  if (!stream) return ended(1, base::io::fail_errno("stdin").value.text);
  base::io::enlarge_buffers(stream, socket_buffer);
  const auto socket = ask(options, {.verb = Verb::reader, .name = name, .access = *access}, stream);
  if (!socket) return ended(1, socket.error().text);
  if (auto ready = wait_until_ready(*socket); !ready) return ended(1, ready.error().text);
  stream.reset();
  if (auto released = io::release_stdio(dev_null); !released) {
    return ended(1, released.error().text);
  }
  return wait_for_end(*socket);
}

}  // namespace

const char* const call_usage =
    "usage: sallyport-snapshot-call [--agent-socket PATH] [--snapshots-socket PATH]\n"
    "Services sallyport.BlockAttach and sallyport.Block of a qube that stores snapshots.\n"
    "Environment: QREXEC_SERVICE_FULL_NAME, SALLYPORT_OPTIONS.\n";

base::Result<CallOptions> CallOptions::parse(const std::vector<std::string>& arguments) {
  CallOptions options;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& word = arguments[i];
    if (word == "--help") {
      options.help = true;
      return options;
    }
    if (i + 1 == arguments.size()) return base::fail("unknown or incomplete option " + word);
    const std::string& value = arguments[++i];
    if (word == "--agent-socket") {
      options.agent_socket = value;
    } else if (word == "--snapshots-socket") {
      options.snapshots_socket = value;
    } else {
      return base::fail("unknown option " + word);
    }
  }
  return options;
}

int run_call(const CallOptions& options, const std::string& service, const std::string& decided) {
  base::io::ignore_sigpipe();
  const auto dev_null = io::open_dev_null();
  if (!dev_null) return ended(1, dev_null.error().text);
  constexpr std::string_view reader = "sallyport.Block+";
  if (service.starts_with(reader)) {
    return serve_reader(options, service.substr(reader.size()), decided, *dev_null);
  }
  if (service == "sallyport.BlockAttach" || service.starts_with("sallyport.BlockAttach+")) {
    return attach_medium(options, *dev_null);
  }
  return ended(1, "'" + service + "' is no service of this program");
}

}  // namespace blockproxy::snapshot
