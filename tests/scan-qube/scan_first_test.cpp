// SPDX-License-Identifier: GPL-2.0-or-later
// A person answers "scan first" at a prompt: the whole way, with a real daemon, prompt, snapshots
// and scanner qube, from the question to the bytes in the target.
#include "tests/dom0/snapshots.hpp"
#include "tests/fakes/terminal.hpp"
#include "tests/scan-qube/daemons.hpp"
#include "tests/scanner-qube/samples.hpp"
#include "tests/scanner-qube/volume/images.hpp"

namespace scanqube {
namespace {

using dom0::test::Snapshots;
using namespace std::chrono_literals;

class ScanFirst : public Snapshots {
 protected:
  ~ScanFirst() override {
    if (!HasFailure()) return;
    std::cerr << "--- the terminal\n" << prompt_.screen() << "\n";
    for (const char* daemon : {"sallyport-scans", "sallyport-scanner"}) {
      std::cerr << "--- " << daemon << "\n"
                << tests::slurp(daemons_.at(std::string(daemon) + ".log").string());
    }
  }

  // A stick with these files in it, and all that it takes to have it scanned.
  void begin_with(const std::map<std::string, std::string>& files) {
    const std::string image = tests::blank(folder_, "stick.img", 4);
    tests::shell("mkfs.vfat -F 12 -n STICK " + image);
    for (const auto& [name, content] : files) {
      tests::write_file((root_ / "file").string(), content);
      tests::shell("mcopy -i " + image + " " + (root_ / "file").string() + " ::/" + name);
    }
    content_ = tests::slurp(image);
    put("medium", content_, 0666);
    plug("block=sda size=" + std::to_string(content_.size()) +
         " model=DataTraveler serial=60A44C\n");
    policy("sallyport.Block * * * ask\n");
    std::filesystem::create_directories(root_ / "scan");
    const auto prepared = daemons_.prepare();
    ASSERT_TRUE(prepared) << prepared.error().text;
    const fs::path signatures = root_ / "signatures";
    fs::create_directory(signatures);
    tests::samples::add_signature(signatures, "Test.Signature", tests::samples::eicar());
    const auto imported = daemons_.import("1", signatures);
    ASSERT_TRUE(imported) << imported.error().text;
    begin();
    for (const auto& [daemon, words] : std::map<std::string, std::vector<std::string>>{
             {"sallyport-scanner",
              {"--images", Daemons::images().string(), "--memory", "1024", "--accel", "tcg"}},
             {"sallyport-scans", {}}}) {
      const auto started = daemons_.start(daemon, words);
      ASSERT_TRUE(started) << started.error().text;
    }
    // As the daemon makes it: the prompt gives its socket to the folder's group.
    if (::geteuid() == 0) {
      ASSERT_EQ(::chown((root_ / "run/qubes").c_str(), static_cast<uid_t>(-1), 61234), 0);
    }
    prompt_.start({program("sallyport-prompt"), "--root", root_.string()});
    ASSERT_TRUE(sees("Waiting for questions"));
  }
  // Waits for it, and forgets all up to it.
  bool sees(const std::string& text) {
    const bool seen = scanqube::wait_until([&] {
      prompt_.look(20ms);
      return prompt_.shows(text);
    });
    EXPECT_TRUE(seen) << "no '" << text << "'";
    prompt_.forget(text);
    return seen;
  }
  // What work has read; it is read by work's program while the snapshot is attached.
  std::string read_by_work() const {
    const auto text = base::io::read_file(root_ / "work/copy", 16 * dom0::test::mib);
    return text ? *text : std::string();
  }
  bool work_has_a_snapshot() {
    return call("admin.vm.device.block.Attached", "work").find("sys-snapshot+") !=
           std::string::npos;
  }
  // The one question that an attachment of the stick asks: it is to be scanned.
  void ask_and_scan_first() {
    const auto asked = ask("admin.vm.device.block.Attach+sys-usb+sda", "work");
    ASSERT_TRUE(sees("s refuses it for now, has it scanned"));
    ASSERT_TRUE(sees("Answer: "));
    prompt_.type("s\n");
    ASSERT_TRUE(sees("sys-usb:sda is being scanned"));
    // The storing qube is to have it: nobody's question is skipped.
    ASSERT_TRUE(sees("Answer: "));
    prompt_.type("y\n");
    const auto reply = base::io::read_all(asked, 4096);
    EXPECT_TRUE(reply && reply->find("it is to be scanned first") != std::string::npos);
  }

  Daemons daemons_{root_ / "scan", root_};
  tests::Terminal prompt_;
};

TEST_F(ScanFirst, ACleanStickComesAsASnapshotOnceAPersonHasSaidYes) {
  begin_with({{"letter.txt", "nothing in it\n"}});
  ask_and_scan_first();
  // Clean: now whether work may have the snapshot is asked.
  ASSERT_TRUE(sees("Port:      sys-snapshot:sda-"));
  ASSERT_TRUE(sees("Answer: "));
  EXPECT_FALSE(work_has_a_snapshot());
  prompt_.type("y\n");
  ASSERT_TRUE(sees("Scanned: sys-usb:sda: clean; its snapshot is with work"));
  EXPECT_TRUE(work_has_a_snapshot());
  EXPECT_TRUE(scanqube::wait_until([this] { return read_by_work() == content_; }));
}

TEST_F(ScanFirst, AnInfectedStickIsGivenToNobody) {
  begin_with({{"letter.txt", "nothing in it\n"}, {"eicar.com", tests::samples::eicar()}});
  ask_and_scan_first();
  ASSERT_TRUE(sees("Scanned: sys-usb:sda was not given to work: "));
  ASSERT_TRUE(sees("it is not clean"));
  EXPECT_FALSE(work_has_a_snapshot());
  EXPECT_EQ(read_by_work(), "");
}

// The same by commands, and a stick that comes back is not scanned as a whole again.
TEST_F(ScanFirst, AStickThatComesBackIsRemembered) {
  begin_with({{"letter.txt", "nothing in it\n"}});
  const auto scan = [this](const std::string& words) {
    const auto ran = rig::run_program({"sh", "-c",
                                       program("sallyport") + " scan --root " + root_.string() +
                                           " " + words + " 2>&1; echo status=$?"},
                                      rig::deadline_after(long_enough));
    return ran ? *ran : ran.error().text;
  };
  policy("sallyport.Block * * * allow\n");
  const std::string first = scan("sys-usb:sda --wait --remember");
  EXPECT_NE(first.find("clean"), std::string::npos) << first;
  EXPECT_TRUE(first.ends_with("status=0\n")) << first;
  EXPECT_EQ(first.find("by the cache"), std::string::npos) << first;
  // It comes back with another byte in free space: another root, the same file.
  EXPECT_EQ(call("admin.vm.device.block.Detach+sys-usb+sda", "sys-snapshot"), ok);
  scribble(content_.size() - 512, 1, 'x');
  const std::string second = scan("sys-usb:sda --wait --remember");
  EXPECT_NE(second.find("1 files are clean by the cache"), std::string::npos) << second;
  EXPECT_TRUE(second.ends_with("status=0\n")) << second;
  EXPECT_EQ(call("admin.vm.device.block.Detach+sys-usb+sda", "sys-snapshot"), ok);
  const std::size_t name = second.find("sys-snapshot:");
  ASSERT_NE(name, std::string::npos) << second;
  const std::string snapshot =
      scan(second.substr(name, second.find(' ', name) - name) + " --remember");
  EXPECT_NE(snapshot.find("--remember is for the device itself"), std::string::npos) << snapshot;
  plug("block=sda size=" + std::to_string(content_.size()) + " model=DataTraveler\n");
  scanqube::wait_until([this] { return !listed("60A44C"); });
  const std::string nobody = scan("sys-usb:sda --wait --remember");
  EXPECT_NE(nobody.find("has no serial number"), std::string::npos) << nobody;
  EXPECT_TRUE(nobody.ends_with("status=3\n")) << nobody;
}

}  // namespace
}  // namespace scanqube
