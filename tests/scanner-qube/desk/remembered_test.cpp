// SPDX-License-Identifier: GPL-2.0-or-later
// What is remembered of media, as files: bounded, and gone when it is to be.
#include "scanner-qube/desk/io/remembered.hpp"

#include <gtest/gtest.h>

#include <fstream>

#include "tests/fakes/folder.hpp"

namespace scannerqube::desk {
namespace {

namespace fs = std::filesystem;

class RememberedFiles : public testing::Test {
 protected:
  RememberedFiles() { fs::create_directories(folder()); }
  fs::path folder() const { return Remembered::folder_in(paths_); }
  std::size_t count() const {
    return static_cast<std::size_t>(
        std::distance(fs::directory_iterator(folder()), fs::directory_iterator()));
  }
  static base::hash::Digest digest(unsigned number) {
    base::hash::Digest made = {};
    made[0] = static_cast<std::byte>(number & 0xffU);
    made[1] = static_cast<std::byte>(number >> 8U);
    return made;
  }
  static CacheList list_of(unsigned medium) {
    return make_list({.database = digest(1), .options = digest(2), .medium = digest(medium)},
                     {{.sha256 = digest(3), .size = medium}});
  }

  const tests::Folder root_;
  const base::io::Paths paths_{root_.path()};
  const base::sign::KeyPair key_ = base::sign::KeyPair::generate();
  const Remembered remembered_{paths_, key_};
};

TEST_F(RememberedFiles, IsReadForItsMediumAndItsSignatures) {
  ASSERT_TRUE(remembered_.keep(list_of(10)));
  const auto read = remembered_.read(digest(10), digest(1));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->clean, list_of(10).clean);
  EXPECT_FALSE(remembered_.read(digest(11), digest(1)));
  EXPECT_FALSE(remembered_.read(digest(10), digest(9))) << "other signatures";
  const auto other = base::sign::KeyPair::generate();
  EXPECT_FALSE(Remembered(paths_, other).read(digest(10), digest(1)));
  EXPECT_TRUE(remembered_.forget(digest(10)));
  EXPECT_FALSE(remembered_.read(digest(10), digest(1)));
  EXPECT_TRUE(remembered_.forget(digest(10))) << "there is nothing to forget";
}

TEST_F(RememberedFiles, TheOldestGoesWhereThereAreTooMany) {
  const auto long_ago = fs::file_time_type::clock::now() - std::chrono::hours(1000);
  for (unsigned i = 0; i < Remembered::max_media; ++i) {
    const auto medium = digest(100 + i);
    const fs::path file = folder() / base::hash::to_hex(medium);
    std::ofstream(file) << "x";
    fs::last_write_time(file, long_ago + std::chrono::hours(i));
  }
  fs::create_directory(folder() / "somebody-elses-folder");
  ASSERT_TRUE(remembered_.keep(list_of(10)));
  EXPECT_EQ(count(), Remembered::max_media + 1) << "with the folder, which is left alone";
  EXPECT_FALSE(fs::exists(folder() / base::hash::to_hex(digest(100))));
  EXPECT_TRUE(fs::exists(folder() / base::hash::to_hex(digest(101))));
  EXPECT_TRUE(remembered_.read(digest(10), digest(1)));
  ASSERT_TRUE(remembered_.keep(list_of(10)));
  EXPECT_TRUE(fs::exists(folder() / base::hash::to_hex(digest(101)))) << "it had its place";
}

TEST_F(RememberedFiles, AFolderThatIsNotThereIsAnError) {
  fs::remove_all(folder());
  EXPECT_FALSE(remembered_.keep(list_of(10)));
  EXPECT_FALSE(remembered_.read(digest(10), digest(1)));
}

}  // namespace
}  // namespace scannerqube::desk
