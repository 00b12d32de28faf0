// SPDX-License-Identifier: GPL-2.0-or-later
// Volumes made anew, mounted by a kernel: it finds every file under its new name, and what it
// writes there leaves a sound file system.
#include "tests/one-vm/one_vm.hpp"
#include "tests/places.hpp"
#include "tests/scanner-qube/release/media.hpp"
#include "tests/scanner-qube/volume/images.hpp"

namespace onevm {
namespace {

namespace release = scannerqube::release;
using scannerqube::volume::FileSystem;
using std::chrono::seconds;

class Release : public OneVm {
 protected:
  // In the guest, at a path of its own: the host's files are read-only there.
  void bring(const std::string& image) {
    const auto ready = vm().run("modprobe -a loop vfat exfat nls_cp437 nls_ascii nls_utf8 && cp " +
                                    image + " /run/release.img && mkdir -p /run/release",
                                seconds(120));
    ASSERT_TRUE(ready.ok()) << ready;
  }
  void TearDown() override {
    vm().run("cd /; umount /run/release; rm -rf /run/release /run/release.img", seconds(60));
  }
  const tests::Folder folder_;
};

class ReleaseFormats : public Release, public testing::WithParamInterface<release::FormatWish> {};

TEST_P(ReleaseFormats, AKernelFindsEveryFileAndCanWrite) {
  tests::Medium medium = tests::hostile_medium();
  for (int i = 0; i < 2'000; ++i) {
    medium.add("many/file number " + std::to_string(i) + ".txt", std::to_string(i));
  }
  const release::Volume made = tests::make(
      medium.list(), {.format = GetParam(), .report = "the report\n", .time = 1'790'000'000});
  bring(tests::write(folder_, made, medium.source()));
  const bool is_exfat = made.kind() == FileSystem::exfat;
  const std::string mount =
      std::string("mount -t ") + (is_exfat ? "exfat" : "vfat") + " -o loop,iocharset=utf8,";
  const auto checked = vm().run(mount +
                                    "ro /run/release.img /run/release && cd /run/release && "
                                    "sha256sum --quiet --strict -c SALLYPORT-MANIFEST.TXT && "
                                    "find . -type f | wc -l && cd / && umount /run/release",
                                seconds(300));
  ASSERT_TRUE(checked.ok()) << checked;
  // With the manifest and the report.
  EXPECT_EQ(checked.out, std::to_string(medium.list().size() + 2) + "\n");
  const auto written =
      vm().run(mount +
                   "rw /run/release.img /run/release && rm -rf /run/release/many && "
                   "head -c 300000 /dev/urandom > '/run/release/a new file' && "
                   "umount /run/release && " +
                   (is_exfat ? "fsck.exfat -n" : "fsck.vfat -n") + " /run/release.img",
               seconds(300));
  EXPECT_TRUE(written.ok()) << written;
}

INSTANTIATE_TEST_SUITE_P(Kernel, ReleaseFormats,
                         testing::Values(release::FormatWish::fat32, release::FormatWish::exfat),
                         [](const auto& each) {
                           return each.param == release::FormatWish::fat32 ? "Fat32" : "Exfat";
                         });

// A disk with a partition that is mounted, and the same once it is not.
TEST_F(Release, ADeviceInUseIsRefusedAndOneThatIsFreeIsWritten) {
  tests::Medium medium;
  medium.add("a file", "its content\n");
  const std::string image = (folder_.path() / "medium").string();
  const std::string list = (folder_.path() / "list").string();
  tests::write_file(image, tests::read_all(medium.source()));
  tests::write_file(list, std::string(base::wire::as_text(release::encode(medium.list()))));
  const std::string disk = (folder_.path() / "disk").string();
  tests::shell("truncate -s 64M " + disk + "; echo '2048,,c' | sfdisk -q " + disk);
  bring(disk);
  const auto ready = vm().run(
      "losetup -P /dev/loop3 /run/release.img && mkfs.vfat /dev/loop3p1 >/dev/null && "
      "mount /dev/loop3p1 /run/release && echo mine >/run/release/mine",
      seconds(60));
  ASSERT_TRUE(ready.ok()) << ready;
  const auto write = [&](const std::string& to) {
    return vm().run(places::build() + "/bin/sallyport-release-volume " + image + " " + list +
                        " --to " + to + " 2>&1",
                    seconds(60));
  };
  for (const char* to : {"/dev/loop3 --overwrite", "/dev/loop3p1 --overwrite"}) {
    const auto refused = write(to);
    EXPECT_FALSE(refused.ok()) << to;
    EXPECT_NE(refused.out.find("is mounted or in use"), std::string::npos) << refused;
  }
  const auto there = vm().run("cat /run/release/mine; umount /run/release", seconds(60));
  EXPECT_EQ(there.out, "mine\n") << there;
  const auto unasked = write("/dev/loop3");
  EXPECT_FALSE(unasked.ok());
  EXPECT_NE(unasked.out.find("all that is on it would be lost"), std::string::npos) << unasked;
  const auto written = write("/dev/loop3 --overwrite");
  EXPECT_TRUE(written.ok()) << written;
  const auto read = vm().run(
      "mount -t vfat -o ro /dev/loop3 /run/release && cd /run/release && "
      "sha256sum --quiet --strict -c SALLYPORT-MANIFEST.TXT && cat a*",
      seconds(60));
  EXPECT_TRUE(read.ok()) << read;
  EXPECT_EQ(read.out, "its content\n");
  // Too small for it: an error, and nothing that was there was touched.
  const auto small = vm().run(
      "cd /; umount /run/release; losetup -d /dev/loop3; head -c 8M /dev/urandom >/run/small && "
      "losetup /dev/loop3 /run/small && cp /run/small /run/before",
      seconds(60));
  ASSERT_TRUE(small.ok()) << small;
  const auto refused = write("/dev/loop3 --overwrite");
  EXPECT_FALSE(refused.ok());
  EXPECT_NE(refused.out.find("take a larger one or release less"), std::string::npos) << refused;
  const auto same = vm().run(
      "losetup -d /dev/loop3; cmp /run/small /run/before; rm /run/small /run/before", seconds(60));
  EXPECT_TRUE(same.ok()) << same;
}

TEST_F(Release, AFullDiskIsAnErrorAndNoFile) {
  tests::Medium medium;
  medium.add("a file", tests::random_bytes(3'000'000, 1));
  const std::string image = (folder_.path() / "medium").string();
  const std::string list = (folder_.path() / "list").string();
  tests::write_file(image, tests::read_all(medium.source()));
  tests::write_file(list, std::string(base::wire::as_text(release::encode(medium.list()))));
  const auto full =
      vm().run("mkdir -p /run/release && mount -t tmpfs -o size=2M tmpfs /run/release && " +
                   places::build() + "/bin/sallyport-release-volume " + image + " " + list +
                   " --to /run/release/out 2>&1",
               seconds(60));
  EXPECT_FALSE(full.ok());
  EXPECT_NE(full.out.find("No space left on device"), std::string::npos) << full;
  const auto left =
      vm().run("ls -A /run/release; df --output=used /run/release | tail -1", seconds(60));
  EXPECT_EQ(left.out.substr(0, left.out.find_last_not_of(" \n0") + 1), "") << left;
}

}  // namespace
}  // namespace onevm
