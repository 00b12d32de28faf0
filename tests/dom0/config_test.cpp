// SPDX-License-Identifier: GPL-2.0-or-later
// `sallyportd --config DIR` with qubes on paper, and how much of everything it takes.
#include <sys/socket.h>

#include "agent/control.hpp"
#include "base/wire/frame.hpp"
#include "base/wire/hello.hpp"
#include "dom0/io/store.hpp"
#include "sys-usb/device_record.hpp"
#include "tests/dom0/paper_qubes.hpp"

namespace dom0::test {
namespace {

// What the daemon may grow by in a burst. ASan keeps what was freed for a while, 256 MiB by
// default.
constexpr std::size_t grown_kib = SALLYPORT_SANITIZED ? 320 * 1024 : 32 * 1024;

using Clock = std::chrono::steady_clock;

class Config : public PaperQubes {
 protected:
  void start_config() {
    std::vector<std::string> command{program("sallyportd"), "--config", root_.string()};
    if (::geteuid() == 0) {
      // The daemon's user makes and reads what is in there.
      for (const auto& entry : std::filesystem::recursive_directory_iterator(root_)) {
        ASSERT_EQ(::chown(entry.path().c_str(), 61234, 61234), 0);
      }
      ASSERT_EQ(::chown(root_.c_str(), 61234, 61234), 0);
      command.insert(command.end(), {"--user", "61234"});
    }
    daemon_ = Process(command, root_ / "daemon.log");
    wait_until([this] { return !call("admin.vm.List", "dom0").empty(); }, "the daemon answers");
  }
};

TEST_F(Config, PaperQubesAttachAndDetachWithoutAnyMachine) {
  std::filesystem::remove(root_ / "paper");  // the fixture's own
  for (const char* folder : {"qubes.d", "policy.d", "paper"}) {
    std::filesystem::create_directories(root_ / folder);
  }
  put("qubes.d/sys-usb.conf", "transport = paper\n");
  put("qubes.d/work.conf", "transport = paper\nlabel = blue\n");
  put("policy.d/30-user.policy", "qubes.USB * work sys-usb allow\n");
  put("paper/sys-usb.devices",
      "port=2-1 vendor=0951 product=1666 serial=60A44C interfaces=080650\n");
  start_config();
  wait_until([this] { return running("work") && has("sys-usb", "2-1:"); }, "paper qubes connect");
  EXPECT_EQ(attach(), ok);
  EXPECT_TRUE(attached());
  put("paper/sys-usb.devices", "# unplugged\n");
  wait_until([this] { return !attached(); }, "unplugged on paper");
  EXPECT_TRUE(std::filesystem::exists(root_ / "paper/work.devices")) << "made, to be edited";
  daemon_.end(SIGTERM);
  const std::string agents = (root_ / "run/sallyport/paper").string();
  wait_until(
      [&agents] {
        for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
          const auto line = base::io::read_file(entry.path() / "cmdline", 1U << 16U);
          if (line && line->find(agents) != std::string::npos) return false;
        }
        return true;
      },
      "the agents ended with the daemon");
}

// The control connection of a qube, spoken by the test itself.
class Qube {
 public:
  explicit Qube(const std::filesystem::path& socket) {
    auto connected = base::io::connect_unix(socket);
    if (!connected) return;
    socket_ = *std::move(connected);
    const auto hello = base::wire::encode_hello({.kind = base::wire::StreamKind::control});
    send(hello);
    std::array<std::byte, base::wire::hello_size> answer{};
    static_cast<void>(::recv(socket_.get(), answer.data(), answer.size(), MSG_WAITALL));
  }
  bool say(const agent::FromAgent& message) {
    std::vector<std::byte> bytes;
    base::wire::append_frame(bytes, agent::encode(message));
    answer_pings();
    return send(bytes);
  }
  bool plug(const std::string& port, const std::string& serial) {
    sysusb::DeviceRecord record;
    record.port_id = port;
    record.vendor_id = 0x0951;
    record.product_id = 0x1666;
    record.serial = serial;
    record.interfaces = {{8, 6, 80}};
    return say(agent::InventoryDevice{.record = sysusb::encode_record(record)});
  }
  bool unplug(const std::string& port) { return say(agent::InventoryRemove{.port_id = port}); }
  bool connected() const { return socket_.get() >= 0; }

 private:
  bool send(std::span<const std::byte> bytes) {
    return base::io::write_all(socket_, base::wire::as_text(bytes)).has_value();
  }
  void answer_pings() {
    std::array<std::byte, 4096> buffer{};
    const auto size = ::recv(socket_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (size <= 0) return;
    decoder_.push(std::span(buffer).first(static_cast<std::size_t>(size)));
    for (auto frame = decoder_.next(); frame && frame->has_value(); frame = decoder_.next()) {
      const auto message = agent::parse_from_dom0(**frame);
      if (!message) continue;
      if (const auto* ping = std::get_if<agent::Ping>(&*message)) {
        std::vector<std::byte> bytes;
        base::wire::append_frame(bytes, agent::encode(agent::Pong{.number = ping->number}));
        send(bytes);
      }
    }
  }

  base::io::Fd socket_;
  base::wire::FrameDecoder decoder_;
};

class Scale : public PaperQubes {
 protected:
  std::filesystem::path socket_of(const std::string& qube) const {
    return root_ / "run/sallyport/qubes" / (qube + ".sock");
  }
  // Written where nothing has to reach a disk, then put in its place.
  void assign_ten_thousand() {
    const tests::Folder memory("/dev/shm");
    const auto made = memory.path() / "state.sqlite";
    {
      auto store = io::Store::open(made);
      ASSERT_TRUE(store.has_value()) << store.error().text;
      for (int i = 0; i < 10'000; ++i) {
        const auto written =
            store->put({.frontend = "q" + std::to_string(i % 98),
                        .device = {"q" + std::to_string(i % 20), "2-" + std::to_string(i), "*"},
                        .mode = AssignmentMode::ask_to_attach});
        ASSERT_TRUE(written.has_value()) << written.error().text;
      }
    }
    const auto state = root_ / "var/lib/sallyport/state.sqlite";
    std::filesystem::copy_file(made, state, std::filesystem::copy_options::overwrite_existing);
    const bool root = ::geteuid() == 0;
    ASSERT_TRUE(!root || ::chown(state.c_str(), 61234, 61234) == 0);
  }
  std::size_t memory_kib() {
    std::ifstream status("/proc/" + std::to_string(daemon_.pid()) + "/status");
    for (std::string line; std::getline(status, line);) {
      if (line.starts_with("VmRSS:")) return std::stoul(line.substr(6));
    }
    return 0;
  }
};

// Its hello has no feature: an image from before attachments had rights, and it would ignore them.
TEST_F(Scale, AnOlderImageIsNotGivenWhatItWouldIgnore) {
  start_daemon();
  start_work();
  Qube usb(socket_of("sys-usb"));
  ASSERT_TRUE(usb.plug("2-1", "60A44C"));
  wait_until([this] { return running("work") && has("sys-usb", "2-1:"); }, "qubes connect");
  const std::string refused =
      call("admin.vm.device.usb.Attach+sys-usb+2-1", "work", "_read-only='yes'");
  EXPECT_NE(refused.find("sys-usb is older than dom0 and would not hold the device to "
                         "read-only=yes; give it an image of dom0's version"),
            std::string::npos)
      << refused;
  policy("qubes.USB * work sys-usb allow interfaces=USB_Storage\n");
  const std::string by_rule = attach();
  EXPECT_NE(by_rule.find("older than dom0"), std::string::npos) << by_rule;
}

TEST_F(Scale, TenThousandPlugEventsInABurstAreAllTold) {
  start_daemon();
  Qube usb(socket_of("sys-usb"));
  ASSERT_TRUE(usb.connected());
  const base::io::Fd listening = ask("admin.Events", "sys-usb");
  wait_until([this] { return running("sys-usb"); }, "sys-usb runs");
  const std::size_t before = memory_kib();
  std::thread burst([&usb] {
    for (int i = 0; i < 5000; ++i) {
      if (!usb.plug("2-1", "serial" + std::to_string(i)) || !usb.unplug("2-1")) return;
    }
  });
  const timeval limit{.tv_sec = 20, .tv_usec = 0};
  ::setsockopt(listening.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
  std::string seen;
  std::size_t added = 0;
  std::size_t removed = 0;
  std::array<char, 65536> buffer{};
  const auto count = [&seen](const std::string& what) {
    std::size_t found = 0;
    for (auto at = seen.find(what); at != std::string::npos; at = seen.find(what, at + 1)) ++found;
    return found;
  };
  while (removed < 5000) {
    const auto size = ::recv(listening.get(), buffer.data(), buffer.size(), 0);
    if (size <= 0) break;
    seen.append(buffer.data(), static_cast<std::size_t>(size));
    // Whole events only; an event has no blank line, so the last NUL pair is an end.
    const auto end = seen.rfind(std::string(2, '\0'));
    if (end == std::string::npos) continue;
    const std::string rest = seen.substr(end + 2);
    seen.resize(end + 2);
    added += count("device-added:usb");
    removed += count("device-removed:usb");
    seen = rest;
  }
  burst.join();
  EXPECT_EQ(added, 5000U);
  EXPECT_EQ(removed, 5000U);
  EXPECT_LT(memory_kib(), before + grown_kib);
  EXPECT_TRUE(running("sys-usb")) << "to be read slowly is no reason to be cut off";
}

// 1,000 devices in 20 backends, 100 qubes, 10,000 assignments.
TEST_F(Scale, ListingStaysQuick) {
  const auto time_of = [this] {
    const auto list = [this] {
      const std::string command =
          program("qvm-usb") + " --root " + root_.string() + " list >" + (root_ / "out").string();
      return std::system(command.c_str());  // NOLINT: the tool as people run it
    };
    EXPECT_EQ(list(), 0);
    auto best = std::chrono::milliseconds::max();
    for (int i = 0; i < 5; ++i) {
      const auto start = Clock::now();
      EXPECT_EQ(list(), 0);
      best = std::min(best,
                      std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - start));
    }
    return best;
  };
  start_daemon();
  const auto empty = time_of();
  daemon_.end(SIGTERM);
  for (int i = 0; i < 98; ++i) put("etc/sallyport/qubes.d/q" + std::to_string(i) + ".conf", "");
  assign_ten_thousand();
  start_daemon();
  std::vector<Qube> backends;
  for (int i = 0; i < 20; ++i) {
    backends.emplace_back(socket_of("q" + std::to_string(i)));
    for (int port = 0; port < 50; ++port) {
      ASSERT_TRUE(backends.back().plug("2-" + std::to_string(port), "s" + std::to_string(port)));
    }
  }
  wait_until([this] { return has("q19", "2-49:"); }, "all devices are there");
  const auto full = time_of();
  auto out = base::io::read_file(root_ / "out", 1U << 20U);
  ASSERT_TRUE(out.has_value());
  EXPECT_EQ(std::count(out->begin(), out->end(), '\n'), 1000);
  RecordProperty("empty_ms", static_cast<int>(empty.count()));
  RecordProperty("full_ms", static_cast<int>(full.count()));
  std::cout << "empty " << empty.count() << " ms, full " << full.count() << " ms\n";
  // A sanitizer's build is several times slower.
  EXPECT_LT(full - empty, std::chrono::milliseconds(SALLYPORT_SANITIZED ? 500 : 50));
}

}  // namespace
}  // namespace dom0::test
