// SPDX-License-Identifier: GPL-2.0-or-later
#include "scanner-qube/engine/scan_job.hpp"

#include <algorithm>

namespace scannerqube {
namespace {

using base::wire::Bytes;
using base::wire::Reader;
using base::wire::Writer;

void put_text(std::vector<std::byte>& out, std::string_view text) {
  Writer(out).u16(static_cast<std::uint16_t>(text.size())).text(text);
}

// Printable ASCII, as escape() makes it: it goes into reports and onto terminals.
bool take_text(Reader& in, std::string& text) {
  const std::size_t size = in.u16();
  if (size > max_finding_text) return false;
  text = base::wire::as_text(in.take(size));
  return in.ok() && std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~'; });
}

}  // namespace

void encode_jobs(const std::vector<Job>& jobs, std::vector<std::byte>& out) {
  Writer(out).u16(static_cast<std::uint16_t>(jobs.size()));
  for (const Job& job : jobs) {
    Writer(out).u64(job.id.value).u64(job.offset).u64(job.size);
    put_text(out, std::string_view(job.name).substr(0, max_job_name));
  }
}

base::Result<std::vector<Job>> parse_jobs(Bytes message) {
  Reader in(message);
  const std::size_t count = in.u16();
  std::vector<Job> jobs;
  while (in.ok() && jobs.size() < std::min(count, max_batch_jobs)) {
    Job job{.id = JobId{in.u64()}};
    job.offset = in.u64();
    job.size = in.u64();
    const std::size_t size = in.u16();
    job.name = base::wire::as_text(in.take(size));
    if (size > max_job_name) return base::fail("scan jobs: a name is too long");
    jobs.push_back(std::move(job));
  }
  if (!in.done() || jobs.empty() || jobs.size() != count) {
    return base::fail("scan jobs: the lengths do not add up");
  }
  return jobs;
}

void encode_result(const JobResult& result, std::vector<std::byte>& out) {
  const FileResult& file = result.file;
  Writer(out)
      .u64(result.id.value)
      .u64(file.size)
      .u32(file.members)
      .u16(static_cast<std::uint16_t>(file.findings.size()))
      .u16(static_cast<std::uint16_t>(file.not_examined.size()));
  for (const Finding& finding : file.findings) {
    Writer(out).u8(static_cast<std::uint8_t>(finding.kind));
    put_text(out, finding.name);
    put_text(out, finding.where);
  }
  for (const std::string& why : file.not_examined) put_text(out, why);
}

namespace {

base::Result<JobResult> take_result(Reader& in) {
  JobResult result;
  result.id = JobId{in.u64()};
  result.file.size = in.u64();
  result.file.members = in.u32();
  const std::size_t findings = in.u16();
  const std::size_t reasons = in.u16();
  if (!in.ok() || findings > max_findings || reasons > max_not_examined) {
    return base::fail("scan result: too short, or more in it than there can be");
  }
  for (std::size_t i = 0; i < findings; ++i) {
    Finding finding;
    const std::uint8_t kind = in.u8();
    if (kind > static_cast<std::uint8_t>(Finding::Kind::suspicion) ||
        !take_text(in, finding.name) || !take_text(in, finding.where) || finding.name.empty()) {
      return base::fail("scan result: a finding that cannot be");
    }
    finding.kind = Finding::Kind{kind};
    result.file.findings.push_back(std::move(finding));
  }
  for (std::size_t i = 0; i < reasons; ++i) {
    std::string why;
    if (!take_text(in, why) || why.empty())
      return base::fail("scan result: a reason that cannot be");
    result.file.not_examined.push_back(std::move(why));
  }
  return result;
}

}  // namespace

base::Result<std::vector<JobResult>> parse_results(Bytes untrusted) {
  Reader in(untrusted);
  std::vector<JobResult> results;
  do {
    auto result = take_result(in);
    if (!result) return base::Unexpected{result.error()};
    if (results.size() == max_batch_jobs) return base::fail("scan results: too many");
    results.push_back(std::move(*result));
  } while (!in.done());
  return results;
}

}  // namespace scannerqube
