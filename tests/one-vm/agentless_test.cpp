// SPDX-License-Identifier: GPL-2.0-or-later
// A guest without an agent gets a block device as a drive: dom0, relay, agents and the block server
// run beside the machine, which is the guest here and knows nothing of them.
#include <boost/json/serialize.hpp>
#include <optional>

#include "tests/one-vm/guest_host.hpp"
#include "tests/one-vm/one_vm.hpp"

namespace onevm {
namespace {

using std::chrono::seconds;

constexpr std::size_t medium_size = std::size_t{8} << 20U;
constexpr std::size_t sample = 8192;

// A stick on paper whose medium is a file.
struct Host : GuestHost {
  explicit Host(const std::filesystem::path& monitor) {
    policy("sallyport.Block * win sys-usb allow\n");
    std::string devices;
    for (const std::string name : {"sda", "sdb", "sdc"}) {
      devices += "block=" + name + " size=" + std::to_string(medium_size) + "\n";
    }
    plug(devices);
    std::string content(medium_size, '\0');
    for (std::size_t i = 0; i < content.size(); ++i) {
      content[i] = static_cast<char>(i * 2654435761U >> 13U);
    }
    put("medium", content, 0666);
    serve("");
    service("win", "sallyport.BlockAttach",
            "exec " + program("sallyport-block-guest") +
                " --agent-socket $SALLYPORT_AGENT_SOCKET --qmp " + monitor.string());
    start();
    wait_until([this] { return available("sdc:"); }, "the devices are known");
  }

  void serve(const std::string& how) {
    service("usb", "sallyport.Block",
            "case $SALLYPORT_OPTIONS in read-only=yes) how=--read-only;; esac\nexec " +
                program("sallyport-block-server") + " $how " + how + " " +
                (root_ / "medium").string());
  }
  bool available(const std::string& text) {
    return call("admin.vm.device.block.Available", "sys-usb").find(text) != std::string::npos;
  }
  std::string give(const std::string& device, const std::string& options) {
    return call("admin.vm.device.block.Attach+sys-usb+" + device, "win", options);
  }
  std::string take(const std::string& device) {
    return call("admin.vm.device.block.Detach+sys-usb+" + device, "win");
  }
  bool given() { return call("admin.vm.device.block.Attached", "win") != ok; }
  std::string content(std::size_t at) {
    auto text = base::io::read_file(root_ / "medium", medium_size + 1);
    return text ? text->substr(at, sample) : "";
  }
  void kill_attacher() { kill_programs("sallyport-block-guest"); }
};

class AgentlessGuest : public OneVm {
 protected:
  void SetUp() override {
    ASSERT_NO_FATAL_FAILURE(OneVm::SetUp());
    ASSERT_TRUE(vm().run("modprobe virtio_blk", seconds(60)).ok());
    host_.emplace(guest_monitor());
  }
  void TearDown() override {
    host_.reset();
    EXPECT_TRUE(no_drive().ok()) << nodes();
  }
  // The drive of that name, as the guest has it: "/dev/vda"; waits.
  static std::string drive(const std::string& name) {
    auto found = vm().wait_until("f=$(grep -lx " + name +
                                     " /sys/block/vd*/serial) && d=${f%/*} && "
                                     "echo /dev/${d##*/}",
                                 seconds(30));
    while (!found.out.empty() && found.out.back() == '\n') found.out.pop_back();
    return found.out;
  }
  static rig::CommandResult no_drive() {
    return vm().wait_until("! ls -d /sys/block/vd*", seconds(30));
  }
  static std::string sha256(const std::string& drive) {
    return vm().run("sha256sum < " + drive, seconds(60)).out;
  }
  std::string medium_sha256() const {
    const auto sum =
        rig::run_program({"sh", "-c", "sha256sum < " + (host_->root_ / "medium").string()},
                         rig::deadline_after(std::chrono::minutes(1)));
    return sum ? *sum : sum.error().text;
  }
  static std::string nodes() {
    const auto all = vm().qmp("query-named-block-nodes", {{"flat", true}});
    return all ? boost::json::serialize(*all) : all.error().text;
  }
  static bool nothing_left() { return nodes().find("sallyport-xvd") == std::string::npos; }

  std::optional<Host> host_;
};

TEST_F(AgentlessGuest, ReadsAndWritesADriveAndLosesItAtDetach) {
  ASSERT_EQ(host_->give("sda", "_read-only='no' _frontend-dev='xvdi'"), Host::ok);
  const std::string there = drive("xvdi");
  ASSERT_FALSE(there.empty());
  EXPECT_EQ(sha256(there), medium_sha256());
  const std::string before = host_->content(sample);
  const auto written = vm().run("head -c 8192 /dev/zero | tr '\\0' w | dd of=" + there +
                                " bs=4096 seek=2 conv=fsync");
  ASSERT_TRUE(written.ok()) << written;
  EXPECT_EQ(host_->content(sample), std::string(sample, 'w'));
  EXPECT_NE(before, std::string(sample, 'w'));
  EXPECT_EQ(host_->take("sda"), Host::ok);
  EXPECT_TRUE(no_drive().ok());
  host_->wait_until([] { return nothing_left(); }, "QEMU has no part of it any more");
}

TEST_F(AgentlessGuest, SeesSectorsAndMayNotWriteWhatIsReadOnly) {
  host_->serve("--sector-size 4096");
  ASSERT_EQ(host_->give("sda", "_read-only='yes' _frontend-dev='xvdi'"), Host::ok);
  const std::string there = drive("xvdi");
  ASSERT_FALSE(there.empty());
  const std::string name = there.substr(there.rfind('/') + 1);
  EXPECT_EQ(
      vm().run("cat /sys/block/" + name + "/queue/logical_block_size /sys/block/" + name + "/ro")
          .out,
      "4096\n1\n");
  const std::string before = medium_sha256();
  EXPECT_FALSE(vm().run("dd if=/dev/zero of=" + there + " bs=4096 count=1 conv=fsync").ok());
  EXPECT_FALSE(vm().run("blkdiscard " + there).ok());
  EXPECT_EQ(medium_sha256(), before);
  EXPECT_EQ(sha256(there), before);
  EXPECT_EQ(host_->take("sda"), Host::ok);
}

TEST_F(AgentlessGuest, AStickThatIsUnpluggedEndsWithErrorsAndIsGone) {
  ASSERT_EQ(host_->give("sda", "_read-only='yes' _frontend-dev='xvdi'"), Host::ok);
  const std::string there = drive("xvdi");
  ASSERT_FALSE(there.empty());
  vm().run(
      "( while dd if=" + there +
      " of=/dev/null bs=1M iflag=direct 2>> /run/agentless.dd; do :; done ) > /dev/null 2>&1 &");
  host_->plug("");
  host_->wait_until([this] { return !host_->given(); }, "the lease ends");
  EXPECT_TRUE(no_drive().ok());
  EXPECT_TRUE(vm().wait_until("grep -qE 'error|No such' /run/agentless.dd", seconds(20)).ok());
  host_->wait_until([] { return nothing_left(); }, "QEMU has no part of it any more");
}

TEST_F(AgentlessGuest, WhatAKilledAttacherLeftIsRemovedByTheNext) {
  ASSERT_EQ(host_->give("sda", "_read-only='yes' _frontend-dev='xvdi'"), Host::ok);
  ASSERT_FALSE(drive("xvdi").empty());
  host_->kill_attacher();
  host_->wait_until([this] { return !host_->given(); }, "the lease ends");
  EXPECT_FALSE(nothing_left());
  ASSERT_EQ(host_->give("sdb", "_read-only='yes' _frontend-dev='xvdj'"), Host::ok);
  const std::string there = drive("xvdj");
  ASSERT_FALSE(there.empty());
  EXPECT_EQ(sha256(there), medium_sha256());
  EXPECT_TRUE(vm().wait_until("! grep -lx xvdi /sys/block/vd*/serial", seconds(20)).ok());
  EXPECT_EQ(host_->take("sdb"), Host::ok);
}

TEST_F(AgentlessGuest, WhatCannotBeIsRefusedInWords) {
  ASSERT_EQ(host_->give("sda", "_frontend-dev='xvdi'"), Host::ok);
  ASSERT_EQ(host_->give("sdb", "_frontend-dev='xvdj'"), Host::ok);
  const std::string full = host_->give("sdc", "_frontend-dev='xvdk'");
  EXPECT_NE(full.find("give the guest a free port: -device pcie-root-port"), std::string::npos)
      << full;
  EXPECT_EQ(host_->take("sda"), Host::ok);
  EXPECT_EQ(host_->take("sdb"), Host::ok);
  EXPECT_TRUE(no_drive().ok());
  host_->service("win", "sallyport.BlockAttach",
                 "exec " + Host::program("sallyport-block-guest") + " --qmp /nonexistent/qmp");
  const std::string off = host_->give("sda", "");
  EXPECT_NE(off.find("does the guest run, with -qmp unix:/nonexistent/qmp,server=on,wait=off?"),
            std::string::npos)
      << off;
  EXPECT_FALSE(host_->given());
}

}  // namespace
}  // namespace onevm
