// SPDX-License-Identifier: GPL-2.0-or-later
// The registry as a whole: what no file can say wrong by itself.
#include "dom0/io/registry.hpp"

#include <gtest/gtest.h>

#include "base/io/files.hpp"
#include "tests/fakes/folder.hpp"

namespace dom0::io {
namespace {

class Registry : public testing::Test {
 protected:
  void qube(const std::string& name, const std::string& text) {
    ASSERT_TRUE(
        base::io::write_file_atomically(folder_.path() / (name + ".conf"), text).has_value());
  }
  std::string problem() {
    const auto loaded = load_registry(folder_.path());
    return loaded ? std::string() : loaded.error().text;
  }

  const tests::Folder folder_;
};

TEST_F(Registry, TwoQubesHaveTwoUuids) {
  qube("work", "uuid = 0a1b2c3d-0000-4000-8000-000000000001\n");
  qube("vault", "uuid = 0a1b2c3d-0000-4000-8000-000000000002\n");
  EXPECT_EQ(problem(), "");
  qube("vault", "uuid = 0a1b2c3d-0000-4000-8000-000000000001\n");
  EXPECT_NE(problem().find("too; each qube needs its own"), std::string::npos) << problem();
}

TEST_F(Registry, DisposablesAreMadeFromAQubeThatIsForThat) {
  qube("work", "default_dispvm = dvm\n");
  EXPECT_NE(problem().find("work.conf: default_dispvm = dvm is no qube with "
                           "template_for_dispvms = yes; make it, or take the line out"),
            std::string::npos)
      << problem();
  qube("dvm", "");
  EXPECT_NE(problem().find("make it one"), std::string::npos) << problem();
  qube("dvm", "template_for_dispvms = yes\n");
  EXPECT_EQ(problem(), "");
}

}  // namespace
}  // namespace dom0::io
