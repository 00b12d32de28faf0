// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/audit/io/log_files.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "base/audit/head_file.hpp"
#include "base/io/fd.hpp"
#include "base/io/files.hpp"

namespace base::audit {

namespace fs = std::filesystem;

base::Result<std::uint64_t> each_line(const fs::path& file,
                                      const std::function<bool(std::string_view)>& take,
                                      std::uint64_t from) {
  const base::io::Fd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return base::io::fail_errno("open " + file.string());
  if (::lseek(fd.get(), static_cast<off_t>(from), SEEK_SET) < 0) {
    return base::io::fail_errno("seek in " + file.string());
  }
  std::vector<char> buffer(std::size_t{64} * 1024);
  std::string pending;
  for (std::uint64_t line = 1;;) {
    const ssize_t size = ::read(fd.get(), buffer.data(), buffer.size());
    if (size < 0) return base::io::fail_errno("read " + file.string());
    if (size == 0) return pending.size();
    std::string_view rest(buffer.data(), static_cast<std::size_t>(size));
    for (;;) {
      const std::size_t end = rest.find('\n');
      pending.append(rest.substr(0, end));
      if (pending.size() > max_line) {
        return base::fail(file.string() + ":" + std::to_string(line) + ": longer than " +
                          std::to_string(max_line) + " bytes; this is no audit log");
      }
      if (end == std::string_view::npos) break;
      if (!take(pending)) return std::uint64_t{0};
      pending.clear();
      rest.remove_prefix(end + 1);
      ++line;
    }
  }
}

base::Result<LogState> read_log(const fs::path& file, const std::optional<Head>& known) {
  LogCheck check(LogCheck::Begin::anywhere, known);
  LogState state;
  const auto left = each_line(file, [&](std::string_view line) {
    check.line(line);
    state.whole += line.size() + 1;
    return true;
  });
  if (!left) {
    state.problem = left.error().text;
    return state;
  }
  // An empty file was just begun, or its first record was not finished.
  if (state.whole > 0) check.end();
  state.torn = *left;
  state.head = state.whole > 0 ? check.head() : known.value_or(Head{});
  state.problem = check.problem();
  return state;
}

std::vector<fs::path> log_files(const fs::path& current) {
  const std::string stem = current.stem().string() + "-";
  std::vector<fs::path> files;
  std::error_code error;
  for (fs::directory_iterator each(current.parent_path(), error), end; !error && each != end;
       each.increment(error)) {
    const std::string name = each->path().filename().string();
    if (name.starts_with(stem) && each->path().extension() == ".log") files.push_back(each->path());
  }
  std::sort(files.begin(), files.end());
  if (fs::exists(current, error)) files.push_back(current);
  return files;
}

std::optional<Head> known_head(const fs::path& current) {
  const auto text =
      base::io::read_file(fs::path(current).replace_extension("head"), head_file_size);
  return text ? parse_head(*text) : std::nullopt;
}

}  // namespace base::audit
