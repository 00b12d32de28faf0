// SPDX-License-Identifier: GPL-2.0-or-later
#include "scanner-qube/engine/io/clamav_engine.hpp"

#include <clamav.h>

#include <chrono>

#include "base/wire/escape.hpp"
#include "scanner-qube/engine/detection.hpp"
#include "scanner-qube/engine/lures.hpp"
#include "scanner-qube/engine/member_budget.hpp"
#include "scanner-qube/engine/opaque.hpp"

namespace scannerqube::io {
namespace {

using Clock = std::chrono::steady_clock;

// Shorter ones are not matched with anything (libclamav 1.4, scanners.c, cli_magic_scan).
constexpr std::size_t shortest = 6;

// What the callbacks of one scan share.
struct Scan {
  FileResult& result;
  MemberBudget budget;
  std::string member;
  bool stopped = false;
};

std::string shown(std::string_view untrusted) {
  return base::wire::escape(untrusted, max_finding_text / 2);
}

void take_detection(Scan& scan, std::string_view name) {
  switch (meaning_of(name)) {
    case Meaning::signature:
      scan.result.add_finding(Finding::Kind::signature, shown(name), scan.member);
      break;
    case Meaning::suspicion:
      scan.result.add_finding(Finding::Kind::suspicion, shown(name), scan.member);
      break;
    case Meaning::not_examined:
      scan.result.add_not_examined(shown(name) + (scan.member.empty() ? "" : " in " + scan.member));
      break;
    case Meaning::ours:
      break;
  }
}

void on_found(int /*fd*/, const char* name, void* context) {
  auto& scan = *static_cast<Scan*>(context);
  if (name == nullptr) {
    scan.result.add_not_examined("the engine stopped without saying why");
  } else {
    take_detection(scan, name);
  }
}

// NOLINTNEXTLINE(readability-function-size): libclamav's own shape
cl_error_t on_member(const char* /*container*/, unsigned long /*size*/, const char* name,
                     unsigned long untrusted_size, int is_encrypted, unsigned /*position*/,
                     void* context) {
  auto& scan = *static_cast<Scan*>(context);
  scan.member = name == nullptr ? "" : shown(name);
  if (is_encrypted != 0) scan.result.add_not_examined("encrypted: " + scan.member);
  const auto why = scan.budget.add(untrusted_size);
  if (!why) return CL_CLEAN;
  scan.result.add_not_examined(*why);
  scan.stopped = true;
  return CL_VIRUS;
}

cl_error_t on_layer(int /*fd*/, const char* type, void* context) {
  auto& scan = *static_cast<Scan*>(context);
  const std::string_view why = type == nullptr ? std::string_view() : cannot_open(type);
  if (!why.empty()) scan.result.add_not_examined(why);
  return CL_CLEAN;
}

// Every layer, before it is scanned. libclamav's buffer is the whole of it.
// NOLINTNEXTLINE(readability-function-size): libclamav's own shape
cl_error_t on_content(int /*fd*/, const char* type, const char** /*ancestors*/,
                      size_t /*parent_size*/, const char* name, size_t untrusted_size,
                      const char* untrusted, uint32_t /*depth*/, uint32_t /*attributes*/,
                      void* context) {
  auto& scan = *static_cast<Scan*>(context);
  if (untrusted == nullptr) {
    if (untrusted_size > 0) scan.result.add_not_examined("a layer that the engine does not show");
    return CL_CLEAN;
  }
  const auto layer = base::wire::as_bytes(std::string_view(untrusted, untrusted_size));
  for (const std::string& why : not_opened(layer)) scan.result.add_not_examined(why);
  const std::string_view said_type = type == nullptr ? std::string_view() : type;
  const std::string said_name = name == nullptr ? std::string() : shown(name);
  for (const std::string& lure : lures_in(said_type, said_name, layer)) {
    scan.result.add_finding(Finding::Kind::suspicion, lure, scan.member);
  }
  return CL_CLEAN;
}

// Rules of YARA that it cannot read or does not support it leaves out, with nothing but a message,
// for which the library has one receiver a process: loading points this at where the first of them
// goes, and nothing else does.
thread_local std::string* lost_rule = nullptr;

class Receiver {
 public:
  explicit Receiver(std::string& into) { lost_rule = &into; }
  ~Receiver() { lost_rule = nullptr; }
  Receiver(const Receiver&) = delete;
  Receiver& operator=(const Receiver&) = delete;
};

// What the library would print of a stranger's file is not for a terminal or a log.
void on_message(cl_msg severity, const char* /*full*/, const char* text, void* /*scan*/) {
  if (lost_rule == nullptr || text == nullptr || severity < CL_MSG_WARN) return;
  const std::string_view said = text;
  const bool of_yara = said.find("yara") != std::string_view::npos ||
                       said.find("YARA") != std::string_view::npos || said.starts_with("yyerror");
  if (of_yara && lost_rule->empty()) *lost_rule = shown(said.substr(0, said.find('\n')));
}

cl_scan_options scan_options() {
  cl_scan_options options{};
  options.general = CL_SCAN_GENERAL_ALLMATCHES | CL_SCAN_GENERAL_HEURISTICS;
  options.parse = ~0U;
  options.heuristic = CL_SCAN_HEURISTIC_BROKEN | CL_SCAN_HEURISTIC_EXCEEDS_MAX |
                      CL_SCAN_HEURISTIC_PHISHING_SSL_MISMATCH | CL_SCAN_HEURISTIC_PHISHING_CLOAK |
                      CL_SCAN_HEURISTIC_MACROS | CL_SCAN_HEURISTIC_ENCRYPTED_ARCHIVE |
                      CL_SCAN_HEURISTIC_ENCRYPTED_DOC | CL_SCAN_HEURISTIC_PARTITION_INTXN |
                      CL_SCAN_HEURISTIC_BROKEN_MEDIA;
  return options;
}

// libclamav looks for patterns without wildcards with a second matcher of its own, which pays off
// where there are thousands. With fewer one matcher for all of them takes half the time; what is
// found is the same. Measured: the limit is at about 2,500 patterns (docs/benchmarks.md, scan).
constexpr std::uintmax_t few_signatures = std::uintmax_t{64} << 10U;  // bytes of text

// More than few where that cannot be seen: archives, and what cannot be read.
std::uintmax_t signature_bytes(const std::filesystem::path& file) {
  const std::string kind = file.extension().string();
  std::error_code error;
  const auto size = std::filesystem::file_size(file, error);
  return error || kind == ".cvd" || kind == ".cld" || kind == ".cud" ? few_signatures + 1 : size;
}

bool are_few(const std::vector<std::filesystem::path>& databases) {
  std::uintmax_t all = 0;
  std::error_code error;
  for (const auto& path : databases) {
    std::filesystem::directory_iterator folder(path, error);
    if (error) all += signature_bytes(path);
    for (; !error && folder != std::filesystem::directory_iterator(); folder.increment(error)) {
      all += signature_bytes(folder->path());
      if (all > few_signatures) return false;
    }
  }
  return all <= few_signatures;
}

struct Setting {
  cl_engine_field field;
  long long value;
};

// Every limit there is, so that none is what a version of the library takes it for.
std::vector<Setting> limits_of(const Limits& limits) {
  constexpr long long mebibyte = 1LL << 20U;
  const auto file_bytes = static_cast<long long>(limits.file_bytes);
  return {
      {CL_ENGINE_MAX_FILESIZE, file_bytes},
      {CL_ENGINE_MAX_SCANSIZE, static_cast<long long>(limits.scan_bytes)},
      {CL_ENGINE_MAX_RECURSION, static_cast<long long>(limits.recursion)},
      {CL_ENGINE_MAX_FILES, static_cast<long long>(limits.members)},
      {CL_ENGINE_MAX_SCANTIME, static_cast<long long>(limits.time.count())},
      // Beyond these two a file is scanned with fewer signatures, and nothing says so.
      {CL_ENGINE_PCRE_MAX_FILESIZE, file_bytes},
      {CL_ENGINE_MAX_EMBEDDEDPE, file_bytes},
      {CL_ENGINE_PCRE_MATCH_LIMIT, 100'000},
      {CL_ENGINE_PCRE_RECMATCH_LIMIT, 2000},
      // What is longer is scanned as it is, not as a browser would read it.
      {CL_ENGINE_MAX_HTMLNORMALIZE, 40 * mebibyte},
      {CL_ENGINE_MAX_HTMLNOTAGS, 8 * mebibyte},
      {CL_ENGINE_MAX_SCRIPTNORMALIZE, 20 * mebibyte},
      {CL_ENGINE_MAX_ZIPTYPERCG, mebibyte},
      {CL_ENGINE_MAX_PARTITIONS, 50},
      {CL_ENGINE_MAX_ICONSPE, 100},
      {CL_ENGINE_MAX_RECHWP3, 16},
      {CL_ENGINE_BYTECODE_SECURITY, CL_BYTECODE_TRUST_SIGNED},
      {CL_ENGINE_BYTECODE_TIMEOUT, 10'000},  // ms
      {CL_ENGINE_BYTECODE_MODE, CL_BYTECODE_MODE_AUTO},
      // Its cache of clean files is keyed by MD5, of which anybody makes twins.
      {CL_ENGINE_DISABLE_CACHE, 1},
  };
}

std::string settings_text(const Limits& limits) {
  const cl_scan_options options = scan_options();
  std::string text;
  for (const Setting& each : limits_of(limits)) text += std::to_string(each.value) + " ";
  for (const std::uint32_t bits : {options.general, options.parse, options.heuristic}) {
    text += std::to_string(bits) + " ";
  }
  return text;
}

std::string_view error_text(cl_error_t error) { return cl_strerror(error); }

}  // namespace

void ClamavEngine::Free::operator()(cl_engine* engine) const { cl_engine_free(engine); }

ClamavEngine::ClamavEngine(Engine engine, const Limits& limits, std::uint32_t signatures)
    : engine_(std::move(engine)), limits_(limits), signatures_(signatures) {}

base::Status ClamavEngine::configure(cl_engine& engine, const ClamavOptions& options) {
  const Limits& limits = options.limits;
  if (limits.file_bytes > Limits::largest_file || limits.scan_bytes > limits.file_bytes) {
    return base::fail("scan limits: file bytes at most " + std::to_string(Limits::largest_file) +
                      ", scan bytes at most file bytes");
  }
  std::vector<Setting> numbers = limits_of(limits);
  numbers.push_back({CL_ENGINE_AC_ONLY, are_few(options.databases) ? 1 : 0});
  for (const auto& [field, value] : numbers) {
    if (const auto set = cl_engine_set_num(&engine, field, value); set != CL_SUCCESS) {
      return base::fail("libclamav: set a limit: " + std::string(error_text(set)));
    }
  }
  const auto set = cl_engine_set_str(&engine, CL_ENGINE_TMPDIR, options.temporary.c_str());
  if (set != CL_SUCCESS) {
    return base::fail("libclamav: temporary folder: " + std::string(error_text(set)));
  }
  cl_engine_set_clcb_virus_found(&engine, on_found);
  cl_engine_set_clcb_meta(&engine, on_member);
  cl_engine_set_clcb_pre_scan(&engine, on_layer);
  cl_engine_set_clcb_file_inspection(&engine, on_content);
  return base::Ok{};
}

base::Result<std::unique_ptr<ClamavEngine>> ClamavEngine::load(const ClamavOptions& options) {
  cl_set_clcb_msg(on_message);
  if (const auto ready = cl_init(CL_INIT_DEFAULT); ready != CL_SUCCESS) {
    return base::fail("libclamav: " + std::string(error_text(ready)));
  }
  Engine engine(cl_engine_new());
  if (!engine) return base::fail("libclamav: no memory for an engine");
  if (auto set = configure(*engine, options); !set) return base::Unexpected{set.error()};
  unsigned int signatures = 0;
  std::string lost;
  const Receiver receiver(lost);
  for (const auto& database : options.databases) {
    const auto loaded = cl_load(database.c_str(), engine.get(), &signatures, CL_DB_STDOPT);
    if (loaded != CL_SUCCESS) {
      return base::fail("signatures " + database.string() + ": " + std::string(error_text(loaded)));
    }
  }
  if (!lost.empty()) return base::fail("signatures: not all rules can be read: " + lost);
  // An engine that knows nothing would call everything clean.
  if (signatures == 0) return base::fail("signatures: there are none in what was given");
  if (const auto compiled = cl_engine_compile(engine.get()); compiled != CL_SUCCESS) {
    return base::fail("signatures: " + std::string(error_text(compiled)));
  }
  return std::unique_ptr<ClamavEngine>(  // NOLINT: the constructor is private
      new ClamavEngine(std::move(engine), options.limits, signatures));
}

std::uint32_t ClamavEngine::level() { return cl_retflevel(); }

EngineInfo ClamavEngine::info() const {
  return {.name = "ClamAV " + std::string(cl_retver()),
          .signatures = signatures_,
          .settings = settings_text(limits_)};
}

void ClamavEngine::use_folder(const std::string& folder) {
  // Fails only without memory; then the engine keeps a folder that a worker may not enter, and each
  // file that has to be unpacked is one that was not examined.
  static_cast<void>(cl_engine_set_str(engine_.get(), CL_ENGINE_TMPDIR, folder.c_str()));
}

void ClamavEngine::look(base::wire::Bytes untrusted, const std::string& name, FileResult& result) {
  if (untrusted.size() > limits_.file_bytes) {
    return result.add_not_examined("larger than " + std::to_string(limits_.file_bytes) + " bytes");
  }
  if (untrusted.size() < shortest) return;
  cl_fmap_t* const map = cl_fmap_open_memory(untrusted.data(), untrusted.size());
  if (map == nullptr) return result.add_not_examined("no memory to look at it");
  Scan scan{.result = result, .budget = MemberBudget(limits_), .member = {}};
  cl_scan_options options = scan_options();
  const char* found = nullptr;
  unsigned long scanned = 0;
  const auto start = Clock::now();
  const auto outcome =
      cl_scanmap_callback(map, name.c_str(), &found, &scanned, engine_.get(), &options, &scan);
  cl_fmap_close(map);
  result.members = scan.budget.members();
  // It calls a file clean that it had no time for.
  if (Clock::now() - start >= limits_.time) {
    result.add_not_examined("not done within " + std::to_string(limits_.time.count()) + " ms");
  }
  if (outcome == CL_VIRUS) {
    // Each was told to on_found; one that was not has to be in the result all the same.
    if (found != nullptr) {
      take_detection(scan, found);
    } else if (!scan.stopped && result.verdict() == Verdict::clean) {
      result.add_not_examined("the engine stopped without saying why");
    }
  } else if (outcome != CL_CLEAN) {
    result.add_not_examined("the engine failed: " + shown(error_text(outcome)));
  }
}

FileResult ClamavEngine::scan(base::wire::Bytes untrusted, const std::string& name) {
  FileResult result;
  result.size = untrusted.size();
  look(untrusted, name, result);
  return result;
}

}  // namespace scannerqube::io
