// SPDX-License-Identifier: GPL-2.0-or-later
// What is asked of a scanner machine.
#include "scanner-qube/host/machine_request.hpp"

#include <gtest/gtest.h>

namespace scannerqube {
namespace {

const std::string digest = std::string(62, '0') + "ab";

std::string request_of(const std::string& size, const std::string& largest,
                       const std::string& deleted, const std::string& database,
                       const std::string& sha256, const std::string& known = "no",
                       const std::string& passphrase = "no") {
  return "scan size=" + size + " largest=" + largest + " deleted=" + deleted +
         " database=" + database + " sha256=" + sha256 + " known=" + known +
         " passphrase=" + passphrase;
}

TEST(MachineRequest, IsReadAsItIsWritten) {
  for (const std::string& text :
       {request_of("0", "0", "no", "7", digest),
        request_of("18446744073709551615", "18446744073709551615", "yes", std::string(24, '9'),
                   std::string(64, 'f'), "yes", "yes")}) {
    const auto request = parse_machine_request(text);
    ASSERT_TRUE(request) << text;
    EXPECT_EQ(format_request(*request), text);
    EXPECT_LE(text.size(), max_machine_request) << "the longest fits";
  }
  const auto request =
      parse_machine_request(request_of("1024", "5", "yes", "20261128", digest, "yes"));
  ASSERT_TRUE(request);
  EXPECT_EQ(request->size, 1024U);
  EXPECT_EQ(request->largest_file, 5U);
  EXPECT_EQ(request->deleted, ScanOrder::Deleted::include);
  EXPECT_EQ(request->database, "20261128");
  EXPECT_EQ(request->database_sha256.back(), std::byte{0xab});
  EXPECT_TRUE(request->known);
  EXPECT_FALSE(request->passphrase);
}

TEST(MachineRequest, NothingShorterOrLongerIsOne) {
  const std::string whole = request_of("1024", "512", "no", "7", digest);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(parse_machine_request(whole.substr(0, size))) << whole.substr(0, size);
  }
  for (const char* more : {" ", "  ", "\n", "0", " more=yes"}) {
    EXPECT_FALSE(parse_machine_request(whole + more)) << "'" << more << "'";
  }
  EXPECT_FALSE(parse_machine_request(whole + std::string(1, '\0')));
  EXPECT_FALSE(parse_machine_request(std::string(max_machine_request + 1, 'a')));
}

TEST(MachineRequest, AnythingElseIsRefused) {
  for (const std::string& text :
       {request_of("", "0", "no", "7", digest),
        request_of("-1", "0", "no", "7", digest),
        request_of("+1", "0", "no", "7", digest),
        request_of("0x1", "0", "no", "7", digest),
        request_of("01", "0", "no", "7", digest),
        request_of("18446744073709551616", "0", "no", "7", digest),
        request_of("1", "", "no", "7", digest),
        request_of("1", "0", "", "7", digest),
        request_of("1", "0", "maybe", "7", digest),
        request_of("1", "0", "no", "", digest),
        request_of("1", "0", "no", "..", digest),
        request_of("1", "0", "no", "7/../8", digest),
        request_of("1", "0", "no", std::string(25, '1'), digest),
        request_of("1", "0", "no", "7", digest.substr(1)),
        request_of("1", "0", "no", "7", digest + "0"),
        request_of("1", "0", "no", "7", std::string(64, 'g')),
        request_of("1", "0", "no", "7", std::string(64, 'F')),
        request_of("1", "0", "no", "7", digest, ""),
        request_of("1", "0", "no", "7", digest, "maybe"),
        request_of("1", "0", "no", "7", digest, "no", ""),
        request_of("1", "0", "no", "7", digest, "no", "geheim"),
        "scan size=1 largest=0 deleted=no database=7 sha256=" + digest + " known=no",
        "scan largest=0 size=1 deleted=no database=7 sha256=" + digest + " known=no passphrase=no",
        "scan size=1 size=1 largest=0 deleted=no database=7 sha256=" + digest +
            " known=no passphrase=no",
        "Scan size=1 largest=0 deleted=no database=7 sha256=" + digest + " known=no passphrase=no",
        "scan  size=1 largest=0 deleted=no database=7 sha256=" + digest +
            " known=no passphrase=no"}) {
    EXPECT_FALSE(parse_machine_request(text)) << text;
  }
}

}  // namespace
}  // namespace scannerqube
