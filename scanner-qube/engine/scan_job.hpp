// SPDX-License-Identifier: GPL-2.0-or-later
// What goes between the scanner's controller and a worker: one message each way for a file. The
// file's bytes travel as a descriptor beside the request.
#pragma once

#include <string>

#include "base/wire/result.hpp"
#include "base/wire/strong.hpp"
#include "base/wire/writer.hpp"
#include "scanner-qube/engine/file_result.hpp"

namespace scannerqube {

using JobId = base::Strong<struct JobIdTag, std::uint64_t>;

inline constexpr std::size_t max_job_name = 255;
inline constexpr std::size_t max_job_message = 16 + 2 + max_job_name;
inline constexpr std::size_t max_result_message =
    64 + max_findings * (5 + 2 * max_finding_text) + max_not_examined * (2 + max_finding_text);

// u64 id, u64 size, u16 length, name; little-endian, as all of ours.
struct Job {
  JobId id;
  std::uint64_t size = 0;
  std::string name;
};
void encode_job(const Job& job, std::vector<std::byte>& out);
base::Result<Job> parse_job(base::wire::Bytes message);

struct JobResult {
  JobId id;
  FileResult file;
};
void encode_result(const JobResult& result, std::vector<std::byte>& out);
// The worker has read a stranger's file: what it says is checked like a stranger's.
base::Result<JobResult> parse_result(base::wire::Bytes untrusted);

}  // namespace scannerqube
