// SPDX-License-Identifier: GPL-2.0-or-later
// The build machine's own /usr, which nobody has infected: no signature matches, and every
// heuristic that speaks is one that is known here.
#include <array>
#include <cstdlib>
#include <map>

#include "base/io/files.hpp"
#include "tests/scanner-qube/hostile/rig.hpp"

namespace tests::hostile {
namespace {

namespace fs = std::filesystem;
using scannerqube::FileResult;
using scannerqube::Finding;

constexpr std::size_t largest = std::size_t{64} << 20U;

// The samples themselves, wherever a package or a checkout has brought them.
bool is_sample(const fs::path& path) {
  return path.string().find("clamav-testfiles") != std::string::npos;
}

class NoFalseAlarm : public ScanRig {
 protected:
  NoFalseAlarm() {
    if (engine_) engine_->use_folder((path() / "load").string());
  }

  void look(const fs::path& file) {
    const auto content = base::io::read_file(file, largest);
    if (!content) return;
    ++files_;
    const FileResult result = engine_->scan(base::wire::as_bytes(*content), file.filename());
    for (const Finding& finding : result.findings) {
      if (finding.kind == Finding::Kind::signature) {
        ADD_FAILURE() << file << ": " << finding.name;
      } else {
        ++heuristics_[finding.name];
      }
    }
    for (const std::string& why : result.not_examined) ++reasons_[why.substr(0, 60)];
    if (!result.not_examined.empty()) ++incomplete_;
  }

  void look_below(const fs::path& folder, std::size_t most) {
    std::error_code error;
    const auto options = fs::directory_options::skip_permission_denied;
    for (fs::recursive_directory_iterator it(folder, options, error), end;
         it != end && files_ < most; it.increment(error)) {
      if (it->is_regular_file(error) && !it->is_symlink(error) && !is_sample(it->path())) {
        look(it->path());
      }
    }
  }

  void tell() const {
    std::cout << files_ << " files, " << incomplete_ << " not examined in full\n";
    for (const auto& [name, count] : heuristics_) std::cout << "  " << count << " " << name << "\n";
    for (const auto& [why, count] : reasons_) std::cout << "  " << count << " " << why << "\n";
  }

  std::size_t files_ = 0;
  std::size_t incomplete_ = 0;
  std::map<std::string, std::size_t> heuristics_;
  std::map<std::string, std::size_t> reasons_;
};

// SALLYPORT_SOAK=1: all of it, which takes its time; else a part.
TEST_F(NoFalseAlarm, OverUsr) {
  const bool all = std::getenv("SALLYPORT_SOAK") != nullptr;
  constexpr std::size_t usual = 150;
  for (const char* folder : {"/usr/bin", "/usr/lib", "/usr/share", "/usr/include", "/usr/sbin"}) {
    look_below(folder, all ? ~std::size_t{0} : files_ + usual);
  }
  tell();
  EXPECT_GE(files_, 3 * usual);
  EXPECT_EQ(heuristics_.size(), 0U);
  // One in a hundred, and each for a reason that is said.
  EXPECT_LE(incomplete_ * 100, files_);
}

}  // namespace
}  // namespace tests::hostile
