// SPDX-License-Identifier: GPL-2.0-or-later
// Who may do what on the admin socket: group sallyport everything, group sallyport-view look.
#include <grp.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/io/peer_rights.hpp"
#include "base/io/unix_socket.hpp"
#include "dom0/io/admin_methods.hpp"
#include "tests/fakes/folder.hpp"

namespace dom0::io {
namespace {

using base::io::peer_of;
using base::io::PeerRight;
using base::io::right_of;

constexpr gid_t all_group = 61001;
constexpr gid_t view_group = 61002;
constexpr gid_t other_group = 61003;
constexpr uid_t somebody = 61500;
constexpr uid_t daemon_user = 61234;
const base::io::RightGroups both{.all = all_group, .read = view_group};

TEST(AdminRights, AreThoseOfTheGroups) {
  const auto right = [](uid_t uid, const std::vector<gid_t>& groups,
                        const base::io::RightGroups& known) {
    return right_of(uid, groups, known, daemon_user);
  };
  EXPECT_EQ(right(0, {}, {}), PeerRight::all);
  EXPECT_EQ(right(daemon_user, {}, {}), PeerRight::all);
  EXPECT_EQ(right(somebody, {all_group}, both), PeerRight::all);
  EXPECT_EQ(right(somebody, {other_group, view_group}, both), PeerRight::read);
  EXPECT_EQ(right(somebody, {view_group, all_group}, both), PeerRight::all);
  EXPECT_EQ(right(somebody, {other_group}, both), PeerRight::none);
  EXPECT_EQ(right(somebody, {}, both), PeerRight::none);
  EXPECT_EQ(right(somebody, {0}, {}), PeerRight::none) << "a group that is not there has nobody";
}

// The kernel's word for it, over a socket. Only root can be somebody else; any other user is here
// what the daemon is: its own user.
TEST(AdminRights, AreTakenFromTheConnection) {
  const tests::Folder folder;
  std::filesystem::permissions(folder.path(), std::filesystem::perms{0755});
  const auto path = folder.path() / "s";
  const auto listening = base::io::listen_unix(path, 0666);
  ASSERT_TRUE(listening.has_value()) << listening.error().text;
  const auto connected_with = [&](gid_t group) {
    const pid_t child = ::fork();
    if (child == 0) {
      const bool changed =
          ::geteuid() != 0 ||
          (::setgroups(1, &group) == 0 && ::setgid(other_group) == 0 && ::setuid(somebody) == 0);
      const auto socket = base::io::connect_unix(path);
      char byte = 0;
      // Until the other side has looked and closed.
      const bool looked = changed && socket && ::read(socket->get(), &byte, 1) == 0;
      ::_exit(looked ? 0 : 1);
    }
    AdminPeer peer;
    {
      const base::io::Fd client(::accept4(listening->get(), nullptr, nullptr, SOCK_CLOEXEC));
      peer = peer_of(client, both);
    }
    int status = -1;
    ::waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
    return peer;
  };
  const bool root = ::geteuid() == 0;
  EXPECT_EQ(connected_with(all_group).right, PeerRight::all);
  EXPECT_EQ(connected_with(view_group).right, root ? PeerRight::read : PeerRight::all);
  EXPECT_EQ(connected_with(other_group).right, root ? PeerRight::none : PeerRight::all);
  EXPECT_EQ(connected_with(view_group).uid, root ? somebody : ::getuid());
}

std::map<std::string, base::config::QubeConfig> two_qubes() {
  std::map<std::string, base::config::QubeConfig> qubes;
  for (const char* name : {"work", "sys-usb"}) qubes[name].name = name;
  return qubes;
}

class Methods : public testing::Test {
 protected:
  // The reply's bytes, or "pushed" for a method that goes on to tell.
  std::string call(const std::string& method, PeerRight right, const std::string& target) {
    std::string got;
    AdminRequest request;
    const std::size_t plus = method.find('+');
    request.method = method.substr(0, plus);
    if (plus != std::string::npos) request.argument = method.substr(plus + 1);
    request.target = target;
    methods_.handler()(request, {right, somebody},
                       {.reply =
                            [&got](const std::vector<std::byte>& bytes) {
                              got = std::string(base::wire::as_text(bytes));
                            },
                        .push = [&got](const std::vector<std::byte>&) { got = "pushed"; }});
    return got;
  }
  static bool refused(const std::string& reply) {
    return reply.find("QubesDaemonCommunicationError") != std::string::npos;
  }

  const tests::Folder folder_;
  const base::io::Log log_{"test"};
  boost::asio::io_context context_;
  Broker broker_{context_, base::io::Paths(folder_.path()), two_qubes(), std::chrono::seconds(60),
                 log_};
  AdminMethods methods_{broker_};
};

TEST_F(Methods, WhoMayLookMayDoNothingElse) {
  for (const char* method :
       {"admin.vm.List", "admin.vm.CurrentState", "admin.vm.property.Get+label",
        "admin.vm.property.GetAll", "admin.vm.feature.CheckWithTemplate+x",
        "admin.deviceclass.List", "admin.vm.device.usb.Available", "admin.vm.device.usb.Attached",
        "admin.vm.device.usb.Assigned", "admin.vm.device.block.Available",
        "admin.vm.device.block.Attached", "admin.vm.device.block.Assigned",
        "admin.vm.device.denied.List", "admin.Events", "internal.GetSystemInfo",
        "sallyport.DeviceFacts+2-1", "sallyport.Devices", "sallyport.Status"}) {
    const std::string reply = call(method, PeerRight::read, "work");
    EXPECT_FALSE(reply.empty()) << method;
    EXPECT_FALSE(refused(reply)) << method << reply;
    EXPECT_TRUE(refused(call(method, PeerRight::none, "work"))) << method;
  }
  for (const std::string method :
       {"admin.vm.device.usb.Attach+sys-usb+2-1", "admin.vm.device.usb.Detach+sys-usb+2-1",
        "admin.vm.device.usb.Assign+sys-usb+2-1+_", "admin.vm.device.usb.Unassign+sys-usb+2-1+_",
        "admin.vm.device.usb.Set.assignment+sys-usb+2-1+_",
        "admin.vm.device.block.Attach+sys-usb+sda", "admin.vm.device.block.Detach+sys-usb+sda",
        "admin.vm.device.block.Assign+sys-usb+sda+_",
        "admin.vm.device.block.Unassign+sys-usb+sda+_",
        "admin.vm.device.block.Set.assignment+sys-usb+sda+_", "admin.vm.device.denied.Add",
        "admin.vm.device.denied.Remove", "admin.vm.property.Set+devices_denied", "sallyport.Panic",
        "sallyport.Run+test.Echo", "no.such.Method"}) {
    EXPECT_TRUE(refused(call(method, PeerRight::read, "work"))) << method;
    EXPECT_TRUE(refused(call(method, PeerRight::none, "work"))) << method;
  }
  EXPECT_FALSE(refused(call("admin.vm.device.usb.Detach+sys-usb+2-1", PeerRight::all, "work")));
}

}  // namespace
}  // namespace dom0::io
