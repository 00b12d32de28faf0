// SPDX-License-Identifier: GPL-2.0-or-later
// What Qubes' tools printed, run again with ours against a scripted daemon, to the byte.
#include <gtest/gtest.h>

#include <sstream>

#include "base/io/files.hpp"
#include "cli/arguments.hpp"
#include "tests/cli/fake_admin.hpp"
#include "tests/places.hpp"

namespace cli::test {
namespace {

struct Transcript {
  std::string command;
  bool terminal = false;
  std::string out;
  std::string err;
  int code = 0;
};

// "$ COMMAND     [tty=False]", then what it printed ("stderr: " begins what it said there), then
// "rc=N" or "rc=exit N".
std::vector<Transcript> read_transcripts(const std::string& text) {
  std::vector<Transcript> all;
  std::istringstream lines(text);
  std::string line;
  bool in_error = false;
  while (std::getline(lines, line)) {
    if (line.starts_with("$ ")) {
      in_error = false;
      Transcript& next = all.emplace_back();
      const std::size_t tty = line.find("    [tty=");
      next.command = line.substr(2, tty - 2);
      next.terminal = line.find("[tty=True]") != std::string::npos;
    } else if (line.starts_with("rc=")) {
      const std::size_t digit = line.find_first_of("0123456789");
      all.back().code = digit == std::string::npos ? -1 : line[digit] - '0';
    } else if (line.starts_with("stderr: ")) {
      in_error = true;
      all.back().err += line.substr(8) + "\n";
    } else if (!line.empty()) {
      (in_error ? all.back().err : all.back().out) += line + "\n";
    }
  }
  return all;
}

const std::string qubes =
    "dom0 class=AdminVM state=Running\nsys-usb class=AppVM state=Running\n"
    "work class=AppVM state=Running\nvault class=AppVM state=Running\n";

const std::string usb_devices =
    "2-1:046d:c52b::u030101u030102 device_id='046d:c52b::u030101u030102' port_id='2-1' "
    "devclass='usb' backend_domain='sys-usb' vendor='Logitech, Inc.' product='Unifying Receiver' "
    "interfaces='u030101u030102'\n"
    "2-1.4:0951:1666:60A4:u080650 device_id='0951:1666:60A4:u080650' port_id='2-1.4' "
    "devclass='usb' backend_domain='sys-usb' vendor='Kingston Technology' "
    "product='DataTraveler 100 G3' attachment='work' interfaces='u080650'\n"
    "3-2:1bcf:2b8a::u0e0100 device_id='1bcf:2b8a::u0e0100' port_id='3-2' devclass='usb' "
    "backend_domain='sys-usb' manufacturer='ACME' name='Integrated Webcam' "
    "interfaces='u0e0100'\n";

const std::string block_devices =
    "sda:0951:1666:60A4:u080650:1.0 device_id='0951:1666:60A4:u080650:1.0' port_id='sda' "
    "devclass='block' backend_domain='sys-usb' manufacturer='sub-device of sys-usb:2-1.4' "
    "name='DataTraveler 3.0' interfaces='b******' parent_port_id='2-1.4' parent_devclass='usb'\n"
    "sda1:0951:1666:60A4:u080650:1.0:1 port_id='sda1' devclass='block' name='KEY' "
    "interfaces='b******'\n";

// The daemon during one transcript; `attach` is what it says to that.
std::string answer(const std::string& request, const std::string& attach) {
  const std::string header = request.substr(0, request.find('\0'));
  const auto is = [&header](std::string_view method, std::string_view target) {
    return header.starts_with(method) && header.ends_with(" " + std::string(target));
  };
  const std::string ok = with_nul("0");
  if (is("admin.vm.List+", "dom0")) return ok + qubes;
  if (is("admin.vm.device.usb.Available+", "sys-usb")) return ok + usb_devices;
  if (is("admin.vm.device.block.Available+", "sys-usb")) return ok + block_devices;
  if (is("admin.vm.device.usb.Assigned+", "work")) {
    return ok +
           "sys-usb+*:046d:c52b::u030101u030102 device_id='046d:c52b::u030101u030102' port_id='*' "
           "devclass='usb' backend_domain='sys-usb' mode='ask-to-attach' frontend_domain='work'\n";
  }
  if (is("admin.vm.device.usb.Attached+", "work")) {
    return ok + "sys-usb+2-1.4:0951:1666:60A4:u080650 port_id='2-1.4' frontend_domain='work'\n";
  }
  if (is("admin.vm.device.block.Attached+", "work")) {
    return ok +
           "sys-usb+sda1:0951:1666:60A4:u080650:1.0:1 port_id='sda1' _read-only='yes' "
           "_frontend-dev='xvdi'\n";
  }
  if (is("admin.vm.device.usb.Attach+", "work")) return attach;
  return ok;
}

// What the daemon says to each `attach` that reaches it, in the order of the transcripts.
std::vector<std::string> attach_answers() {
  const std::string error = with_nul("2");
  return {with_nul("0"),
          error + with_nul("QubesException") + with_nul("") +
              with_nul("Device attach failed: No device info received, connection failed, check "
                       "backend side for details"),
          error + with_nul("DeviceAlreadyAttached") + with_nul("") +
              with_nul("Device sys-usb:2-1 already attached to vault"),
          std::string()};
}

// Where we differ on purpose.
void adapt(Transcript& expected) {
  if (expected.command == "qvm-usb attach -o ro=maybe work sys-usb:2-1") {
    // An uncaught exception there.
    expected.err = "qvm-usb: error: Unknown `read-only` option value: maybe\n";
    expected.code = 1;
  }
}

std::vector<std::string> words_of(const std::string& command) {
  std::istringstream stream(command);
  std::vector<std::string> words;
  for (std::string word; stream >> word;) words.push_back(word);
  return words;
}

TEST(Transcripts, AreReproducedToTheByte) {
  const auto text =
      base::io::read_file(places::source() + "/tests/data/cli/qvm-transcripts.txt", 65536);
  ASSERT_TRUE(text.has_value());
  auto transcripts = read_transcripts(*text);
  ASSERT_EQ(transcripts.size(), 23U);

  auto answers = attach_answers();
  std::size_t attaches = 0;
  for (Transcript& expected : transcripts) {
    adapt(expected);
    SCOPED_TRACE(expected.command);
    TemporaryRoot root;
    std::string attach;
    if (expected.command == "qvm-usb attach work sys-usb:2-1") attach = answers.at(attaches++);
    const FakeAdmin daemon(
        root.paths(), [attach](const std::string& request) { return answer(request, attach); });
    std::vector<std::string> words = words_of(expected.command);
    const std::string program = words.front();
    words.erase(words.begin());
    words.push_back("--root");
    words.push_back(root.path());
    const ProgramResult got =
        run_program(program, words, expected.terminal ? Stdout::terminal : Stdout::pipe);
    EXPECT_EQ(got.out, expected.out);
    EXPECT_EQ(got.err, expected.err);
    EXPECT_EQ(got.code, expected.code);
  }
  EXPECT_EQ(attaches, answers.size());
}

}  // namespace
}  // namespace cli::test
