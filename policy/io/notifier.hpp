// SPDX-License-Identifier: GPL-2.0-or-later
// Tells the prompt agent what became of calls (policy.Notify). Nobody waits for it, and nobody
// misses it: what matters is in the audit log.
#pragma once

#include <boost/asio/io_context.hpp>
#include <filesystem>
#include <memory>

#include "policy/io/question.hpp"

namespace policy::io {

class Notifier {
 public:
  // More at once are dropped: people do not read them either.
  static constexpr std::size_t max_sending = 8;

  Notifier(boost::asio::io_context& context, std::filesystem::path prompt_socket)
      : context_(context), prompt_socket_(std::move(prompt_socket)) {}

  void tell(const Notice& notice);

 private:
  class Sending;

  boost::asio::io_context& context_;
  std::filesystem::path prompt_socket_;
  std::shared_ptr<std::size_t> sending_ = std::make_shared<std::size_t>(0);
};

}  // namespace policy::io
