// SPDX-License-Identifier: GPL-2.0-or-later
// The process around a Server: descriptors first, then rights go, then bytes are read.
#include <sys/stat.h>
#include <unistd.h>

#include <boost/asio/signal_set.hpp>
#include <csignal>

#include "base/io/paths.hpp"
#include "base/io/sandbox.hpp"
#include "base/io/unix_socket.hpp"
#include "block-proxy/io/client_handshake.hpp"
#include "block-proxy/snapshot/server/io/server.hpp"

namespace blockproxy::snapshot {
namespace {

constexpr int socket_buffer = 4 << 20;

struct Descriptors {
  base::io::Fd listening;
  std::optional<base::io::Fd> medium;
};

base::Status make_folder(const std::filesystem::path& folder, const base::io::Identity* owner) {
  std::error_code error;
  std::filesystem::create_directories(folder.parent_path(), error);
  if (!error && ::mkdir(folder.c_str(), 0700) != 0) {
    return errno == EEXIST ? base::Status(base::Ok{})
                           : base::Status(base::io::fail_errno("create " + folder.string()));
  }
  if (error) return base::fail("create " + folder.string() + ": " + error.message());
  if (owner == nullptr || ::chown(folder.c_str(), owner->uid, owner->gid) == 0) return base::Ok{};
  return base::io::fail_errno("give away " + folder.string());
}

base::Result<Descriptors> open_descriptors(const ServerOptions& options) {
  Descriptors opened;
  if (!options.from.empty()) {
    auto medium = base::io::connect_unix(options.from);
    if (!medium) return base::Unexpected{medium.error()};
    base::io::enlarge_buffers(*medium, socket_buffer);
    opened.medium = *std::move(medium);
  }
  auto listening = base::io::listen_unix(options.listen, 0600, base::io::SocketType::stream,
                                         base::io::Blocking::no);
  if (!listening) return base::Unexpected{listening.error()};
  opened.listening = *std::move(listening);
  return opened;
}

base::Status give_up_rights(const ServerOptions& options) {
  const base::io::Paths paths(options.root);
  std::optional<base::io::Identity> user;
  if (!options.user.empty() && ::geteuid() == 0) {
    auto found = base::io::find_identity(options.user);
    if (!found) return base::Unexpected{found.error()};
    user = *std::move(found);
  }
  for (const auto& folder : {paths.snapshots(), paths.snapshot_keys()}) {
    if (auto made = make_folder(folder, user ? &*user : nullptr); !made) return made;
  }
  if (user) {
    if (auto dropped = base::io::drop_identity(*user); !dropped) return dropped;
  }
  using Access = base::io::PathRight::Access;
  base::io::Sandbox sandbox{.syscalls = base::io::event_loop_syscalls(),
                            .paths = std::vector<base::io::PathRight>{
                                {paths.snapshots().string(), Access::read_write},
                                {paths.snapshot_keys().string(), Access::read_write}}};
  for (const char* name :
       {"accept4", "dup", "openat", "mkdir", "flock", "ftruncate", "fallocate", "fdatasync",
        "fsync", "pread64", "pwrite64", "sync_file_range", "unlink", "rmdir", "fchmod"}) {
    sandbox.syscalls.emplace_back(name);
  }
  return base::io::enter_sandbox(sandbox);
}

base::Result<std::unique_ptr<Store>> open_store(const ServerOptions& options,
                                                const std::optional<nbd::Offer>& medium) {
  const base::io::Paths paths(options.root);
  const Place place{.folder = paths.snapshots() / options.name,
                    .key_file = paths.snapshot_keys() / (options.name + ".key")};
  const Options how{.cache_bytes = options.cache_bytes, .quota = options.quota};
  if (has_header(place)) {
    auto store = Store::open(place, how);
    if (!store || !medium) return store;
    if (auto fits = (*store)->expect_size(medium->size); !fits) {
      return base::Unexpected{fits.error()};
    }
    return store;
  }
  if (!medium) return base::fail("there is no snapshot " + options.name + "; --from makes one");
  constexpr std::uint32_t large_sector = 4096;
  const auto geometry =
      Geometry::make(medium->size, medium->minimum_block < large_sector ? 512 : large_sector);
  if (!geometry) return base::Unexpected{geometry.error()};
  return Store::create(place, *geometry, how);
}

base::Status serve(const ServerOptions& options, const base::io::Log& log) {
  auto opened = open_descriptors(options);
  if (!opened) return base::Unexpected{opened.error()};
  boost::asio::io_context io(1);
  boost::asio::signal_set signals(io, SIGTERM, SIGINT);
  signals.async_wait([&io](const boost::system::error_code&, int) { io.stop(); });
  if (auto given = give_up_rights(options); !given) return given;

  // From here on bytes of the medium's server are read.
  std::optional<nbd::Offer> offer;
  std::optional<io::NbdClient> client;
  if (opened->medium) {
    const auto said = io::shake_hands(*opened->medium, {}, nbd::Replies::structured);
    if (!said) return base::Unexpected{said.error()};
    offer = *said;
    auto made = io::NbdClient::make(*std::move(opened->medium), *offer);
    if (!made) return base::Unexpected{made.error()};
    client.emplace(*std::move(made));
  }
  const auto store = open_store(options, offer);
  if (!store) return base::Unexpected{store.error()};
  Server server(io, std::move(opened->listening), **store, std::move(client), options, log);
  server.start();
  log.info("serving", {{"snapshot", options.name},
                       {"bytes", std::to_string((*store)->geometry().medium_size())}});
  io.run();
  return (*store)->flush();
}

}  // namespace

int run_snapshot_server(const ServerOptions& options) {
  const base::io::Log log("sallyport-snapshot");
  base::io::ignore_sigpipe();
  const auto done = serve(options, log);
  if (done) return 0;
  log.error("failed", {{"reason", done.error().text}});
  return 1;
}

}  // namespace blockproxy::snapshot
