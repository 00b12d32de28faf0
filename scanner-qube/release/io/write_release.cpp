// SPDX-License-Identifier: GPL-2.0-or-later
#include "scanner-qube/release/io/write_release.hpp"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>

#include "base/io/forked.hpp"
#include "base/io/pass_fd.hpp"
#include "base/wire/escape.hpp"
#include "scanner-qube/release/io/write_volume.hpp"
#include "scanner-qube/release/proven_source.hpp"

namespace scannerqube::release {
namespace {

using base::io::Fd;

constexpr std::size_t max_said = 4096;
constexpr std::chrono::milliseconds between_steps{200};
constexpr std::string_view done_word = "done ";
constexpr std::string_view failed_word = "failed ";
constexpr std::string_view proving_word = "proving ";
constexpr std::string_view writing_word = "writing ";

// The child's side: write(2) alone, which a sandbox always leaves.
class Told {
 public:
  explicit Told(const Fd& to) : to_(to) {}
  void say(const std::string& text) const {
    [[maybe_unused]] const ssize_t ignored =
        ::write(to_.get(), text.data(), std::min(text.size(), max_said));
  }
  void step(std::string_view word, std::uint64_t done, std::uint64_t total) {
    const auto now = std::chrono::steady_clock::now();
    if (now - last_ < between_steps) return;
    last_ = now;
    say(std::string(word) + std::to_string(done) + ' ' + std::to_string(total));
  }

 private:
  const Fd& to_;
  std::chrono::steady_clock::time_point last_;
};

base::Result<Released> write_all_of(const volume::Source& medium, const Fd& out,
                                    const ReleaseJob& job, Told& told) {
  ListParser parser(medium.size());
  const auto pushed = parser.push(base::wire::as_bytes(job.list));
  const std::size_t read = parser.files();
  auto list = parser.finish();
  if (!pushed || !list) {
    return base::fail("read the release list, behind file " + std::to_string(read) + ": " +
                      std::string(describe(pushed ? list.error() : pushed.error())) +
                      "; nothing is released");
  }
  VolumeOptions options = job.options;
  if (job.note) options.note = job.note(list->size());
  const auto made = Volume::make(*std::move(list), std::move(options));
  if (!made) return base::Unexpected{made.error()};
  auto written = write_volume(*made, medium, out, [&told](std::uint64_t done, std::uint64_t total) {
    told.step(writing_word, done, total);
  });
  if (!written) return base::Unexpected{written.error()};
  return Released{.exfat = made->kind() == volume::FileSystem::exfat,
                  .bytes = made->size(),
                  .files = made->list().size()};
}

base::Result<Released> write_confined(const volume::ForkableSource& medium, const Fd& out,
                                      const ReleaseJob& job, Told& told) {
  if (auto confined = confine_writer(medium, out); !confined) {
    return base::Unexpected{confined.error()};
  }
  if (!job.root) return write_all_of(medium, out, job, told);
  const auto proven = ProvenSource::prove(
      medium, *job.root,
      [&told](std::uint64_t done, std::uint64_t total) { told.step(proving_word, done, total); });
  if (!proven) return base::Unexpected{proven.error()};
  return write_all_of(**proven, out, job, told);
}

[[noreturn]] void run_writer(const volume::ForkableSource& medium, const ReleaseTarget& target,
                             const ReleaseJob& job, const Fd& to) {
  std::vector<int> keep = medium.fds();
  keep.push_back(target.fd().get());
  keep.push_back(to.get());
  base::io::close_all_but(std::move(keep));
  base::io::ignore_sigpipe();
  Told told(to);
  const auto released = write_confined(medium, target.fd(), job, told);
  told.say(released ? format_released(*released)
                    : std::string(failed_word) + released.error().text);
  ::_exit(released ? 0 : 1);
}

template <class T>
bool take_count(std::string_view& text, T& into) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), into);
  if (error != std::errc{}) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return true;
}

void take_step(std::string_view word, const OnReleaseStep& on_step) {
  const bool proving = word.starts_with(proving_word);
  if (!on_step || (!proving && !word.starts_with(writing_word))) return;
  word.remove_prefix(proving ? proving_word.size() : writing_word.size());
  std::uint64_t done = 0;
  std::uint64_t total = 0;
  if (!take_count(word, done) || !word.starts_with(' ')) return;
  word.remove_prefix(1);
  if (!take_count(word, total) || !word.empty() || done > total) return;
  on_step(proving ? ReleaseStep::proving : ReleaseStep::writing, done, total);
}

// Its last word; empty: it had none.
std::string hear_writer(const Fd& from, const OnReleaseStep& on_step) {
  for (;;) {
    const auto message = base::io::receive_message(from, max_said);
    if (!message || message->data.empty()) return {};
    const std::string word(base::wire::as_text(message->data));
    if (word.starts_with(done_word) || word.starts_with(failed_word)) return word;
    take_step(word, on_step);
  }
}

}  // namespace

std::string format_released(const Released& released) {
  return std::string(done_word) + (released.exfat ? "exfat " : "fat32 ") +
         std::to_string(released.bytes) + ' ' + std::to_string(released.files);
}

std::optional<Released> parse_released(std::string_view untrusted) {
  std::string_view rest = untrusted;
  if (!rest.starts_with(done_word)) return std::nullopt;
  rest.remove_prefix(done_word.size());
  Released released;
  released.exfat = rest.starts_with("exfat ");
  rest.remove_prefix(std::min<std::size_t>(rest.size(), 6));
  if (!take_count(rest, released.bytes) || !rest.starts_with(' ')) return std::nullopt;
  rest.remove_prefix(1);
  if (!take_count(rest, released.files) || format_released(released) != untrusted) {
    return std::nullopt;
  }
  return released;
}

base::Result<Released> write_release(const volume::ForkableSource& medium,
                                     const ReleaseTarget& target, const ReleaseJob& job,
                                     const OnReleaseStep& on_step) {
  auto ends = base::io::message_pair();
  if (!ends) return base::Unexpected{ends.error()};
  const Fd ours = std::move(ends->first);
  const pid_t parent = ::getpid();
  const pid_t child = ::fork();
  if (child < 0) return base::io::fail_errno("fork");
  if (child == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(1);
    run_writer(medium, target, job, ends->second);
  }
  ends->second.reset();
  const std::string word = hear_writer(ours, on_step);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
  if (word.starts_with(failed_word)) {
    return base::fail(base::wire::escape(word.substr(failed_word.size()), max_said));
  }
  const auto released = parse_released(word);
  const bool well = WIFEXITED(status) && WEXITSTATUS(status) == 0;
  if (released && well) return *released;
  return base::fail(
      "write the release: its process ended before it was done" +
      (WIFSIGNALED(status) ? ", by signal " + std::to_string(WTERMSIG(status)) : std::string()));
}

}  // namespace scannerqube::release
