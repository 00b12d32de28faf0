// SPDX-License-Identifier: GPL-2.0-or-later
// What goes between the scanner's controller and a worker: some files in a message, their bytes as
// a descriptor beside it; back come their results in the same order, one or more in a message.
#pragma once

#include <string>

#include "base/wire/result.hpp"
#include "base/wire/strong.hpp"
#include "base/wire/writer.hpp"
#include "scanner-qube/engine/file_result.hpp"

namespace scannerqube {

using JobId = base::Strong<struct JobIdTag, std::uint64_t>;

inline constexpr std::size_t max_job_name = 255;
inline constexpr std::size_t max_batch_jobs = 64;
inline constexpr std::size_t max_jobs_message = 2 + max_batch_jobs * (24 + 2 + max_job_name);
inline constexpr std::size_t max_result =
    32 + max_findings * (5 + 2 * max_finding_text) + max_not_examined * (2 + max_finding_text);
// A worker that has so much to tell tells it, before it goes on.
inline constexpr std::size_t results_to_tell = std::size_t{16} * 1024;
inline constexpr std::size_t max_results_message = results_to_tell + max_result;

// Files lie one behind another in what comes with the request. u16 count; of each u64 id, u64
// offset, u64 size, u16 length, name; little-endian, as all of ours.
struct Job {
  JobId id = {};
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
  std::string name = {};
};
void encode_jobs(const std::vector<Job>& jobs, std::vector<std::byte>& out);
base::Result<std::vector<Job>> parse_jobs(base::wire::Bytes message);

// file.sha256 is not told: who gave the bytes knows it, and need not believe a worker.
struct JobResult {
  JobId id;
  FileResult file;
};
void encode_result(const JobResult& result, std::vector<std::byte>& out);
// One or more. The worker has read a stranger's file: what it says is checked like a stranger's.
base::Result<std::vector<JobResult>> parse_results(base::wire::Bytes untrusted);

}  // namespace scannerqube
